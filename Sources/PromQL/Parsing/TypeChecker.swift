import TimeSeries

/// Checks the types of a parsed expression, in Prometheus' order of messages (promql-syntax.md §4).
/// Walks with a list of tasks instead of the stack, so depth does not matter.
struct TypeChecker {
  private enum Task {
    case visit(Expression.NodeID)
    case expect(Expression.NodeID, ValueType, context: String)
    case finish(Expression.NodeID)
  }

  private var expression: Expression
  private var diagnostics: [Diagnostic] = []
  private var tasks: [Task] = []
  /// Selectors that may select everything: the second argument of `info`.
  private var unchecked: Set<Expression.NodeID> = []

  /// Errors in order; empty when all is well. Takes matchings off where no two vectors meet.
  static func check(_ expression: inout Expression) -> [Diagnostic] {
    guard !expression.nodes.isEmpty else { return [] }
    var checker = TypeChecker(expression: expression)
    expression = Expression(text: [])
    checker.run()
    expression = checker.expression
    return checker.diagnostics
  }

  private init(expression: Expression) { self.expression = expression }

  private mutating func run() {
    tasks = [.visit(expression.root)]
    while let task = tasks.popLast() {
      switch task {
      case .visit(let id): visit(id)
      case .expect(let id, let type, let context):
        let node = expression[id]
        if node.type != type {
          report("expected type \(type.name) in \(context), got \(node.type.name)", node.range)
        }
      case .finish(let id): finish(id)
      }
    }
  }

  private mutating func report(_ message: String, _ range: SourceRange) {
    diagnostics.append(Diagnostic(parse: message, range))
  }

  /// Plans the checks of a node: the last task appended is done first.
  private mutating func visit(_ id: Expression.NodeID) {
    switch expression[id].form {
    case .number, .string: return
    case .selector(let selector): check(selector, id)
    case .parenthesis(let inner), .matrix(let inner, _): tasks.append(.visit(inner))
    case .unary(_, let operand): tasks += [.finish(id), .visit(operand)]
    case .subquery(let subquery): tasks += [.finish(id), .visit(subquery.expression)]
    case .binary(let binary): tasks += [.finish(id), .visit(binary.rhs), .visit(binary.lhs)]
    case .aggregation(let aggregation):
      if let parameter = aggregation.parameter, let type = aggregation.operation.facts.parameter {
        tasks += [.expect(parameter, type, context: "aggregation parameter"), .visit(parameter)]
      }
      let vector = aggregation.vector
      tasks += [.expect(vector, .instantVector, context: "aggregation expression"), .visit(vector)]
    case .call(let call): check(call, id)
    }
  }

  /// Checks a node whose operands have been checked.
  private mutating func finish(_ id: Expression.NodeID) {
    let node = expression[id]
    switch node.form {
    case .unary(_, let operand):
      let type = expression[operand].type
      if type != .scalar, type != .instantVector {
        report(
          "unary expression only allowed on expressions of type scalar or instant vector, "
            + "got \"\(type.name)\"", node.range)
      }
    case .subquery(let subquery):
      let type = expression[subquery.expression].type
      if type != .instantVector {
        report("subquery is only allowed on instant vector, got \(type.resultName) instead", node.range)
      }
    case .binary(let binary): check(binary, id)
    case .number, .string, .selector, .matrix, .aggregation, .call, .parenthesis: return
    }
  }

  private mutating func check(_ selector: Expression.Selector, _ id: Expression.NodeID) {
    let range = expression[id].range
    if let name = selector.name {
      for matcher in selector.matchers.dropLast() where matcher.isAboutName {
        report(
          "metric name must not be set twice: \(GoQuote.quoted(name.utf8)) or "
            + GoQuote.quoted(matcher.value), range)
      }
    } else if !unchecked.contains(id), selector.matchers.allSatisfy(\.compiled.acceptsEmpty) {
      report("vector selector must contain at least one non-empty matcher", range)
    }
  }

  // MARK: Calls

  private mutating func check(_ call: Expression.Call, _ id: Expression.NodeID) {
    let facts = call.function.facts
    let name = GoQuote.quoted(call.function.rawValue.utf8)
    let count = call.arguments.count
    let range = expression[id].range
    if facts.isFixed, count != facts.minimum {
      report("expected \(facts.minimum) argument(s) in call to \(name), got \(count)", range)
    } else if count < facts.minimum {
      report("expected at least \(facts.minimum) argument(s) in call to \(name), got \(count)", range)
    } else if let maximum = facts.maximum, count > maximum {
      report("expected at most \(maximum) argument(s) in call to \(name), got \(count)", range)
    }
    if facts.family == .info, count > 1 { checkInfoSelector(call.arguments[1], call: range) }
    guard let last = facts.parameters.last else { return }
    let checked = facts.isFixed ? call.arguments.prefix(facts.parameters.count)[...] : call.arguments[...]
    for (position, argument) in checked.enumerated().reversed() {
      let type = position < facts.parameters.count ? facts.parameters[position] : last
      tasks += [.expect(argument, type, context: "call to function \(name)"), .visit(argument)]
    }
  }

  private mutating func checkInfoSelector(_ id: Expression.NodeID, call: SourceRange) {
    let node = expression[id]
    if node.type != .instantVector {
      report("expected type instant vector in call to function \"info\", got \(node.type.name)", call)
    }
    guard case .selector(let selector) = node.form else {
      report("expected label selectors only", node.range)
      return
    }
    if selector.name != nil {
      report("expected label selectors only, got vector selector instead", node.range)
    } else {
      unchecked.insert(id)
    }
  }

  // MARK: Binary operators

  private mutating func check(_ binary: Expression.Binary, _ id: Expression.NodeID) {
    let (lhs, rhs) = (expression[binary.lhs], expression[binary.rhs])
    if binary.returnsBool, !binary.operation.isComparison {
      report("bool modifier can only be used on comparison operators", operatorRange(lhs, rhs))
    }
    if binary.operation.isComparison, !binary.returnsBool, lhs.type == .scalar, rhs.type == .scalar {
      report("comparisons between scalars must use BOOL modifier", operatorRange(lhs, rhs))
    }
    checkGroupedLabels(binary, operatorRange(lhs, rhs))
    for operand in [lhs, rhs] where operand.type != .scalar && operand.type != .instantVector {
      report("binary expression must contain only scalar and instant vector types", operand.range)
    }
    if lhs.type != .instantVector || rhs.type != .instantVector {
      checkUnmatched(binary, id)
    } else if binary.operation.isSet {
      checkSetMatching(binary, expression[id].range)
    }
    if binary.operation.isSet, lhs.type == .scalar || rhs.type == .scalar {
      let name = GoQuote.quoted(binary.operation.rawValue.utf8)
      report("set operator \(name) not allowed in binary scalar expression", expression[id].range)
    }
  }

  /// A label of both `on (…)` and `group_left (…)` or `group_right (…)`, once for every pair.
  private mutating func checkGroupedLabels(_ binary: Expression.Binary, _ range: SourceRange) {
    guard let matching = binary.matching, case .on(let labels) = matching.labels else { return }
    var counts: [String: Int] = [:]
    for label in matching.cardinality.include { counts[label, default: 0] += 1 }
    for label in labels {
      // Repetitions multiply: a query of hostile size gets each label's error once.
      let repetitions = labels.count <= 1000 ? counts[label] ?? 0 : counts[label] == nil ? 0 : 1
      for _ in 0..<repetitions {
        let name = GoQuote.quoted(label.utf8)
        report("label \(name) must not occur in ON and GROUP clause at once", range)
      }
    }
  }

  private mutating func checkUnmatched(_ binary: Expression.Binary, _ id: Expression.NodeID) {
    let range = expression[id].range
    guard let matching = binary.matching else { return }
    if !matching.labels.names.isEmpty {
      report("vector matching only allowed between instant vectors", range)
    }
    if matching.isFilled {
      report("filling in missing series only allowed between instant vectors", range)
    }
    var binary = binary
    binary.matching = nil
    expression.nodes[id.index].form = .binary(binary)
  }

  private mutating func checkSetMatching(_ binary: Expression.Binary, _ range: SourceRange) {
    guard let matching = binary.matching else { return }
    if matching.cardinality != .oneToOne {
      report("no grouping allowed for \(GoQuote.quoted(binary.operation.rawValue.utf8)) operation", range)
      report("set operations must always be many-to-many", range)
    }
    if matching.isFilled {
      report("filling in missing series not allowed for set operators", range)
    }
  }

  /// What lies between the operands without blanks; its end is the last byte, inclusive.
  private func operatorRange(_ lhs: Expression.Node, _ rhs: Expression.Node) -> SourceRange {
    let text = expression.text
    var start = lhs.range.end
    while start >= 0, start < text.count, Lexer.isSpace(text[start]) { start += 1 }
    var end = rhs.range.start - 1
    while end >= 0, end < text.count, Lexer.isSpace(text[end]) { end -= 1 }
    return SourceRange(start, end)
  }
}

extension MatchLabels {
  /// The labels that were listed.
  public var names: [String] {
    switch self {
    case .on(let names), .ignoring(let names): names
    }
  }
}

extension VectorMatching {
  /// Whether something stands for missing samples.
  public var isFilled: Bool { fillLeft != nil || fillRight != nil }
}

extension VectorMatching.Cardinality {
  /// The labels copied from the "one" side.
  public var include: [String] {
    switch self {
    case .oneToOne: []
    case .manyToOne(let include), .oneToMany(let include): include
    }
  }
}
