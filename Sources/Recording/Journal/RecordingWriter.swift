private import Glibc
public import Scrape
private import Synchronization
public import TimeSeries

/// Appends to a recording, a record at a time, so that a kill at any moment costs at most what `commit` had
/// not confirmed.
///
/// `take` only notes; `commit` writes. Several threads may do both: one of them writes for all that wait.
/// A process that is killed loses nothing that was committed; the system writes it to the disk about once a
/// second, which is what a power cut can cost.
public final class RecordingWriter: Sendable {
  public let path: String
  private let pending = Mutex(Pending())
  private let output: Mutex<Output>

  private struct Pending {
    var taken: [TakenSamples] = []
    var families: [MetricFamily] = []
  }

  private struct Output {
    var file: Int32
    var encoder: RecordEncoder
    /// The file's length, as far as it is good.
    var length: Int
    /// Frames that could not be written yet.
    var unwritten: [UInt8] = []
    /// Bytes of frames that were given up.
    var givenUp = 0
    var samples: Int
    var synced = ContinuousClock.now
    /// How long the file was when it was opened, or last rewritten.
    var settledLength: Int
    /// Milliseconds: the newest sample.
    var newest = Int64.min

    mutating func count(_ taken: TakenSamples) {
      switch taken {
      case .row(let entries, let time, _, _):
        samples += entries.count { $0.value != nil }
        newest = max(newest, time)
      case .pushed(let series):
        for series in series {
          samples += series.samples.count
          newest = max(newest, series.samples.last?.timestamp ?? .min)
        }
      }
    }
  }

  /// What there is to say about a file that was opened to go on with.
  public struct Opened: Sendable {
    public var writer: RecordingWriter
    /// Samples that it held.
    public var samples: Int
    /// Milliseconds; nil for none.
    public var timeRange: ClosedRange<Int64>?
    /// What was cut off at its end, in a sentence; nil for nothing.
    public var loss: String?
  }

  private static let largestUnwritten = 64 << 20
  private static let syncInterval = Duration.seconds(1)

  private init(path: String, _ output: Output) {
    self.path = path
    self.output = Mutex(output)
  }

  deinit {
    let file = output.withLock { $0.file }
    fsync(file)
    close(file)
  }

  /// Opens a recording to go on with it, or a new one. What it holds is handed to `replay` first; what was
  /// cut at its end by a kill is cut off.
  ///
  /// Throws when it is something else, damaged before its end, or written by another process.
  public static func open(
    path: String, replay: (RecordBatch) throws -> Void = { _ in }
  ) throws -> Opened {
    let file = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw RecordingError(path: path, unsafe String(cString: strerror(errno))) }
    do {
      guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
        throw RecordingError(path: path, "another process is writing it", hint: "name another file")
      }
      let reader = try RecordReader(path: path)
      var samples = 0
      var range: ClosedRange<Int64>?
      while let batch = try reader.next() {
        samples += batch.count
        if let low = batch.times.min(), let high = batch.times.max() {
          range = min(range?.lowerBound ?? low, low)...max(range?.upperBound ?? high, high)
        }
        try replay(batch)
      }
      let loss = try cut(file, reader)
      var length = reader.offset
      if length == 0 {
        length = RecordFrame.magic.count
        guard write(RecordFrame.magic, to: file, at: 0) else {
          throw RecordingError(path: path, unsafe String(cString: strerror(errno)))
        }
      }
      let output = Output(
        file: file, encoder: RecordEncoder(after: reader.state), length: length, samples: samples,
        settledLength: length, newest: range?.upperBound ?? .min)
      return Opened(
        writer: RecordingWriter(path: path, output), samples: samples, timeRange: range, loss: loss)
    } catch {
      close(file)
      throw error
    }
  }

  /// Cuts off what a kill left incomplete.
  private static func cut(_ file: Int32, _ reader: RecordReader) throws(RecordingError) -> String? {
    switch reader.remainder {
    case .none: return nil
    case .damaged(let reason, let bytes):
      throw RecordingError(
        path: reader.path,
        "damaged at byte \(reader.offset) (\(reason)), \(bytes) bytes before its end; nothing is appended",
        hint: "record into another file; what lies before the damage can still be read with --data")
    case .torn(let bytes):
      guard try !reader.findsRecordBehind() else {
        throw RecordingError(
          path: reader.path,
          "damaged at byte \(reader.offset), \(bytes) bytes before its end; nothing is appended",
          hint: "record into another file; what lies before the damage can still be read with --data")
      }
      let note = reader.remainder.note(at: reader.offset)
      guard ftruncate(file, off_t(reader.offset)) == 0 else {
        throw RecordingError(path: reader.path, unsafe String(cString: strerror(errno)))
      }
      return bytes > 0 ? note : nil
    }
  }

  /// Notes what a store takes; use it as the store's journal.
  public func take(_ taken: TakenSamples) { pending.withLock { $0.taken.append(taken) } }

  /// Notes what is said about metrics; only what is new is written.
  public func take(families: [MetricFamily]) {
    guard !families.isEmpty else { return }
    pending.withLock { $0.families += families }
  }

  /// How many samples the file has, and its length in bytes.
  public var extent: (samples: Int, bytes: Int) { output.withLock { ($0.samples, $0.length) } }

  /// Writes what was noted. When it returns, a kill of the process loses none of it.
  ///
  /// Throws when the system does not take it; it is tried again at the next commit, up to 64 MiB, beyond
  /// which samples are given up and the error says how many.
  public func commit() throws(RecordingError) {
    try output.withLock { output throws(RecordingError) in
      let noted = pending.withLock { pending in
        defer { pending = Pending() }
        return pending
      }
      if !noted.taken.isEmpty || !noted.families.isEmpty {
        output.unwritten += output.encoder.frames(noted.taken, noted.families)
        for part in noted.taken { output.count(part) }
      }
      try flush(&output)
      let now = ContinuousClock.now
      if now - output.synced > Self.syncInterval {
        output.synced = now
        guard fdatasync(output.file) == 0 else {
          throw RecordingError(path: path, unsafe String(cString: strerror(errno)))
        }
      }
    }
  }

  /// Commits, and waits until the file is on the disk. Throws when the system does not take it, and when
  /// samples had to be given up before.
  public func finish() throws(RecordingError) {
    try commit()
    try output.withLock { output throws(RecordingError) in
      guard fsync(output.file) == 0 else {
        throw RecordingError(path: path, unsafe String(cString: strerror(errno)))
      }
      guard output.givenUp == 0 else {
        throw RecordingError(
          path: path,
          "is not whole: \(output.givenUp) bytes of samples could not be written and were given up")
      }
    }
  }

  private func flush(_ output: inout Output) throws(RecordingError) {
    guard !output.unwritten.isEmpty else { return }
    guard Self.write(output.unwritten, to: output.file, at: output.length) else {
      let reason = unsafe String(cString: strerror(errno))
      // What was written in part is no record.
      ftruncate(output.file, off_t(output.length))
      var hint = "it is tried again"
      if output.unwritten.count > Self.largestUnwritten {
        hint = "\(output.unwritten.count) bytes of samples are given up"
        output.givenUp += output.unwritten.count
        output.unwritten = []
        output.encoder.startAnew()
      }
      throw RecordingError(path: path, reason, hint: hint)
    }
    output.length += output.unwritten.count
    output.unwritten = []
  }

  private static func write(_ bytes: [UInt8], to file: Int32, at offset: Int) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { memory in
        unsafe pwrite(
          file, memory.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}

extension RecordingWriter {
  /// Leaves samples older than `retention` (milliseconds, behind the newest) out of the file when it has
  /// become twice as long as it was after the last time, and `least` bytes: a new file takes its place.
  /// Commits wait meanwhile. Throws when the new file cannot be written; the old one stays then.
  public func rewriteIfWorthwhile(retention: Int64, from least: Int = 64 << 20) throws {
    try output.withLock { output in
      guard output.length > max(least, 2 * output.settledLength), output.newest > .min + retention else {
        return
      }
      try flush(&output)
      let cutoff = output.newest - retention
      let temporary = path + ".new"
      let file = unsafe Glibc.open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard file >= 0 else { throw RecordingError(path: temporary, unsafe String(cString: strerror(errno))) }
      do {
        let copy = try Self.copied(path, to: file, temporary, from: cutoff)
        guard flock(file, LOCK_EX | LOCK_NB) == 0, fsync(file) == 0, unsafe rename(temporary, path) == 0
        else {
          throw RecordingError(path: temporary, unsafe String(cString: strerror(errno)))
        }
        close(output.file)
        output.file = file
        output.encoder = copy.encoder
        output.length = copy.length
        output.samples = copy.samples
        output.settledLength = copy.length
      } catch {
        close(file)
        unsafe unlink(temporary)
        // Not again at every commit.
        output.settledLength = output.length
        throw error
      }
    }
  }

  private static func copied(
    _ path: String, to file: Int32, _ name: String, from cutoff: Int64
  ) throws -> (encoder: RecordEncoder, length: Int, samples: Int) {
    let reader = try RecordReader(path: path)
    var encoder = RecordEncoder()
    var length = 0
    var samples = 0
    func append(_ bytes: [UInt8]) throws {
      guard write(bytes, to: file, at: length) else {
        throw RecordingError(path: name, unsafe String(cString: strerror(errno)))
      }
      length += bytes.count
    }
    try append(RecordFrame.magic)
    while let batch = try reader.next() {
      let kept = batch.since(cutoff)
      try append(encoder.frame(kept, series: reader.state.series, cohorts: reader.state.cohorts))
      samples += kept.count
    }
    // What cannot be read stays where it is, with what lies behind it.
    if let note = reader.remainder.note(at: reader.offset) { throw RecordingError(path: path, note) }
    // The next frames come from the store with its numbers.
    encoder.forgetNumbers()
    return (encoder, length, samples)
  }
}

extension RecordBatch {
  /// The samples that are not older; for a row all or nothing.
  func since(_ cutoff: Int64) -> RecordBatch {
    guard times.contains(where: { $0 < cutoff }) else { return self }
    var kept = self
    kept.ids = []
    kept.times = []
    kept.values = []
    kept.starts = []
    kept.histograms = HistogramSamples()
    if cohort != nil {
      kept.cohort = nil
      return kept
    }
    var histogram = 0
    for position in ids.indices {
      let isHistogram =
        histogram < histograms.positions.count && histograms.positions[histogram] == position
      defer { if isHistogram { histogram += 1 } }
      guard times[position] >= cutoff else { continue }
      if isHistogram {
        kept.histograms.positions.append(kept.ids.count)
        kept.histograms.histograms.append(histograms.histograms[histogram])
      }
      kept.ids.append(ids[position])
      kept.times.append(times[position])
      kept.values.append(values[position])
      if !starts.isEmpty { kept.starts.append(starts[position]) }
    }
    return kept
  }
}
