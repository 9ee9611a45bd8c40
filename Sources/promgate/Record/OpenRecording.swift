import Logging
import Recording
import Server
import TimeSeries

/// A recording that is being written, with its troubles told as the tool tells them.
struct OpenRecording: Sendable {
  let writer: RecordingWriter
  private let log: Logger
  private let pause = LogPause()

  /// Opens a file, a new one perhaps; what it held goes to `replay`. What was cut off is noted.
  init(_ path: String, _ log: Logger, replay: (RecordBatch) throws -> Void = { _ in }) throws(ToolFailure) {
    do {
      let opened = try RecordingWriter.open(path: path, replay: replay)
      writer = opened.writer
      self.log = log
      if let loss = opened.loss { log.warning("\(path): \(loss)") }
      if let range = opened.timeRange {
        let times = "\(ClockText.timestamp(range.lowerBound)) to \(ClockText.timestamp(range.upperBound))"
        log.info("\(path): goes on behind \(opened.samples) samples, \(times)")
      }
    } catch {
      throw ToolFailure("\(error)")
    }
  }

  /// Writes what was noted; when it returns, a kill loses none of it.
  @Sendable
  func commit() throws { try writer.commit() }

  /// Writes the last, and sees that all of it is on the disk. Throws when something could not be written,
  /// now or before.
  func finish() throws(ToolFailure) {
    do { try writer.finish() } catch { throw ToolFailure("\(error)") }
  }

  /// Commits where nobody waits for it.
  func commitOrWarn() {
    do { try writer.commit() } catch { warn("\(error)") }
  }

  /// Logs what is wrong with the file, now and then.
  func warn(_ problem: String) {
    guard let heldBack = pause.heldBack("") else { return }
    log.warning("\(problem)", metadata: heldBack > 0 ? ["not_logged": "\(heldBack)"] : [:])
  }
}
