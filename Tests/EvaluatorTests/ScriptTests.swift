import Foundation
import PromQLTest
import Testing

/// Runs the scripts beside this file, and Prometheus' own where they are at hand.
@Suite struct ScriptTests {
  @Test func `every evaluation of our own scripts passes`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scripts")
    let report = try Self.run(folder)
    #expect(report.files.count >= 24)
    #expect(report.passed >= 400)
    Self.expectAllPassed(report)
  }

  @Test func `every evaluation of Prometheus' own scripts passes`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared = ProcessInfo.processInfo.environment["PROMGATE_SHARED"].map { URL(filePath: $0) }
      ?? root.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "promqltest")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      print("Prometheus' own scripts: skipped, there is no \(folder.lastPathComponent)")
      return
    }
    let report = try Self.run(folder)
    print("Prometheus' own scripts: \(report.summary)")
    Self.expectAllPassed(report)
  }

  private static func run(_ folder: URL) throws -> TestReport {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".test") }.sorted()
    let runner = ScriptRunner()
    return TestReport(
      files: try names.map { name in
        let bytes = try Data(contentsOf: folder.appending(path: name))
        return FileReport(path: name, script: Array(bytes), runner: runner)
      })
  }

  private static func expectAllPassed(_ report: TestReport) {
    #expect(report.failed == 0 && report.unreadable == 0, "\(TextReport().render(report))")
  }
}
