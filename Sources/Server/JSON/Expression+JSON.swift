import PromQL
import TimeSeries

/// Writes an expression as `/api/v1/parse_query` shows it (http-api.md §13): members in alphabetical
/// order, durations in milliseconds. Works through a list of pieces, so that depth costs no stack.
struct ExpressionJSON {
  private enum Piece {
    case text(String)
    case string([UInt8])
    case node(Expression.NodeID)
    case duration(DurationID)
  }

  private let expression: Expression
  /// What is still to be written, the next piece last.
  private var pending: [Piece] = []

  private init(_ expression: Expression) { self.expression = expression }

  /// Appends the tree under the root.
  static func append(_ expression: Expression, to writer: inout ByteWriter) {
    var json = ExpressionJSON(expression)
    json.pending = [.node(expression.root)]
    while let piece = json.pending.popLast() {
      switch piece {
      case .text(let text): writer.append(text)
      case .string(let bytes): writer.append(string: bytes, .html)
      case .node(let id): json.expand(json.pieces(of: id))
      case .duration(let id): json.expand(json.pieces(of: id))
      }
    }
  }

  private mutating func expand(_ pieces: [Piece]) { pending.append(contentsOf: pieces.reversed()) }

  private func pieces(of id: Expression.NodeID) -> [Piece] {
    switch expression[id].form {
    case .number(let value, _):
      return [.text(#"{"type":"numberLiteral","val":"\#(GoText.plain(value))"}"#)]
    case .string(let bytes):
      return [.text(#"{"type":"stringLiteral","val":"#), .string(bytes), .text("}")]
    case .selector(let selector): return pieces(of: selector, range: nil)
    case .matrix(let inner, let range):
      guard case .selector(let selector) = expression[inner].form else { return [.text("null")] }
      return pieces(of: selector, range: range)
    case .subquery(let subquery):
      return [.text(#"{"expr":"#), .node(subquery.expression)] + offset(subquery.time)
        + written("range", subquery.range) + [.text(bound(subquery.time))]
        + written("step", subquery.step) + [.text(timestamp(subquery.time) + #","type":"subquery"}"#)]
    case .aggregation(let aggregation): return pieces(of: aggregation)
    case .binary(let binary): return pieces(of: binary)
    case .call(let call):
      let facts = call.function.facts
      let types = facts.argumentTypes.map { #""\#($0.resultName)""# }.joined(separator: ",")
      let variadic = facts.isFixed ? 0 : facts.maximum.map { $0 - facts.minimum } ?? -1
      return [.text(#"{"args":["#)] + list(call.arguments) + [
        .text(
          #"],"func":{"argTypes":[\#(types)],"name":"\#(call.function.rawValue)","#
            + #""returnType":"\#(facts.result.resultName)","variadic":\#(variadic)},"type":"call"}"#)
      ]
    case .parenthesis(let inner):
      return [.text(#"{"expr":"#), .node(inner), .text(#","type":"parenExpr"}"#)]
    case .unary(let sign, let operand):
      return [
        .text(#"{"expr":"#), .node(operand),
        .text(#","op":"\#(sign.rawValue)","type":"unaryExpr"}"#),
      ]
    }
  }

  private func pieces(of selector: Expression.Selector, range: Expression.Duration?) -> [Piece] {
    var pieces: [Piece] = [.text(#"{"anchored":\#(selector.edges == .anchored),"matchers":["#)]
    for (index, matcher) in selector.matchers.enumerated() {
      pieces += [
        .text(index == 0 ? #"{"name":"# : #",{"name":"#), .string(matcher.name),
        .text(#","type":"\#(matcher.compiled.operation.rawValue)","value":"#), .string(matcher.value),
        .text("}"),
      ]
    }
    pieces += [.text(#"],"name":"#), .string(Array((selector.name ?? "").utf8))]
    pieces += offset(selector.time)
    if let range { pieces += written("range", range) }
    let type = range == nil ? "vectorSelector" : "matrixSelector"
    let rest = #","smoothed":\#(selector.edges == .smoothed)\#(bound(selector.time))"#
    return pieces + [.text(rest + timestamp(selector.time) + #","type":"\#(type)"}"#)]
  }

  private func pieces(of aggregation: Expression.Aggregation) -> [Piece] {
    let (names, isWithout) =
      switch aggregation.grouping {
      case .by(let names): (names, false)
      case .without(let names): (names, true)
      }
    var pieces: [Piece] = [.text(#"{"expr":"#), .node(aggregation.vector), .text(#","grouping":"#)]
    pieces += strings(names)
    pieces.append(.text(#","op":"\#(aggregation.operation.rawValue)","param":"#))
    pieces.append(aggregation.parameter.map { .node($0) } ?? .text("null"))
    return pieces + [.text(#","type":"aggregation","without":\#(isWithout)}"#)]
  }

  private func pieces(of binary: Expression.Binary) -> [Piece] {
    var pieces: [Piece] = [
      .text(#"{"bool":\#(binary.returnsBool),"lhs":"#), .node(binary.lhs), .text(#","matching":"#),
    ]
    if let matching = binary.matching {
      let (cardinality, include) =
        switch matching.cardinality {
        case .oneToOne: (binary.operation.isSet ? "many-to-many" : "one-to-one", [String]())
        case .manyToOne(let include): ("many-to-one", include)
        case .oneToMany(let include): ("one-to-many", include)
        }
      let (labels, isOn) =
        switch matching.labels {
        case .on(let names): (names, true)
        case .ignoring(let names): (names, false)
        }
      pieces.append(
        .text(
          #"{"card":"\#(cardinality)","fillValues":{"lhs":\#(Self.fill(matching.fillLeft)),"#
            + #""rhs":\#(Self.fill(matching.fillRight))},"include":"#))
      pieces += strings(include) + [.text(#","labels":"#)] + strings(labels)
      pieces.append(.text(#","on":\#(isOn)}"#))
    } else {
      pieces.append(.text("null"))
    }
    return pieces + [
      .text(#","op":"\#(binary.operation.rawValue)","rhs":"#), .node(binary.rhs),
      .text(#","type":"binaryExpr"}"#),
    ]
  }

  /// A number, or a text where JSON has no number.
  private static func fill(_ value: Double?) -> String {
    guard let value else { return "null" }
    return value.isFinite ? GoText.json(value) : #""\#(GoText.plain(value))""#
  }

  /// A node of a duration expression; the names of the functions stand where operators do.
  private func pieces(of id: DurationID) -> [Piece] {
    let node = expression[id]
    func operation(_ name: String, _ lhs: Piece, _ rhs: Piece) -> [Piece] {
      [
        .text(#"{"lhs":"#), lhs, .text(#","op":"\#(name)","rhs":"#), rhs,
        .text(#","type":"durationExpr","wrapped":\#(node.isWrapped)}"#),
      ]
    }
    let none = Piece.text("null")
    switch node.form {
    case .number(let value, let isDuration):
      return [
        .text(
          #"{"duration":\#(isDuration),"type":"numberLiteral","val":"\#(GoText.plain(value))"}"#)
      ]
    case .unary(let sign, let operand): return operation(sign.rawValue, none, .duration(operand))
    case .binary(let sign, let lhs, let rhs):
      return operation(sign.rawValue, .duration(lhs), .duration(rhs))
    case .larger(let lhs, let rhs): return operation("max_of", .duration(lhs), .duration(rhs))
    case .smaller(let lhs, let rhs): return operation("min_of", .duration(lhs), .duration(rhs))
    case .step: return operation("step", none, none)
    case .range: return operation("range", none, none)
    }
  }

  private func list(_ nodes: [Expression.NodeID]) -> [Piece] {
    nodes.enumerated().flatMap { index, id -> [Piece] in
      index == 0 ? [.node(id)] : [.text(","), .node(id)]
    }
  }

  private func strings(_ names: [String]) -> [Piece] {
    [.text("[")]
      + names.enumerated().flatMap { index, name -> [Piece] in
        index == 0 ? [.string(Array(name.utf8))] : [.text(","), .string(Array(name.utf8))]
      } + [.text("]")]
  }

  private func offset(_ time: Expression.TimeModifiers) -> [Piece] {
    written("offset", time.offset)
  }

  /// `,"name":milliseconds,"nameExpr":…`; an expression has no length of its own yet.
  private func written(_ name: String, _ duration: Expression.Duration?) -> [Piece] {
    switch duration {
    case nil: [.text(#","\#(name)":0,"\#(name)Expr":null"#)]
    case .literal(let nanoseconds):
      [.text(#","\#(name)":\#(nanoseconds / 1_000_000),"\#(name)Expr":null"#)]
    case .expression(let id): [.text(#","\#(name)":0,"\#(name)Expr":"#), .duration(id)]
    }
  }

  private func bound(_ time: Expression.TimeModifiers) -> String {
    switch time.at {
    case .start: #","startOrEnd":"start""#
    case .end: #","startOrEnd":"end""#
    case .time, nil: #","startOrEnd":null"#
    }
  }

  private func timestamp(_ time: Expression.TimeModifiers) -> String {
    guard case .time(let milliseconds) = time.at else { return #","timestamp":null"# }
    return #","timestamp":\#(milliseconds)"#
  }
}
