private import FoundationEssentials
internal import TimeSeries

extension RecordingFormat {
  /// Lines that VictoriaMetrics' `/api/v1/export` writes: a series each, or a part of one.
  static let victoriaMetrics = RecordingFormat(
    name: "victoriametrics", summary: "lines of VictoriaMetrics' export",
    recognises: { $0.isJSON && $0.has("\"metric\"") && $0.has("\"values\"") && !$0.has("\"resultType\"") },
    read: { path, options throws(RecordingError) in
      try JSONRecording(path, options).lines(format: "victoriametrics")
    })

  /// A saved answer of the HTTP API: of `/query` with a range selector, or of `/query_range`.
  static let answer = RecordingFormat(
    name: "answer", summary: "a saved answer of /api/v1/query or /api/v1/query_range",
    recognises: { $0.isJSON && ($0.has("\"resultType\"") || $0.has("\"status\"")) },
    read: { path, options throws(RecordingError) in
      try JSONRecording(path, options).answer(format: "answer")
    })
}

extension Glimpse {
  /// Whether the beginning is that of a JSON object.
  var isJSON: Bool { text.first { $0 > 0x20 } == UInt8(ascii: "{") }

  /// Whether a text is to be seen at either end.
  func has(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    return [head, tail].contains { bytes in
      bytes.indices.contains { start in
        bytes.count - start >= wanted.count && bytes[start..<start + wanted.count].elementsEqual(wanted)
      }
    }
  }
}

/// Reads series written as JSON.
private struct JSONRecording {
  /// A line of VictoriaMetrics' export. Values beyond numbers are texts, NaN is null.
  private struct Line: Decodable {
    var metric: [String: String]
    var values: [Number]
    /// Milliseconds.
    var timestamps: [Int64]
  }

  private struct Number: Decodable {
    var value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        value = .nan
      } else if let number = try? container.decode(Double.self) {
        value = number
      } else {
        value = try Number.parsed(container.decode(String.self), container)
      }
    }

    static func parsed(_ text: String, _ container: any SingleValueDecodingContainer) throws -> Double {
      switch text {
      case "+Inf", "Inf", "Infinity", "inf": return .infinity
      case "-Inf", "-Infinity", "-inf": return -.infinity
      case "NaN", "nan": return .nan
      default:
        guard let number = Double(text) else {
          throw DecodingError.dataCorruptedError(in: container, debugDescription: "no number: \(text)")
        }
        return number
      }
    }
  }

  /// `[seconds, "value"]`
  private struct Pair: Decodable {
    var time: Double
    var value: Double

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      time = try container.decode(Double.self)
      value = try container.decode(Number.self).value
    }
  }

  private struct Answer: Decodable {
    struct Payload: Decodable {
      struct Series: Decodable {
        var metric: [String: String]
        var values: [Pair]?
        var value: Pair?
        var histograms: [Ignored]?
        var histogram: Ignored?
      }

      var resultType: String
      var result: [Series]
    }

    struct Ignored: Decodable { init(from decoder: any Decoder) throws {} }

    var status: String?
    var error: String?
    var data: Payload?
  }

  private let input: RecordingInput
  private let options: RecordingOptions
  private var builder: RecordingBuilder

  init(_ path: String, _ options: RecordingOptions) throws(RecordingError) {
    input = try RecordingInput(path: path, limit: options.limits.text)
    self.options = options
    builder = RecordingBuilder(memoryLimit: options.limits.memory)
  }

  consuming func lines(format: String) throws(RecordingError) -> RecordedSeries {
    var window: [UInt8] = []
    var number = 0
    var isLast = false
    while !isLast {
      isLast = try !input.read(into: &window, atMost: 1 << 20)
      var start = 0
      while let end = window[start...].firstIndex(of: UInt8(ascii: "\n")) ?? (isLast ? window.count : nil) {
        number += 1
        if number == 1 { start += ByteOrderMark.count(window) }
        if start < end { try take(window[start..<end], number) }
        start = end + 1
        if start >= window.count { break }
      }
      window.removeSubrange(..<min(start, window.count))
      guard window.count <= options.limits.memory / 8 else {
        throw RecordingError(path: input.path, line: number + 1, "the line is too long")
      }
    }
    return builder.finish(format: format, families: [], options: options)
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ number: Int) throws(RecordingError) {
    guard bytes.contains(where: { $0 > 0x20 }) else { return }
    let line: Line
    do { line = try JSONDecoder().decode(Line.self, from: Data(bytes)) } catch {
      throw RecordingError(
        path: input.path, line: number, "is no line of an export: \(Self.text(error))",
        hint: "a line has metric, values and timestamps")
    }
    guard line.values.count == line.timestamps.count else {
      throw RecordingError(
        path: input.path, line: number,
        "there are \(line.values.count) values and \(line.timestamps.count) timestamps")
    }
    let slot = try slot(line.metric)
    for (time, value) in zip(line.timestamps, line.values) { try append(time, value.value, slot) }
  }

  consuming func answer(format: String) throws(RecordingError) -> RecordedSeries {
    var bytes: [UInt8] = []
    while try input.read(into: &bytes, atMost: 1 << 20) {
      guard bytes.count <= options.limits.memory / 8 else {
        throw RecordingError(
          path: input.path, "the answer is larger than \(options.limits.memory / 8) bytes",
          hint: "raise it with --data-memory, or ask for less")
      }
    }
    let answer: Answer
    do {
      answer = try JSONDecoder().decode(Answer.self, from: Data(bytes.dropFirst(ByteOrderMark.count(bytes))))
    } catch {
      throw RecordingError(path: input.path, "is no answer of the HTTP API: \(Self.text(error))")
    }
    guard let data = answer.data, answer.status != "error" else {
      throw RecordingError(path: input.path, "is an error: \(answer.error ?? "it has no data")")
    }
    var histograms = 0
    for series in data.result {
      let slot = try slot(series.metric)
      histograms += (series.histograms?.count ?? 0) + (series.histogram == nil ? 0 : 1)
      for pair in (series.values ?? []) + (series.value.map { [$0] } ?? []) {
        let time = (pair.time * 1000).rounded()
        guard time.magnitude < 0x1p53 else {
          throw RecordingError(path: input.path, "the timestamp \(pair.time) is out of range")
        }
        try append(Int64(time), pair.value, slot)
      }
    }
    var notes: [String] = []
    if histograms > 0 {
      notes.append("\(histograms) native histograms are left out: their JSON does not say their schema")
    }
    notes += resampled(data)
    let recording = builder.finish(format: format, families: [], options: options)
    return recording.adding(notes: notes)
  }

  /// What says that samples were taken at the steps of a query.
  private func resampled(_ data: Answer.Payload) -> [String] {
    let times = data.result.compactMap { $0.values?.first?.time }
    guard data.resultType == "matrix", let first = times.first, times.count > 1 || data.result.count == 1,
      times.allSatisfy({ ($0 - first).truncatingRemainder(dividingBy: 1) == 0 }), first == first.rounded()
    else { return [] }
    return [
      "this looks like the answer of a range query: samples stand at its steps, not where they were scraped"
    ]
  }

  private mutating func slot(_ metric: [String: String]) throws(RecordingError) -> Int32 {
    let labels = Labels(metric.filter { !$0.value.isEmpty }.map { (name: $0.key, value: $0.value) })
    guard let slot = builder.series(labels, textCount: 0) else { throw overLimit() }
    return slot
  }

  private mutating func append(
    _ time: Int64, _ value: Double, _ slot: Int32
  ) throws(RecordingError) {
    guard time.magnitude < 1 << 53 else {
      throw RecordingError(path: input.path, "the timestamp \(time) is out of range")
    }
    guard builder.append(time, value, to: slot) else { throw overLimit() }
  }

  private func overLimit() -> RecordingError {
    RecordingError(
      path: input.path, "the recording needs more than \(options.limits.memory) bytes of memory",
      hint: "raise it with --data-memory, or record less")
  }

  /// What a decoder says, in a line.
  private static func text(_ error: any Error) -> String {
    switch error {
    case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    default: return "\(error)"
    }
  }
}
