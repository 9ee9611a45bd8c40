import Evaluator
import Gate
import PromQL
import TimeSeries

/// What each part of a query yields, for people and for programs.
struct PartValues {
  private let expression: Expression
  private let time: Int64
  private let reports: [NodeReport]

  init(_ expression: Expression, at time: Int64, _ reports: [NodeReport]) {
    self.expression = expression
    self.time = time
    self.reports = reports
  }

  // MARK: Text

  /// A tree: a line for each part, its values and reasons under it.
  func text(columns: Int) -> String {
    var lines = ["at \(TimeText.utc(time))"]
    // A reason is given once, where it is seen first: the parts below are empty for the same one.
    var given: Set<DataFinding> = []
    for report in reports {
      let indent = String(repeating: "  ", count: min(report.level, 20))
      lines.append(indent + headline(report) + ": " + summary(report.yields))
      for finding in report.findings where given.insert(finding).inserted {
        lines += wrapped("why: \(finding)", indent: indent + "  ", columns: columns)
      }
      for row in rows(report.yields) {
        lines.append(cut(indent + "  | " + TextTable.printable(row), columns))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Selectors are shown as written, other parts by what they do.
  private func headline(_ report: NodeReport) -> String {
    switch expression[report.node].form {
    case .selector, .matrix, .number, .string: source(report.node)
    case .subquery, .aggregation, .binary, .call, .parenthesis, .unary:
      expression.headline(of: report.node)
    }
  }

  private func source(_ node: Expression.NodeID) -> String {
    let text = TextTable.printable(String(decoding: expression.source(of: node), as: UTF8.self))
    return text.count > 100 ? text.prefix(99) + "…" : text
  }

  private func summary(_ yields: NodeReport.Yield) -> String {
    switch yields {
    case .scalar(let value): "the number \(GoText.json(value))"
    case .series(0, _), .windows(0, _, _): "empty"
    case .series(1, _): "1 series"
    case .series(let count, _): "\(count) series"
    case .windows(let count, let samples, _): "\(count) series, \(samples) samples"
    case .failed(let problem): "fails: \(problem)"
    }
  }

  private func rows(_ yields: NodeReport.Yield) -> [String] {
    switch yields {
    case .scalar, .failed: []
    case .series(let count, let shown):
      shown.map { Self.text($0.value) + "  " + SeriesText.text($0.labels) } + more(count, shown.count)
    case .windows(let count, _, let shown):
      shown.map { series in
        let samples = series.values.count + series.histograms.count
        let ends = [series.values.first, series.values.last].compactMap { $0 }.map(GoText.json)
        return "\(samples) samples" + (ends.count == 2 ? ", \(ends[0]) … \(ends[1])" : "") + "  "
          + SeriesText.text(series.labels)
      } + more(count, shown.count)
    }
  }

  private func more(_ count: Int, _ shown: Int) -> [String] {
    shown > 0 && count > shown ? ["… and \(count - shown) more"] : []
  }

  private static func text(_ value: VectorSample.Value) -> String {
    switch value {
    case .float(let number): GoText.json(number)
    case .histogram(let histogram): histogram.description
    }
  }

  private func cut(_ line: String, _ columns: Int) -> String {
    line.count > columns ? line.prefix(columns - 1) + "…" : line
  }

  /// Lines that break between words.
  private func wrapped(_ text: String, indent: String, columns: Int) -> [String] {
    var lines: [String] = []
    var line = indent
    for word in TextTable.printable(text).split(separator: " ") {
      if line.count + word.count > columns, line.count > indent.count {
        lines.append(String(line.dropLast()))
        line = indent + "     "
      }
      line += word + " "
    }
    return lines + [String(line.dropLast())]
  }

  // MARK: JSON

  /// `{"version":1,"time":…,"parts":[…]}`: times in seconds, ranges as offsets of bytes.
  var json: String {
    var object = JSONText()
    object.add("version", 1)
    object.add("query", String(decoding: expression.text, as: UTF8.self))
    object.add("time", Double(time) / 1000)
    object.add("parts", reports.map(part))
    return object.closed
  }

  private func part(_ report: NodeReport) -> JSONText {
    let node = expression[report.node]
    var object = JSONText()
    object.add("level", report.level)
    object.add("part", expression.headline(of: report.node))
    object.add("source", String(decoding: expression.source(of: report.node), as: UTF8.self))
    object.add("start", node.range.start)
    object.add("end", node.range.end)
    object.add("type", node.type.name)
    object.add("time", Double(report.time) / 1000)
    switch report.yields {
    case .scalar(let value): object.add("value", value)
    case .series(let count, let shown):
      object.add("series", count)
      object.add("shown", shown.map { row($0.labels, Self.text($0.value)) })
    case .windows(let count, let samples, let shown):
      object.add("series", count)
      object.add("samples", samples)
      object.add("shown", shown.map { row($0.labels, $0.values.last.map(GoText.json) ?? "") })
    case .failed(let problem): object.add("error", problem)
    }
    object.add("why", report.findings.map(\.description))
    return object
  }

  private func row(_ labels: Labels, _ value: String) -> JSONText {
    var metric = JSONText()
    for pair in labels.pairs { metric.add(pair.name, pair.value) }
    var object = JSONText()
    object.add("metric", metric)
    object.add("value", value)
    return object
  }
}
