import TimeSeries

extension Expression: CustomStringConvertible {
  /// The canonical form (promql-syntax.md §6), which parses to the same expression again.
  public var description: String { nodes.isEmpty ? "" : text(of: root) }

  /// The canonical form of a part. Linear in the size of the part; never recurses.
  public func text(of id: NodeID) -> String { text(of: [.node(id)]) }

  /// The canonical form of a duration expression.
  public func text(of duration: Duration) -> String { text(of: piece(of: duration)) }

  func text(of parts: [Piece]) -> String {
    var text = ""
    var open: [Piece] = parts.reversed()
    while let piece = open.popLast() {
      switch piece {
      case .text(let part): text += part
      case .node(let id): open += pieces(of: id).reversed()
      case .duration(let id): open += pieces(of: id).reversed()
      }
    }
    return text
  }

  /// A part of the canonical form.
  enum Piece {
    case text(String)
    case node(NodeID)
    case duration(DurationID)
  }

  /// What a node prints, in order.
  func pieces(of id: NodeID) -> [Piece] {
    switch nodes[id.index].form {
    case .number(let value, let isDuration): [.text(Self.number(value, isDuration))]
    case .string(let bytes): [.text(GoQuote.quoted(bytes))]
    case .selector(let selector):
      [.text(Self.bare(selector) + Self.at(selector.time) + Self.edges(selector))] + offset(selector.time)
    case .matrix(let inner, let range): matrix(inner, range)
    case .subquery(let subquery): [.node(subquery.expression)] + suffix(of: subquery)
    case .aggregation(let aggregation):
      [.text(Self.head(of: aggregation) + "(")]
        + (aggregation.parameter.map { [.node($0), .text(", ")] } ?? [])
        + [.node(aggregation.vector), .text(")")]
    case .binary(let binary):
      [.node(binary.lhs), .text(" \(Self.sign(of: binary)) "), .node(binary.rhs)]
    case .call(let call):
      [.text(call.function.rawValue + "(")] + Self.list(call.arguments) + [.text(")")]
    case .parenthesis(let inner): [.text("("), .node(inner), .text(")")]
    case .unary(let sign, let operand): [.text(sign.rawValue), .node(operand)]
    }
  }

  private static func list(_ nodes: [NodeID]) -> [Piece] {
    var pieces: [Piece] = []
    for node in nodes {
      if !pieces.isEmpty { pieces.append(.text(", ")) }
      pieces.append(.node(node))
    }
    return pieces
  }

  private static func number(_ value: Double, _ isDuration: Bool) -> String {
    guard isDuration else { return GoText.plain(value) }
    return literal(GoConversion.integer(value * 1e9))
  }

  /// A literal of nanoseconds; what is below a millisecond is cut off.
  private static func literal(_ nanoseconds: Int64) -> String {
    DurationText.text(milliseconds: nanoseconds / 1_000_000)
  }

  // MARK: Selectors

  /// Name and matchers. `info(v, {})` prints an empty selector, as Prometheus does.
  private static func bare(_ selector: Selector) -> String {
    let name = selector.name ?? ""
    let matchers = selector.matchers.filter { matcher in
      name.isEmpty || !matcher.isAboutName || matcher.compiled.operation != .equal
        || !matcher.value.elementsEqual(name.utf8)
    }
    if matchers.isEmpty { return name }
    let texts = matchers.map(\.description).sorted { Array($0.utf8).lexicographicallyPrecedes($1.utf8) }
    return name + "{" + texts.joined(separator: ",") + "}"
  }

  private static func at(_ time: TimeModifiers) -> String {
    switch time.at {
    case nil: ""
    case .time(let milliseconds): " @ " + GoText.fixed(Double(milliseconds) / 1000, places: 3)
    case .start: " @ start()"
    case .end: " @ end()"
    }
  }

  private static func edges(_ selector: Selector) -> String {
    switch selector.edges {
    case .none: ""
    case .anchored: " anchored"
    case .smoothed: " smoothed"
    }
  }

  private func offset(_ time: TimeModifiers) -> [Piece] {
    time.offset.map { [.text(" offset ")] + piece(of: $0) } ?? []
  }

  private func piece(of duration: Duration) -> [Piece] {
    switch duration {
    case .literal(let nanoseconds): [.text(Self.literal(nanoseconds))]
    case .expression(let id): [.duration(id)]
    }
  }

  private func matrix(_ inner: NodeID, _ range: Duration) -> [Piece] {
    guard case .selector(let selector) = nodes[inner.index].form else { return [] }
    return [.text(Self.bare(selector) + "[")] + piece(of: range)
      + [.text("]" + Self.edges(selector) + Self.at(selector.time))] + offset(selector.time)
  }

  /// `[range:step] @ … offset …`
  func suffix(of subquery: Subquery) -> [Piece] {
    [.text("[")] + piece(of: subquery.range) + [.text(":")] + (subquery.step.map(piece) ?? [])
      + [.text("]" + Self.at(subquery.time))] + offset(subquery.time)
  }

  // MARK: Operators

  /// `sum by (a, b) `, the parenthesis that follows left out.
  static func head(of aggregation: Aggregation) -> String {
    let name = aggregation.operation.rawValue
    switch aggregation.grouping {
    case .by([]): return name
    case .by(let labels): return "\(name) by (\(joined(labels))) "
    case .without(let labels): return "\(name) without (\(joined(labels))) "
    }
  }

  /// The operator with its modifiers.
  static func sign(of binary: Binary) -> String {
    var text = binary.operation.rawValue
    if binary.returnsBool { text += " bool" }
    guard let matching = binary.matching else { return text }
    let names = joined(matching.labels.names)
    switch matching.labels {
    case .on: text += " on (\(names))"
    case .ignoring(let labels):
      if !labels.isEmpty || matching.cardinality != .oneToOne { text += " ignoring (\(names))" }
    }
    switch matching.cardinality {
    case .oneToOne: break
    case .manyToOne(let include): text += " group_left (\(joined(include)))"
    case .oneToMany(let include): text += " group_right (\(joined(include)))"
    }
    return text + fill(matching)
  }

  private static func fill(_ matching: VectorMatching) -> String {
    // Numbers are compared, not texts: NaN stands on both sides, as in Prometheus.
    if let left = matching.fillLeft, left == matching.fillRight { return " fill (\(GoText.general(left)))" }
    let (left, right) = (matching.fillLeft.map(GoText.general), matching.fillRight.map(GoText.general))
    return (left.map { " fill_left (\($0))" } ?? "") + (right.map { " fill_right (\($0))" } ?? "")
  }

  private static func joined(_ labels: [String]) -> String {
    labels.map { LabelName.isLegacy($0.utf8) ? $0 : GoQuote.quoted($0.utf8) }.joined(separator: ", ")
  }

  // MARK: Durations

  private func pieces(of id: DurationID) -> [Piece] {
    let node = durations[id.index]
    let inner: [Piece] =
      switch node.form {
      case .number(let value, let isDuration): [.text(Self.number(value, isDuration))]
      case .unary(.minus, let operand): [.text("-"), .duration(operand)]
      case .unary(.plus, let operand): [.duration(operand)]
      case .binary(let operation, let lhs, let rhs):
        [.duration(lhs), .text(" \(operation.rawValue) "), .duration(rhs)]
      case .larger(let lhs, let rhs):
        [.text("max_of("), .duration(lhs), .text(", "), .duration(rhs), .text(")")]
      case .smaller(let lhs, let rhs):
        [.text("min_of("), .duration(lhs), .text(", "), .duration(rhs), .text(")")]
      case .step: [.text("step()")]
      case .range: [.text("range()")]
      }
    return node.isWrapped ? [.text("(")] + inner + [.text(")")] : inner
  }
}

extension Expression.Matcher: CustomStringConvertible {
  /// `label="value"`, the label quoted when it needs to be.
  public var description: String {
    let label = LabelName.isLegacy(name) ? String(decoding: name, as: UTF8.self) : GoQuote.quoted(name)
    return label + compiled.operation.rawValue + GoQuote.quoted(value)
  }
}
