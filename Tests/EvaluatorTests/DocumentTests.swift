import Evaluator
import Foundation
import PromQL
import Testing

/// `docs/functions.md` and `docs/promql.md` state what the tables say; `make docs` writes them anew.
@Suite struct DocumentTests {
  private static let docs = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs")

  @Test func `the page of functions says what the table says`() throws {
    try Self.check("functions.md", FunctionsPage.text)
  }

  @Test func `the page of the language says what the tables say`() throws {
    try Self.check("promql.md", LanguagePage.text)
  }

  private static func check(_ name: String, _ text: String) throws {
    let file = docs.appending(path: name)
    if ProcessInfo.processInfo.environment["PROMGATE_WRITE_DOCS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let written = try? String(contentsOf: file, encoding: .utf8)
    #expect(written == text, "docs/\(name) is not what the tables say: make docs")
  }
}

/// All functions with what their facts say.
private enum FunctionsPage {
  private struct Section {
    var title: String
    var note: String
    var holds: (FunctionFamily) -> Bool
  }

  private static var sections: [Section] {
    [
      Section(
        title: "Over a window", note: "One value for each series and step, from the samples in the range.",
        holds: { if case .window = $0 { true } else { $0 == .absentOverTime } }),
      Section(
        title: "Of each value", note: "Elementwise; native histograms have no answer and are dropped.",
        holds: {
          switch $0 {
          case .point, .bounded: true
          default: false
          }
        }),
      Section(
        title: "Of histograms",
        note:
          "Of native histograms; those that say so take classic buckets (series with the label `le`) too.",
        holds: {
          switch $0 {
          case .reading, .histogramQuantile, .histogramQuantiles, .histogramFraction: true
          default: false
          }
        }),
      Section(
        title: "Of labels and order", note: "Values stay as they are.",
        holds: {
          switch $0 {
          case .labelReplace, .labelJoin, .info, .sort, .sortByLabel: true
          default: false
          }
        }),
      Section(
        title: "Of time", note: "Seconds since the epoch; parts of dates are UTC.",
        holds: {
          switch $0 {
          case .date, .time, .timestamp, .startTimestamp, .query: true
          default: false
          }
        }),
      Section(
        title: "Between types", note: "",
        holds: {
          switch $0 {
          case .absent, .scalar, .vector, .pi, .larger, .smaller: true
          default: false
          }
        }),
    ]
  }

  static var text: String {
    var lines = [
      "<!-- Written by `make docs` from Sources/PromQL/Functions: change the table there. -->", "",
      "# Functions", "",
      "\(Function.allCases.count) functions. `[…]` stands for an argument that may be left out, `…` for one that may be "
        + "repeated. A function drops the name of the metric unless it keeps it. Those marked ◆ are behind "
        + "`--enable-feature=\(LanguageFeature.experimentalFunctions.rawValue)` in Prometheus; promgate has them switched on.",
    ]
    var seen = 0
    for section in sections {
      let functions = Function.allCases.filter { section.holds($0.facts.family) }
        .sorted { $0.rawValue < $1.rawValue }
      seen += functions.count
      lines += ["", "## \(section.title)", ""] + (section.note.isEmpty ? [] : [section.note, ""])
      lines += ["| function | yields | what |", "|---|---|---|"]
      lines += functions.map(row)
    }
    // A family without a section would be missing.
    precondition(seen == Function.allCases.count)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func row(_ function: Function) -> String {
    let facts = function.facts
    var what = facts.summary + "."
    if facts.keepsName { what += " Keeps the name." }
    if !facts.edges.isEmpty {
      let edges = facts.edges.map { $0 == .anchored ? "`anchored`" : "`smoothed`" }
      what += " Takes \(edges.joined(separator: " and ")) windows."
    }
    return "| `\(function.signature)`\(facts.isExperimental ? " ◆" : "") "
      + "| \(facts.result.name) | \(what) |"
  }
}

/// Operators, aggregations, switches and annotations.
private enum LanguagePage {
  static var text: String {
    ([
      "<!-- Written by `make docs` from the tables in Sources/PromQL and Sources/Evaluator: change them there. -->",
      "", "# PromQL in promgate", "",
      "promgate evaluates the language of Prometheus 3.14. This page lists its operators, aggregations, switches and "
        + "annotations; [functions](functions.md) have a page of their own, [differences](differences.md) says where older "
        + "servers answer otherwise, [explain](explain.md) how to see what a query means.",
    ] + operators + aggregations + switches + annotations).joined(separator: "\n") + "\n"
  }

  private static var operators: [String] {
    var lines = [
      "", "## Operators", "", "The first row binds tightest. Signs bind like `*`, but looser than `^`.", "",
      "| operators | kind | equal ones lean |", "|---|---|---|",
    ]
    let rows = Dictionary(grouping: BinaryOperator.allCases) { $0.facts.precedence }
    for (_, operators) in rows.sorted(by: { $0.key > $1.key }) {
      let names = operators.map { "`\($0.rawValue)`" }.joined(separator: " ")
      let kinds = operators.map { operation in
        switch operation.facts.kind {
        case .arithmetic: "arithmetic"
        case .comparison: "comparison: filters, or yields 0 and 1 with `bool`"
        case .trim: "cuts a native histogram at a value"
        case .set: "set of series"
        }
      }
      var unique: [String] = []
      for kind in kinds where !unique.contains(kind) { unique.append(kind) }
      let lean = operators.allSatisfy { $0.facts.associativity == .left } ? "left" : "right"
      lines.append("| \(names) | \(unique.joined(separator: "; ")) | \(lean) |")
    }
    return lines + [
      "",
      "Between two vectors `on (…)` or `ignoring (…)` says by which labels series meet, `group_left (…)` or `group_right (…)` "
        + "which side may have many, and `fill (…)`, `fill_left (…)`, `fill_right (…)` what stands for a missing side.",
    ]
  }

  private static var aggregations: [String] {
    [
      "", "## Aggregations", "",
      "`by (…)` keeps the labels that it names, `without (…)` all others. ◆: as for functions.", "",
      "| operator | yields |", "|---|---|",
    ]
      + AggregationOperator.allCases.map { operation in
        let facts = operation.facts
        let parameter = facts.parameter.map { $0.name + ", " } ?? ""
        return "| `\(operation.rawValue)(\(parameter)instant-vector)`\(facts.isExperimental ? " ◆" : "") "
          + "| \(facts.summary). |"
      }
  }

  private static var switches: [String] {
    [
      "", "## Switches", "",
      "Parts of the language that Prometheus keeps behind a flag (or did). All are on; `--disable-feature NAME` turns one off, "
        + "with Prometheus' error text.", "", "| name | what |", "|---|---|",
    ]
      + LanguageFeature.allCases.map { feature in
        let what =
          switch feature {
          case .experimentalFunctions: "functions and aggregations marked ◆"
          case .durationExpressions: "arithmetic where durations stand: `[5m * 2]`, `offset step()`"
          case .extendedRangeSelectors: "`anchored` and `smoothed` selectors"
          case .fillModifiers: "`fill`, `fill_left`, `fill_right`"
          case .atModifier: "`@ time`, `@ start()`, `@ end()`"
          case .negativeOffset: "`offset -5m`"
          }
        return "| `\(feature.rawValue)` | \(what) |"
      }
  }

  private static var annotations: [String] {
    [
      "", "## Annotations", "",
      "What an evaluation notes beside its answer, in Prometheus' words; `…` stands for names and numbers. The place in the "
        + "query follows in parentheses.", "", "| level | text | when |", "|---|---|---|",
    ]
      + AnnotationCode.allCases.map { code in
        let facts = code.facts
        let text = facts.text.replacingOccurrences(of: "%", with: "…")
        return "| \(facts.level.rawValue) | \(text) | \(facts.cause) |"
      }
  }
}
