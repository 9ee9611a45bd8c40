extension Expression {
  /// The expression laid out over lines: a node whose canonical form is longer than `width` bytes is
  /// split (promql-syntax.md §7). Comments are lost. From `maximumLevel` on nothing is split any
  /// more, so the output stays linear in the size of the query.
  public func pretty(width: Int = 100, maximumLevel: Int = 256) -> String {
    if nodes.isEmpty { return "" }
    var prettifier = Prettifier(self, width: width, maximumLevel: maximumLevel)
    return prettifier.run()
  }
}

/// Walks with a list of tasks instead of the stack.
private struct Prettifier {
  private enum Task {
    case text(String)
    /// `bare`: without the indent in front, as after a sign.
    case node(Expression.NodeID, level: Int, bare: Bool)
  }

  private let expression: Expression
  private let width: Int
  private let maximumLevel: Int
  /// The length of each node's canonical form in bytes.
  private let lengths: [Int]
  private var tasks: [Task] = []

  init(_ expression: Expression, width: Int, maximumLevel: Int) {
    self.expression = expression
    self.width = width
    self.maximumLevel = maximumLevel
    var lengths: [Int] = []
    lengths.reserveCapacity(expression.nodes.count)
    // Children come before their parents.
    for index in expression.nodes.indices {
      lengths.append(
        expression.pieces(of: Expression.NodeID(index)).reduce(0) { sum, piece in
          switch piece {
          case .text(let text): sum + text.utf8.count
          case .node(let id): sum + lengths[id.index]
          case .duration(let id): sum + expression.text(of: .expression(id)).utf8.count
          }
        })
    }
    self.lengths = lengths
  }

  mutating func run() -> String {
    var text = ""
    tasks = [.node(expression.root, level: 0, bare: false)]
    while let task = tasks.popLast() {
      switch task {
      case .text(let part): text += part
      case .node(let id, let level, let bare): tasks += layout(id, level, bare).reversed()
      }
    }
    return text
  }

  private func layout(_ id: Expression.NodeID, _ level: Int, _ bare: Bool) -> [Task] {
    let indent = Task.text(bare ? "" : Self.indent(level))
    let fits = lengths[id.index] <= width || level >= maximumLevel
    switch expression[id].form {
    case .number, .string, .selector, .matrix: return whole(id, indent)
    case .unary(let sign, let operand):
      return [indent, .text(sign.rawValue), .node(operand, level: level, bare: true)]
    case .subquery(let subquery):
      if fits { return [.text(expression.text(of: id))] }
      let suffix = expression.suffix(of: subquery).map { piece -> Task in
        switch piece {
        case .text(let text): .text(text)
        case .duration(let id): .text(expression.text(of: .expression(id)))
        case .node(let id): .text(expression.text(of: id))
        }
      }
      return [.node(subquery.expression, level: level, bare: bare)] + suffix
    case .aggregation(let aggregation):
      if fits { return whole(id, indent) }
      let arguments = (aggregation.parameter.map { [$0] } ?? []) + [aggregation.vector]
      return [indent, .text(Expression.head(of: aggregation))] + list(arguments, level)
    case .call(let call):
      return fits ? whole(id, indent) : [indent, .text(call.function.rawValue)] + list(call.arguments, level)
    case .parenthesis(let inner): return fits ? whole(id, indent) : [indent] + list([inner], level)
    case .binary(let binary):
      if fits { return whole(id, indent) }
      return [
        .node(binary.lhs, level: level + 1, bare: bare), .text("\n" + Self.indent(level)),
        .text(Expression.sign(of: binary) + "\n"), .node(binary.rhs, level: level + 1, bare: false),
      ]
    }
  }

  private func whole(_ id: Expression.NodeID, _ indent: Task) -> [Task] {
    [indent, .text(expression.text(of: id))]
  }

  /// `(`, each node on lines of its own one level deeper, `)`.
  private func list(_ nodes: [Expression.NodeID], _ level: Int) -> [Task] {
    var tasks: [Task] = [.text("(\n")]
    for (position, node) in nodes.enumerated() {
      tasks.append(.node(node, level: level + 1, bare: false))
      tasks.append(.text(position + 1 < nodes.count ? ",\n" : "\n"))
    }
    return tasks + [.text(Self.indent(level) + ")")]
  }

  private static func indent(_ level: Int) -> String { String(repeating: "  ", count: level) }
}
