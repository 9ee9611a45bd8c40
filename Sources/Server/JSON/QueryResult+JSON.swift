import CFloat
import Evaluator
import NIOCore
import Synchronization
import TimeSeries

extension ByteWriter {
  /// `{"name":"value",…}`: labels in their order.
  mutating func append(metric labels: Labels) {
    if appendPlain(labels) { return }
    append(UInt8(ascii: "{"))
    var cursor = LabelCursor(labels)
    var isFirst = true
    while cursor.next() {
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      append(string: labels.bytes[cursor.name], .plain)
      append(UInt8(ascii: ":"))
      append(string: labels.bytes[cursor.value], .plain)
    }
    append(UInt8(ascii: "}"))
  }

  /// Labels of which none has to be escaped, which is nearly all; else nothing is written, and the answer is
  /// false.
  private mutating func appendPlain(_ labels: Labels) -> Bool {
    let before = count
    // A label takes two bytes beside its texts, of one byte or more each, and six as JSON; and two braces.
    unsafe fillMemory(2 * labels.bytes.count + 2) { target in
      unsafe labels.bytes.withUnsafeBufferPointer { bytes in
        var to = 0
        func put(_ byte: UInt8) {
          unsafe target[to] = byte
          to += 1
        }
        /// A name or a value, with its quotes; false where it needs more than those.
        func put(_ text: Range<Int>) -> Bool {
          put(UInt8(ascii: "\""))
          var isPlain = true
          for position in text {
            let byte = unsafe bytes[position]
            put(byte)
            isPlain = isPlain && byte < 0x80 && Self.isHarmless(byte, .plain)
          }
          put(UInt8(ascii: "\""))
          return isPlain
        }
        put(UInt8(ascii: "{"))
        var cursor = LabelCursor(labels)
        while cursor.next() {
          if cursor.start > 0 { put(UInt8(ascii: ",")) }
          guard put(cursor.name) else { return 0 }
          put(UInt8(ascii: ":"))
          guard put(cursor.value) else { return 0 }
        }
        put(UInt8(ascii: "}"))
        return to
      }
    }
    return count > before
  }

  /// The members `"resultType":…,"result":…` of a query's data, cut to the first `limit` series.
  ///
  /// `steps` are the times at which most samples lie (a range query's steps); their texts are made
  /// once. Right for any steps.
  mutating func append(result value: QueryValue, limit: Int = .max, steps: [Int64] = []) {
    append(#""resultType":"\#(value.typeName)","result":"#)
    switch value {
    case .scalar(let timestamp, let number): append(timestamp, number)
    case .string(let timestamp, let text): append(timestamp, text)
    case .vector(let timestamp, let samples): append(samples.prefix(limit), at: timestamp)
    case .matrix(let series): append(series.prefix(limit), steps: steps)
    }
  }

  private mutating func append(_ timestamp: Int64, _ number: Double) {
    append(UInt8(ascii: "["))
    append(GoText.plain(Double(timestamp) / 1000))
    append(#",""#)
    append(GoText.plain(number))
    append(#""]"#)
  }

  private mutating func append(_ timestamp: Int64, _ text: String) {
    append(UInt8(ascii: "["))
    append(GoText.plain(Double(timestamp) / 1000))
    append(UInt8(ascii: ","))
    append(string: text)
    append(UInt8(ascii: "]"))
  }

  private mutating func append(_ samples: ArraySlice<VectorSample>, at timestamp: Int64) {
    var time = ByteWriter(capacity: 32)
    time.append(milliseconds: timestamp)
    let timeText = time.finish()
    append(UInt8(ascii: "["))
    for (index, sample) in samples.enumerated() {
      append(index == 0 ? #"{"metric":"# : #",{"metric":"#)
      append(metric: sample.labels)
      switch sample.value {
      case .float(let number):
        append(#","value":["#)
        append(contentsOf: timeText)
        append(#",""#)
        append(value: number)
        append(#""]}"#)
      case .histogram(let histogram):
        append(#","histogram":["#)
        append(contentsOf: timeText)
        append(UInt8(ascii: ","))
        append(histogram: histogram)
        append("]}")
      }
    }
    append(UInt8(ascii: "]"))
  }

  private mutating func append(_ series: ArraySlice<MatrixSeries>, steps: [Int64]) {
    let texts = StepTexts(steps.isEmpty ? series.first?.timestamps ?? [] : steps)
    append(UInt8(ascii: "["))
    for (index, series) in series.enumerated() {
      if index > 0 { append(UInt8(ascii: ",")) }
      append(series, texts)
    }
    append(UInt8(ascii: "]"))
  }

  fileprivate mutating func append(_ series: MatrixSeries, _ texts: StepTexts) {
    append(#"{"metric":"#)
    append(metric: series.labels)
    if !series.values.isEmpty {
      append(#","values":["#)
      append(series.timestamps, series.values, texts)
      append(UInt8(ascii: "]"))
    }
    if !series.histograms.isEmpty {
      append(#","histograms":["#)
      for (index, (timestamp, histogram)) in zip(series.histogramTimestamps, series.histograms).enumerated() {
        append(index == 0 ? "[" : ",[")
        append(milliseconds: timestamp)
        append(UInt8(ascii: ","))
        append(histogram: histogram)
        append(UInt8(ascii: "]"))
      }
      append(UInt8(ascii: "]"))
    }
    append(UInt8(ascii: "}"))
  }

  /// `[time,"value"],…`
  private mutating func append(_ timestamps: [Int64], _ values: [Double], _ texts: StepTexts) {
    var step = texts.step(at: timestamps.first ?? 0)
    let count = min(timestamps.count, values.count)
    var start = 0
    while start < count {
      let times = timestamps[start..<min(start + 256, count)]
      let known = texts.run(of: times, from: &step)
      let end = start + (known.isEmpty ? times.count : known.count)
      unsafe fillMemory((end - start) * StepTexts.sampleSize) { memory in
        let size =
          unsafe known.isEmpty
          ? StepTexts(Array(times)).write(0..<times.count, values[start..<end], memory)
          : texts.write(known, values[start..<end], memory)
        // No comma behind the last one.
        return end == count ? size - 1 : size
      }
      start = end
    }
  }
}

/// A large matrix of floats as text, a piece at a time: what is written stays in the cache until the socket
/// has it, and the whole text is never held.
final class MatrixText: Sendable {
  /// What comes in front of the series, and behind them.
  static let head = #""resultType":"matrix","result":["#
  static let tail = "]"

  /// Answers of fewer values are written whole.
  private static let worthwhile = 1 << 15
  /// Those with longer series too, as a piece holds whole series: more than a range query may have steps.
  private static let longest = 1 << 14
  /// Pieces are about as large, bytes: small enough for a cache, large enough to wake the client seldom.
  private static let pieceSize = 3 << 17

  private let series: [MatrixSeries]
  private let texts: StepTexts
  private let written = Mutex(0)

  /// Nil when the value is no matrix, a small one, or one of long series or histograms, whose pieces would
  /// take long. Cut to the first `limit` series.
  init?(_ value: QueryValue, limit: Int, steps: [Int64]) {
    guard case .matrix(let all) = value, Self.streams(value, limit: limit) else { return nil }
    series = Array(all.prefix(limit))
    texts = StepTexts(steps.isEmpty ? series.first?.timestamps ?? [] : steps)
  }

  /// Whether a value is written so.
  static func streams(_ value: QueryValue, limit: Int) -> Bool {
    guard case .matrix(let all) = value else { return false }
    let series = all.prefix(limit)
    return series.reduce(0) { $0 + $1.values.count } >= worthwhile
      && series.allSatisfy { $0.values.count <= longest && $0.histograms.isEmpty }
  }

  /// The text of the next series, less than a millisecond of work; nil behind the last one.
  @Sendable func next() -> ByteBuffer? {
    written.withLock { written in
      guard written < series.count else { return nil }
      var piece = ByteBuffer()
      piece.reserveCapacity(Self.pieceSize + Self.pieceSize / 2)
      var writer = ByteWriter(capacity: Self.pieceSize / 4)
      repeat {
        if written > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(series[written], texts)
        writer.move(to: &piece)
        written += 1
      } while written < series.count && piece.readableBytes < Self.pieceSize
      return piece
    }
  }
}

extension ByteWriter {
  /// Moves what was written behind what a buffer holds, and goes on empty, with the room that it has.
  fileprivate mutating func move(to buffer: inout ByteBuffer) {
    forEachPart { buffer.writeBytes($0) }
    removeAll()
  }
}

extension QueryValue {
  /// The name that the API gives the type.
  var typeName: String {
    switch self {
    case .scalar: "scalar"
    case .string: "string"
    case .vector: "vector"
    case .matrix: "matrix"
    }
  }

  /// What the text of the first `limit` series takes at most, about.
  func textSize(limit: Int) -> Int {
    switch self {
    case .scalar: return 0
    case .string(_, let text): return 6 * text.utf8.count
    case .vector(_, let samples):
      return samples.prefix(limit).reduce(0) { size, sample in
        if case .histogram(let histogram) = sample.value {
          return size + 2 * sample.labels.bytes.count + 128 + histogram.textSize
        }
        return size + 2 * sample.labels.bytes.count + 128
      }
    case .matrix(let all):
      return all.prefix(limit).reduce(0) { size, series in
        series.histograms.reduce(size + 2 * series.labels.bytes.count + 64 + 48 * series.values.count) {
          $0 + $1.textSize
        }
      }
    }
  }

  /// How many series there are; nil for a scalar or a string.
  var seriesCount: Int? {
    switch self {
    case .scalar, .string: nil
    case .vector(_, let samples): samples.count
    case .matrix(let series): series.count
    }
  }
}

extension NativeHistogram {
  /// What the text of the histogram takes at most, about: a bucket has three numbers.
  fileprivate var textSize: Int { 192 + 88 * (positive.count + negative.count + 1) }
}

/// The texts of a query's steps, made once and copied for every series: `[time,"`.
struct StepTexts {
  private let times: [Int64]
  /// Texts of `slot` bytes each, padded.
  private let texts: [UInt8]
  private let lengths: [UInt8]

  /// What a text takes, so that it is copied in whole words.
  private static let slot = Int(PROMGATE_TIME_ROOM)
  /// The most bytes that a sample with its time takes while it is written.
  static let sampleSize = slot + ByteWriter.numberSize

  /// For ascending times, milliseconds.
  init(_ times: [Int64]) {
    self.times = times
    var lengths: [UInt8] = []
    lengths.reserveCapacity(times.count)
    texts = unsafe [UInt8](unsafeUninitializedCapacity: times.count * Self.slot) { memory, initialized in
      guard let start = memory.baseAddress else { return }
      unsafe memory.initialize(repeating: 0)
      for (index, time) in times.enumerated() {
        let text = unsafe start + index * Self.slot
        // A time takes 24 bytes at most.
        var place = unsafe text
        unsafe place[0] = UInt8(ascii: "[")
        unsafe place += 1
        unsafe JSONNumber.seconds(time, &place)
        unsafe place[0] = UInt8(ascii: ",")
        unsafe place[1] = UInt8(ascii: "\"")
        lengths.append(UInt8(unsafe place + 2 - text))
      }
      initialized = memory.count
    }
    self.lengths = lengths
  }

  /// The first step at or after a time.
  func step(at time: Int64) -> Int { times.partitioningIndex { $0 >= time } }

  /// The steps at the first of some ascending times, as far as each time is that of the next step. `step` is
  /// at or before the first of them, and goes behind them.
  func run(of wanted: ArraySlice<Int64>, from step: inout Int) -> Range<Int> {
    if let first = wanted.first {
      while step < times.count, times[step] < first { step += 1 }
    }
    let start = step
    for time in wanted {
      guard step < times.count, times[step] == time else { break }
      step += 1
    }
    return start..<step
  }

  /// Writes a sample for each of some steps: its time, its value, and a comma behind it. How many bytes;
  /// there is room for `sampleSize` a sample.
  func write(
    _ steps: Range<Int>, _ values: ArraySlice<Double>, _ memory: UnsafeMutablePointer<UInt8>
  ) -> Int {
    precondition(values.count == steps.count && steps.lowerBound >= 0 && steps.upperBound <= times.count)
    return unsafe values.withUnsafeBufferPointer { values in
      unsafe texts.withUnsafeBufferPointer { texts in
        unsafe lengths.withUnsafeBufferPointer { lengths in
          guard let texts = texts.baseAddress, let lengths = lengths.baseAddress,
            let first = values.baseAddress
          else { return 0 }
          return unsafe promgate_write_samples(
            texts + steps.lowerBound * Self.slot, lengths + steps.lowerBound, first, values.count, memory)
        }
      }
    }
  }
}
