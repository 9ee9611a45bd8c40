import Evaluator
import Server
import TimeSeries

/// A query's answer as rows: labels, a time where each sample has its own, a value.
struct ResultRows {
  private struct Row {
    var labels: Labels
    /// Milliseconds; nil in an instant vector, whose samples share one.
    var time: Int64?
    var value: String
  }

  private let rows: [Row]
  private let hasTimes: Bool
  /// Whether the answer is a number or a text rather than a list.
  private let isSingle: Bool

  init(_ value: QueryValue) {
    switch value {
    case .scalar(_, let number): rows = [Row(labels: .none, value: GoText.json(number))]
    case .string(_, let text): rows = [Row(labels: .none, value: text)]
    case .vector(_, let samples):
      rows = samples.map { Row(labels: $0.labels, value: Self.text($0.value)) }
    case .matrix(let series): rows = series.flatMap(Self.rows)
    }
    hasTimes = rows.contains { $0.time != nil }
    switch value {
    case .scalar, .string: isSingle = true
    case .vector, .matrix: isSingle = false
    }
  }

  private static func rows(_ series: MatrixSeries) -> [Row] {
    let floats = zip(series.timestamps, series.values).map { ($0, GoText.json($1)) }
    let histograms = zip(series.histogramTimestamps, series.histograms).map { ($0, $1.description) }
    return (floats + histograms).sorted { $0.0 < $1.0 }.map { time, text in
      Row(labels: series.labels, time: time, value: text)
    }
  }

  private static func text(_ value: VectorSample.Value) -> String {
    switch value {
    case .float(let number): GoText.json(number)
    case .histogram(let histogram): histogram.description
    }
  }

  /// The labels that occur: the metric's name first, the others by name.
  private var labelNames: [String] {
    var names: Set<String> = []
    for labels in Set(rows.map(\.labels)) {
      for pair in labels.pairs { names.insert(pair.name) }
    }
    let hasName = names.remove(LabelName.metric) != nil
    return (hasName ? [LabelName.metric] : []) + names.sorted()
  }

  /// Aligned lines: a column for each label where they fit into `columns`, else one for the whole
  /// series. No lines for no rows, and the bare value of a scalar or a string.
  func table(columns: Int) -> [String] {
    guard !rows.isEmpty, !isSingle else { return rows.map { TextTable.printable($0.value) } }
    let names = labelNames
    var wide = TextTable(
      names.map { ($0 == LabelName.metric ? "METRIC" : $0.uppercased(), .left) } + valueColumns)
    for row in rows { wide.add(names.map { row.labels[$0] ?? "" } + cells(row)) }
    guard wide.width > columns else { return wide.lines }
    var narrow = TextTable([("SERIES", .left)] + valueColumns)
    for row in rows { narrow.add([SeriesText.text(row.labels)] + cells(row)) }
    return narrow.lines
  }

  private var valueColumns: [(title: String, alignment: TextTable.Alignment)] {
    (hasTimes ? [("TIME", .left)] : []) + [("VALUE", .right)]
  }

  private func cells(_ row: Row) -> [String] {
    (hasTimes ? [row.time.map(TimeText.utc) ?? ""] : []) + [row.value]
  }

  /// Comma-separated values with a header (RFC 4180, lines without their ends).
  var csv: [String] {
    let names = labelNames
    let header = names + (hasTimes ? ["time"] : []) + ["value"]
    let lines = rows.map { row in
      names.map { row.labels[$0] ?? "" } + (hasTimes ? [row.time.map(TimeParameter.text) ?? ""] : [])
        + [row.value]
    }
    return ([header] + lines).map { $0.map(Self.quoted).joined(separator: ",") }
  }

  private static func quoted(_ cell: String) -> String {
    let needsQuotes = cell.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
    return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
  }
}

/// Series as people write them.
enum SeriesText {
  /// `name{label="value"}`, the braces only where there are labels; `{}` for no labels at all.
  static func text(_ labels: Labels) -> String {
    let rest = labels.dropping(.metric)
    guard let name = labels.metricName, LabelName.isLegacy(name.utf8.filter { $0 != 0x3A }) else {
      return labels.description
    }
    return rest.isEmpty ? name : name + rest.description
  }
}

/// Times as people read them.
enum TimeText {
  /// `2025-06-01 00:00:00` in UTC, with milliseconds where there are any.
  static func utc(_ milliseconds: Int64) -> String {
    let text = TimeParameter.text(milliseconds)
    return String(text.dropLast()).replacingT
  }

  /// `00:00:00`, the time of the day alone.
  static func clock(_ milliseconds: Int64) -> String { String(utc(milliseconds / 1000 * 1000).suffix(8)) }
}

extension String {
  fileprivate var replacingT: String {
    split(separator: "T", maxSplits: 1).joined(separator: " ")
  }
}
