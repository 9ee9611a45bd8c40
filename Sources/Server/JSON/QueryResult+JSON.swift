import Evaluator
import TimeSeries

extension ByteWriter {
  /// `{"name":"value",…}`: labels in their order.
  mutating func append(metric labels: Labels) {
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
    append(UInt8(ascii: "["))
    for (index, sample) in samples.enumerated() {
      append(index == 0 ? #"{"metric":"# : #",{"metric":"#)
      append(metric: sample.labels)
      switch sample.value {
      case .float(let number):
        append(#","value":["#)
        append(milliseconds: timestamp)
        append(#",""#)
        append(value: number)
        append(#""]}"#)
      case .histogram(let histogram):
        append(#","histogram":["#)
        append(milliseconds: timestamp)
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
      append(index == 0 ? #"{"metric":"# : #",{"metric":"#)
      append(metric: series.labels)
      if !series.values.isEmpty {
        append(#","values":["#)
        append(series.timestamps, series.values, texts)
        append(UInt8(ascii: "]"))
      }
      if !series.histograms.isEmpty {
        append(#","histograms":["#)
        for (index, (timestamp, histogram)) in zip(series.histogramTimestamps, series.histograms).enumerated()
        {
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
    append(UInt8(ascii: "]"))
  }

  /// `[time,"value"],…`
  private mutating func append(_ timestamps: [Int64], _ values: [Double], _ texts: StepTexts) {
    let size = 2 * Self.numberSize
    var cursor = texts.cursor(at: timestamps.first ?? 0)
    let count = min(timestamps.count, values.count)
    var start = 0
    while start < count {
      let end = min(start + 1024, count)
      fill((end - start) * size) { bytes, position in
        for index in start..<end {
          if index > 0 {
            bytes[position] = UInt8(ascii: ",")
            position += 1
          }
          bytes[position] = UInt8(ascii: "[")
          position += 1
          texts.write(timestamps[index], &cursor, &bytes, &position)
          bytes[position] = UInt8(ascii: ",")
          bytes[position + 1] = UInt8(ascii: "\"")
          position += 2
          JSONNumber.value(values[index], &bytes, &position)
          bytes[position] = UInt8(ascii: "\"")
          bytes[position + 1] = UInt8(ascii: "]")
          position += 2
        }
      }
      start = end
    }
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

  /// How many series there are; nil for a scalar or a string.
  var seriesCount: Int? {
    switch self {
    case .scalar, .string: nil
    case .vector(_, let samples): samples.count
    case .matrix(let series): series.count
    }
  }
}

/// The texts of a query's steps, made once and copied for every series.
struct StepTexts {
  private let times: [Int64]
  private var bytes: [UInt8]
  /// Where the text of step i starts; one entry more than there are steps.
  private var starts: [Int]

  /// For ascending times, milliseconds.
  init(_ times: [Int64]) {
    self.times = times
    var writer = ByteWriter(capacity: times.count * 16)
    starts = [0]
    starts.reserveCapacity(times.count + 1)
    for time in times {
      writer.append(milliseconds: time)
      starts.append(writer.count)
    }
    bytes = writer.finish()
  }

  /// The first step at or after a time.
  func cursor(at time: Int64) -> Int {
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Writes the text of a time, from the steps when it is one of them. Times ascend from call to call.
  @inline(__always)
  func write(
    _ time: Int64, _ cursor: inout Int, _ target: inout MutableSpan<UInt8>, _ position: inout Int
  ) {
    while cursor < times.count, times[cursor] < time { cursor += 1 }
    guard cursor < times.count, times[cursor] == time else {
      return JSONNumber.seconds(time, &target, &position)
    }
    for index in starts[cursor]..<starts[cursor + 1] {
      target[position] = bytes[index]
      position += 1
    }
  }
}
