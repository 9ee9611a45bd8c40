import Logging
import Recording
import Scrape
import Synchronization
import TimeSeries

/// The recording of `serve --recording`: read at the start, then written with everything that is taken.
struct ServedRecording: Sendable {
  /// What it said about its metrics when it was opened.
  let families: [MetricFamily]
  private let recording: OpenRecording
  private let retention: Int64

  /// Throws when it cannot be read or written, or holds more than the store may.
  init(_ path: String, into store: Store, retention: Int64, _ log: Logger) throws(ToolFailure) {
    var replay = StoreReplay(into: store)
    var families: [String: MetricFamily] = [:]
    recording = try OpenRecording(path, log) { batch in
      for family in batch.families { families[family.name] = family }
      try replay.append(batch)
    }
    self.families = families.values.sorted { $0.name < $1.name }
    self.retention = retention
    store.keep(recording.writer.take)
  }

  /// Writes what the store took; when it returns, a crash loses none of it.
  @Sendable
  func commit() throws { try recording.commit() }

  func commitOrWarn() { recording.commitOrWarn() }

  /// Writes the last. Throws when not everything that was taken is in the file.
  func finish() throws(ToolFailure) { try recording.finish() }

  /// Notes what is said about metrics, and leaves out of the file what retention has dropped, until the
  /// task is cancelled.
  func run(families: @escaping @Sendable () -> [MetricFamily]) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(5))
      recording.writer.take(families: families())
      commitOrWarn()
      do {
        try recording.writer.rewriteIfWorthwhile(retention: retention)
      } catch {
        recording.warn("\(error)")
      }
    }
  }
}

/// The recording of `serve --data FILE --follow`, read as it grows.
final class FollowedRecording: Sendable {
  private let path: String
  private let store: Store
  private let log: Logger
  private let state: Mutex<State>

  private struct State {
    var reader: RecordReader
    var replay: StoreReplay
    var families: [String: MetricFamily] = [:]
    var isDamaged = false
  }

  private static let pause = Duration.milliseconds(250)

  init(_ path: String, into store: Store, _ log: Logger) throws(ToolFailure) {
    self.path = path
    self.log = log
    self.store = store
    do {
      state = Mutex(State(reader: try RecordReader(path: path), replay: StoreReplay(into: store)))
      try read()
    } catch {
      throw ToolFailure("\(error)")
    }
  }

  /// What it said about its metrics so far.
  var families: [MetricFamily] {
    state.withLock { $0.families.values.sorted { $0.name < $1.name } }
  }

  /// Reads what comes until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      do { try read() } catch {
        return log.error("\(path) is not followed any longer: \(error)")
      }
      try? await Task.sleep(for: Self.pause)
    }
  }

  private func read() throws {
    try state.withLock { state in
      // Its writer may have put a shorter file in its place; what is here already is not taken again.
      if state.reader.isReplaced, let again = try? RecordReader(path: path) {
        state.reader = again
        state.replay = StoreReplay(into: store)
      }
      while let batch = try state.reader.next() {
        for family in batch.families { state.families[family.name] = family }
        try state.replay.append(batch)
      }
      if case .damaged = state.reader.remainder, !state.isDamaged {
        state.isDamaged = true
        log.warning("\(path): \(state.reader.remainder.note(at: state.reader.offset) ?? "damaged")")
      }
    }
  }
}
