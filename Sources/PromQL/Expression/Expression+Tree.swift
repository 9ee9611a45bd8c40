import TimeSeries

extension Expression {
  /// The syntax tree, one node a line, indented, each with its type and range: for `explain`.
  /// Levels deeper than `maximumLevel` are left out, so the text stays linear in the query's size.
  public func tree(maximumLevel: Int = 200) -> String {
    guard !nodes.isEmpty else { return "" }
    var lines: [String] = []
    var open: [(id: NodeID, level: Int)] = [(root, 0)]
    while let (id, level) = open.popLast() {
      let node = self[id]
      let indent = String(repeating: "  ", count: level)
      lines.append("\(indent)\(headline(of: id)) — \(node.type.name) \(node.range.start)…\(node.range.end)")
      let children = children(of: id)
      if level < maximumLevel {
        open += children.reversed().map { ($0, level + 1) }
      } else if !children.isEmpty {
        lines.append(indent + "  …")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// What a node is without what is below it: `call rate`, `operator / on (pod)`.
  public func headline(of id: NodeID) -> String {
    switch self[id].form {
    case .number, .string, .selector: text(of: id)
    case .matrix(_, let range): "range [\(text(of: range))]"
    case .subquery(let subquery): "subquery " + text(of: suffix(of: subquery))
    case .aggregation(let aggregation):
      "aggregation " + Self.head(of: aggregation).split(separator: " ").joined(separator: " ")
    case .binary(let binary): "operator " + Self.sign(of: binary)
    case .call(let call): "call " + call.function.rawValue
    case .parenthesis: "parentheses"
    case .unary(let sign, _): "sign " + sign.rawValue
    }
  }
}

extension Token: CustomStringConvertible {
  /// `identifier 0…3`
  public var description: String { "\(kind) \(range.start)…\(range.end)" }
}
