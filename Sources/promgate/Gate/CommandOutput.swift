import Glibc
import Logging

/// What a command writes, on its way to the log: a line an event, bounded.
struct CommandOutput {
  private(set) var writingEnd: Int32
  private var readingEnd: Int32
  private let log: Logger
  private var line: [UInt8] = []
  private var lines = 0
  private var isCut = false

  /// More lines, or more of a line, are dropped.
  private static let lineLimit = 100
  private static let sizeLimit = 4096

  init(_ log: Logger) throws(ToolFailure) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
      throw ToolFailure("cannot run the command of --on-weight: \(unsafe String(cString: strerror(errno)))")
    }
    readingEnd = ends[0]
    writingEnd = ends[1]
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(readingEnd, F_SETFL, O_NONBLOCK)
    self.log = log
  }

  /// The command has it now.
  mutating func closeWritingEnd() {
    close(writingEnd)
    writingEnd = -1
  }

  /// Takes what has come so far; never waits, and takes no more than a part of what comes without end.
  mutating func read() {
    var part = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<64 {
      let count = unsafe Glibc.read(readingEnd, &part, part.count)
      guard count > 0 else { return }
      for byte in part[..<count] { take(byte) }
    }
  }

  private mutating func take(_ byte: UInt8) {
    if byte == UInt8(ascii: "\n") { return tell() }
    if line.count < Self.sizeLimit { line.append(byte) }
  }

  private mutating func tell() {
    defer { line = [] }
    guard lines < Self.lineLimit else {
      if !isCut { log.warning("Output of --on-weight is too long; the rest is dropped") }
      isCut = true
      return
    }
    lines += 1
    log.info("Output of --on-weight", metadata: ["line": "\(String(decoding: line, as: UTF8.self))"])
  }

  /// Takes the last; who still writes is told that nobody reads.
  mutating func finish() {
    read()
    if !line.isEmpty { tell() }
    close(readingEnd)
    if writingEnd >= 0 { close(writingEnd) }
  }
}
