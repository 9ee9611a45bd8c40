import Foundation

/// The built tool, run as a user would.
enum Tool {
  /// The folder that holds Package.swift.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The binary of this build: beside the test bundle.
  static let binary: URL = {
    let bundle = URL(filePath: CommandLine.arguments[0])
    let candidates = [
      bundle.deletingLastPathComponent().appending(path: "promgate"),
      root.appending(path: ".build/debug/promgate"), root.appending(path: ".build/release/promgate"),
    ]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path()) } ?? candidates[0]
  }()

  struct Run {
    /// Standard output and standard error, as a terminal would show them.
    var text: String
    var status: Int32
  }

  /// Runs a command line through a shell in the package's folder, with the binary on the path.
  static func run(shell line: String) throws -> Run {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", line + " 2>&1"]
    process.currentDirectoryURL = root
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = binary.deletingLastPathComponent().path() + ":" + (environment["PATH"] ?? "")
    environment["COLUMNS"] = "80"
    environment["NO_COLOR"] = "1"
    process.environment = environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Run(text: String(decoding: data, as: UTF8.self), status: process.terminationStatus)
  }
}
