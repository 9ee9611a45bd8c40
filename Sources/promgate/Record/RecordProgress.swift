import Glibc
import Recording
import TimeSeries

/// Shows how a recording grows: a line that is written over on a terminal, and what came of it at the end.
struct RecordProgress: Sendable {
  private let writer: RecordingWriter
  private let before: (samples: Int, bytes: Int)
  private let began = ContinuousClock.now
  private let isLive = isatty(STDERR_FILENO) == 1

  init(_ writer: RecordingWriter) {
    self.writer = writer
    before = writer.extent
  }

  /// Shows the progress while some work goes on; `note` is called about once a second.
  func run(
    note: @escaping @Sendable () -> Void, during work: @escaping @Sendable () async -> Void
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          try? await Task.sleep(for: .seconds(1))
          note()
          show()
        }
      }
      await work()
      group.cancelAll()
    }
    note()
  }

  /// Shows how far it is, with a word of the caller's.
  func show(_ word: String = "") {
    guard isLive else { return }
    let time = DurationText.text(milliseconds: (ContinuousClock.now - began).components.seconds * 1000)
    Output.remark("\r\u{1B}[K\(time)  \(word)\(amount)")
  }

  /// The last line.
  func finish() {
    if isLive { Output.remark("\r\u{1B}[K") }
    Output.note("recorded \(amount) in \(writer.path)")
  }

  private var amount: String {
    let now = writer.extent
    let (samples, bytes) = (now.samples - before.samples, max(0, now.bytes - before.bytes))
    let each = samples > 0 ? ", \(Self.tenths(Double(bytes) / Double(samples))) bytes a sample" : ""
    return "\(samples) samples (\(Self.size(bytes))\(each))"
  }

  private static func size(_ bytes: Int) -> String {
    switch bytes {
    case ..<10_000: "\(bytes) bytes"
    case ..<10_000_000: "\(bytes / 1000) kB"
    default: "\(tenths(Double(bytes) / 1e6)) MB"
    }
  }

  private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
