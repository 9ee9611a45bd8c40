public import PromQL

/// What is known of every part of a query without data, for people: `promgate explain --types`.
public struct TypesPage: Sendable {
  private let expression: Expression
  private let facts: PlanFacts

  /// Lowers as for an instant query. Throws what Prometheus would answer.
  public init(_ expression: Expression) throws(LoweringError) {
    self.expression = expression
    let context = QueryContext(grid: Grid(instant: 0), isInstant: true)
    facts = PlanFacts(try Lowering.plan(expression, in: context))
  }

  /// A tree: a line for each part, what is known of it under it.
  public var text: String {
    var lines: [String] = []
    append(facts.nodes.count - 1, 0, &lines)
    return lines.joined(separator: "\n") + "\n"
  }

  private func append(_ index: Int, _ level: Int, _ lines: inout [String]) {
    let node = facts.nodes[index]
    let indent = String(repeating: "  ", count: min(level, 20))
    switch node.content {
    case .vector(_, let facts):
      lines.append(indent + "instant vector" + source(node))
      lines += facts.lines.map { indent + "  | " + $0 }
    case .windows(_, let facts):
      lines.append(indent + "range vector" + source(node))
      lines += facts.lines.map { indent + "  | " + $0 }
    case .scalar(_, let values):
      lines.append(indent + "scalar" + source(node))
      lines.append(indent + "  | " + values.line(nil))
    case .string: lines.append(indent + "string" + source(node))
    }
    for child in node.children { append(child, level + 1, &lines) }
  }

  private func source(_ node: PlanFacts.Node) -> String {
    guard let site = node.site, site.start >= 0, site.end <= expression.text.count, site.start < site.end
    else { return "" }
    let words = String(decoding: expression.text[site.start..<site.end], as: UTF8.self)
      .split { $0.isWhitespace }.joined(separator: " ")
    return ": " + (words.count > 60 ? words.prefix(59) + "…" : words)
  }
}

extension VectorFacts {
  /// What is known, a line each.
  package var lines: [String] {
    var lines = ["series: " + countText, "labels: " + labels.line, "values: " + values.line(unit)]
    if let share { lines.append("share: " + share.line) }
    if histograms == .possible { lines.append("may be native histograms") }
    return lines
  }

  private var countText: String {
    let reasons = empty.names.isEmpty ? "" : " (none when \(empty.names.joined(separator: ", or ")))"
    return switch count {
    case .none(let why): "never any: \(why.words)"
    case .atMostOne: empty.isEmpty ? "exactly one" : "at most one" + reasons
    case .many: "any number" + reasons
    }
  }
}

extension VectorFacts.Impossibility {
  fileprivate var words: String {
    switch self {
    case .contradiction(let label): "the matchers on \(label) exclude each other"
    case .unmatchable(let label): "\(label) is on one side only"
    case .noBuckets: "there is no label le"
    case .neverHolds: "the comparison holds for no value"
    case .part: "a part of it never has one"
    }
  }
}

extension VectorFacts.EmptyReasons {
  fileprivate var names: [String] {
    [
      (VectorFacts.EmptyReasons.noSeries, "nothing selected is there"),
      (.filtered, "a comparison or a function keeps none"),
      (.unmatched, "the sides have no labels in common"),
      (.present, "there is something"),
    ].filter { contains($0.0) }.map(\.1)
  }
}

extension LabelFacts {
  fileprivate var line: String {
    var parts = known.sorted { $0.key < $1.key }.map { label, presence in
      switch presence {
      case .absent: "no \(label)"
      case .fixed(let value): "\(label)=\"\(value)\""
      case .certain: label
      case .possible: "perhaps \(label)"
      }
    }
    if hasOthers { parts.append("perhaps others") }
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }
}

extension ValueFacts {
  fileprivate func line(_ unit: MetricUnit?) -> String {
    var text =
      if let constant { Shown.number(constant) } else if lower == -.infinity, upper == .infinity {
        "any number"
      } else {
        "from \(Self.bound(lower)) to \(Self.bound(upper))"
      }
    if let name = unit?.name { text += " " + name }
    if !nan.names.isEmpty { text += ", NaN when " + nan.names.joined(separator: " or ") }
    if mayDivideByZero { text += ", infinite when the divisor is 0" }
    return text
  }

  private static func bound(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    if value == -.infinity { return "-Inf" }
    // A strict comparison leaves the double next to its number.
    for (neighbour, word) in [(value.nextDown, "just above "), (value.nextUp, "just below ")]
    where Shown.number(neighbour).count + 4 < Shown.number(value).count {
      return word + Shown.number(neighbour)
    }
    return Shown.number(value)
  }
}

extension ValueFacts.NaNReasons {
  fileprivate var names: [String] {
    [
      (ValueFacts.NaNReasons.data, "a target exports it"), (.division, "it is 0/0"),
      (.noObservations, "nothing was observed"), (.domain, "a function is outside its domain"),
      (.notOneSeries, "there is not exactly one series"),
    ].filter { contains($0.0) }.map(\.1)
  }
}

extension RequestShare {
  fileprivate var line: String {
    let what =
      switch kind {
      case .failed: "failed"
      case .succeeded: "successful"
      case .other: "some"
      }
    return "of the \(what) requests, \(Shown.number(whole)) for all"
      + (numeratorMayBeMissing ? "; no value until there is one" : "")
  }
}
