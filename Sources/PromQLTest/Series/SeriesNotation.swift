import PromQL
public import TimeSeries

/// A series line of a script: labels, and the values that its items stand for.
public struct SeriesLine: Sendable {
  /// A label as written; duplicates and their order are kept.
  public struct Label: Sendable, Hashable {
    public var name: [UInt8]
    public var value: [UInt8]
  }

  /// Sorted by name, without empty values; a name outside the braces wins over `__name__` inside.
  public var pairs: [Label]
  /// One a position.
  public var values: [SequenceValue]

  /// The label set; of several labels of one name the last one.
  public var labels: Labels {
    var builder = LabelsBuilder()
    for pair in pairs { builder.set(pair.name, pair.value) }
    return builder.labels()
  }

  /// The first label name that is written twice.
  public var duplicateName: [UInt8]? {
    zip(pairs, pairs.dropFirst()).first { $0.name == $1.name }?.0.name
  }
}

/// What a series line says about one position.
public enum SequenceValue: Sendable {
  /// `_`: no sample.
  case omitted
  /// `stale` is the stale marker.
  case float(Double)
  /// `statesHint`: the literal named `counter_reset_hint`, so that a comparison looks at it.
  indirect case histogram(NativeHistogram, statesHint: Bool)
}

/// Prometheus' notation for series: `name{label="value"} 0+10x5 _ 7 stale {{sum:1}}x3`
/// (promqltest.md §2.1–§2.5). Also the form of `input_series` in promtool's unit tests.
public enum SeriesNotation {
  /// The most values that one line may stand for: `1x999999999999` is an error, not an attempt.
  public static let maximumValues = 1_000_000

  /// Reads a series line.
  ///
  /// - Parameters:
  ///   - maximum: the most values that are kept; more are an error.
  ///   - kept: so many values are kept, and the others only read.
  public static func series(
    _ text: [UInt8], maximum: Int = maximumValues, keeping kept: Int = .max
  ) throws(SeriesProblem) -> SeriesLine {
    let head = try SeriesLabels.parse(text)
    var parser = SeriesValueParser(text, from: head.end, maximum: maximum, keeping: kept)
    return SeriesLine(pairs: head.pairs, values: try parser.parse(followsLabels: true))
  }

  /// Reads values alone: `0+10x5 _ 7`. Offsets of problems count from the start of `text`.
  public static func values(
    _ text: [UInt8], maximum: Int = maximumValues
  ) throws(SeriesProblem) -> [SequenceValue] {
    var parser = SeriesValueParser(text, from: 0, maximum: maximum)
    return try parser.parse(followsLabels: false)
  }
}
