import TimeSeries

extension MetricsParser {
  // MARK: Operands

  /// One expression without operators, with what stands behind it.
  mutating func operand() throws(MetricsProblem) -> MetricsNode {
    let start = position
    if isWord("with"), ahead(1) == .symbol("(") { return try with() }
    if take("-") {
      // Tighter than everything but powers.
      let inner = try expression(BinaryOperator.power.facts.precedence + 2)
      return try MetricsTemplates.node(.negate(inner), range(from: start), [inner], range(from: start))
    }
    if take("+") { return try expression(BinaryOperator.power.facts.precedence + 2) }
    let bare = try bareOperand()
    return try timed(bare, from: start)
  }

  private mutating func bareOperand() throws(MetricsProblem) -> MetricsNode {
    let start = position
    switch token.kind {
    case .number(let value), .size(let value):
      advance()
      return MetricsNode(form: .number(value), range: range(from: start))
    case .duration(let duration):
      advance()
      if duration.steps != 0 { note("durations in steps (5i)", from: start) }
      return MetricsNode(form: .duration(duration), range: range(from: start))
    case .text: return MetricsNode(form: .text(try text()), range: range(from: start))
    case .name(let name): return try named(name)
    case .symbol("("): return try parentheses()
    case .symbol("{"): return try selector(nil, from: start)
    case .symbol(":"):
      // A colon may be a metric's whole name.
      advance()
      let plain = MetricsSelector(name: ":", alternatives: [[]], hasBraces: false)
      return MetricsNode(form: .selector(plain), range: range(from: start))
    case .symbol, .end:
      throw MetricsProblem("unexpected \(shown), expected an expression", token.range)
    }
  }

  /// What stands behind `@`: one operand, with signs.
  private mutating func signedOperand() throws(MetricsProblem) -> MetricsNode {
    let start = position
    var isNegative = false
    while isSymbol("+") || isSymbol("-") {
      isNegative = isSymbol("-") != isNegative
      advance()
    }
    let inner = try bareOperand()
    guard isNegative else { return inner }
    return try MetricsTemplates.node(.negate(inner), range(from: start), [inner], range(from: start))
  }

  /// Texts that are put together: `"a" + "b"`, up to the first that is none.
  private mutating func text() throws(MetricsProblem) -> [UInt8] {
    var bytes: [UInt8] = []
    while case .text(let next) = token.kind {
      bytes += next
      advance()
      guard isSymbol("+"), case .text = ahead(1) else { break }
      advance()
    }
    return bytes
  }

  private mutating func parentheses() throws(MetricsProblem) -> MetricsNode {
    let start = position
    let parts = try arguments()
    if parts.count == 1 {
      if case .binary = parts[0].form, !parts[0].isWrapped { keepNames() }
      var inner = parts[0]
      inner.isWrapped = true
      inner.range = range(from: start)
      return inner
    }
    return try MetricsTemplates.node(.union(parts), range(from: start), parts, range(from: start))
  }

  /// `(a, b,)`
  mutating func arguments() throws(MetricsProblem) -> [MetricsNode] {
    try expect("(", "in front of arguments")
    var found: [MetricsNode] = []
    while !isSymbol(")") {
      found.append(try expression())
      guard take(",") else { break }
    }
    guard take(")") else {
      throw MetricsProblem("unexpected \(shown) in parentheses, expected \",\" or \")\"", token.range)
    }
    return found
  }

  // MARK: Names

  private mutating func named(_ name: String) throws(MetricsProblem) -> MetricsNode {
    let start = position
    let function = MetricsFunction.named(name)
    advance()
    switch token.kind {
    case .symbol("("):
      if template(name) != nil {
        let arguments = try arguments()
        if let filled = try filled(name, arguments, from: start) { return filled }
      }
      guard let function else {
        let nearest = MetricsFunction.nearest(to: name).map { ", did you mean \($0)?" } ?? ""
        throw MetricsProblem("VictoriaMetrics has no function \(name)\(nearest)", range(from: start))
      }
      return try call(function, nil, from: start)
    case .name where function?.family == .aggregate && !isWord("offset"):
      guard let function else { break }
      guard isWord("by", "without") else {
        throw MetricsProblem("unexpected \(shown) behind \(name), expected \"(\"", token.range)
      }
      let grouping = try self.grouping()
      return try call(function, grouping, from: start)
    case .name, .text, .number, .size, .duration, .symbol, .end: break
    }
    if isSymbol("{") { return try selector(name, from: start) }
    if isParameter(name) { return MetricsNode(form: .parameter(name), range: range(from: start)) }
    if template(name)?.parameters.isEmpty ?? false, let filled = try filled(name, [], from: start) {
      return filled
    }
    switch name.lowercased() {
    case "inf", "infinity": return MetricsNode(form: .number(.infinity), range: range(from: start))
    case "nan": return MetricsNode(form: .number(.nan), range: range(from: start))
    default: break
    }
    let plain = MetricsSelector(name: name, alternatives: [[]], hasBraces: false)
    return MetricsNode(form: .selector(plain), range: range(from: start))
  }

  private mutating func grouping() throws(MetricsProblem) -> AggregationPlan.Grouping {
    let isBy = isWord("by")
    advance()
    let names = try labels()
    return isBy ? .by(names) : .without(names)
  }

  private mutating func call(
    _ function: MetricsFunction, _ before: AggregationPlan.Grouping?, from start: Int
  ) throws(MetricsProblem) -> MetricsNode {
    let arguments = try arguments()
    var aggregation: MetricsNode.Aggregation?
    if function.family == .aggregate {
      var behind = before
      if before == nil, isWord("by", "without") { behind = try grouping() }
      aggregation = MetricsNode.Aggregation(grouping: behind ?? .by([]))
      if isWord("limit") {
        let place = position
        advance()
        guard case .number(let limit) = token.kind, let count = Int(exactly: limit) else {
          throw MetricsProblem("limit wants a whole number, not \(shown)", token.range)
        }
        advance()
        aggregation?.limit = count
        note("limit behind an aggregation", from: place)
      }
    } else {
      keepNames()
    }
    return try MetricsTemplates.node(
      .call(function, arguments, aggregation), range(from: start), arguments, range(from: start))
  }

  // MARK: Selectors

  private mutating func selector(_ name: String?, from start: Int) throws(MetricsProblem) -> MetricsNode {
    var selector = MetricsSelector(name: name, alternatives: [[]], hasBraces: true)
    try expect("{", "in front of filters")
    if !isSymbol("}") {
      while true {
        let filters = try filter()
        selector.alternatives[selector.alternatives.count - 1] += filters
        if take(",") {
          if isSymbol("}") { break }
          continue
        }
        guard isWord("or") else { break }
        advance()
        note("or inside braces", from: position - 1)
        selector.alternatives.append([])
      }
    }
    guard take("}") else {
      throw MetricsProblem("unexpected \(shown) in braces, expected \",\", \"or\" or \"}\"", token.range)
    }
    if let name {
      if isParameter(name) {
        selector.isParameter = true
      } else if let template = template(name), template.parameters.isEmpty {
        return try MetricsTemplates.merged(selector, into: template.body, [:], range(from: start))
      }
    }
    return MetricsNode(form: .selector(selector), range: range(from: start))
  }

  private mutating func filter() throws(MetricsProblem) -> [MetricsSelector.Filter] {
    let start = position
    let label: String
    var isQuoted = false
    switch token.kind {
    case .name(let name): label = name
    case .text(let bytes):
      label = String(decoding: bytes, as: UTF8.self)
      isQuoted = true
    case .number, .size, .duration, .symbol, .end:
      throw MetricsProblem("unexpected \(shown) in braces, expected a label", token.range)
    }
    advance()
    guard case .symbol(let symbol) = token.kind, let operation = LabelMatcher.Operation(rawValue: symbol)
    else {
      if isQuoted {
        let value = MetricsNode(form: .text(Array(label.utf8)), range: range(from: start))
        return [
          MetricsSelector.Filter(
            label: "__name__", operation: .equal, value: [value], range: range(from: start), isName: true)
        ]
      }
      if isParameter(label) {
        return [MetricsSelector.Filter(label: label, operation: nil, value: [], range: range(from: start))]
      }
      guard let template = template(label), template.parameters.isEmpty else {
        throw MetricsProblem(
          "the label \(label) has no condition, and no template has its name", range(from: start))
      }
      return try MetricsTemplates.filters(of: template.body, range(from: start))
    }
    advance()
    var value: [MetricsNode] = []
    repeat {
      let place = position
      switch token.kind {
      case .text(let bytes):
        advance()
        value.append(MetricsNode(form: .text(bytes), range: range(from: place)))
      case .name(let name):
        advance()
        if isParameter(name) {
          value.append(MetricsNode(form: .parameter(name), range: range(from: place)))
        } else if let template = template(name), case .text = template.body.form {
          value.append(template.body)
        } else {
          throw MetricsProblem("\(name) is no text: put it in quotes", range(from: place))
        }
      case .number, .size, .duration, .symbol, .end:
        throw MetricsProblem("unexpected \(shown), expected a text in quotes", token.range)
      }
    } while take("+")
    return [
      MetricsSelector.Filter(label: label, operation: operation, value: value, range: range(from: start))
    ]
  }

  // MARK: Windows and offsets

  private mutating func timed(_ node: MetricsNode, from start: Int) throws(MetricsProblem) -> MetricsNode {
    var timing = MetricsNode.Timing()
    var isTimed = false
    if take("[") {
      isTimed = true
      timing.hasBrackets = true
      try window(&timing)
    }
    if try at(&timing) { isTimed = true }
    if isWord("offset") {
      isTimed = true
      advance()
      timing.offset = try duration(mayBeNegative: true)
    }
    if timing.at == nil, try at(&timing) { isTimed = true }
    if isSymbol("@") { throw MetricsProblem("@ stands here twice", token.range) }
    guard isTimed else { return node }
    let children = [node] + (timing.at.map { [$0] } ?? [])
    return try MetricsTemplates.node(.timed(node, timing), range(from: start), children, range(from: start))
  }

  private mutating func window(_ timing: inout MetricsNode.Timing) throws(MetricsProblem) {
    let start = position
    if let (window, step) = namesAroundColon {
      // `[w:1m]` and `[:1m]` read as names.
      timing.isSubquery = true
      if !window.isEmpty { timing.window = try duration(named: window) }
      if !step.isEmpty { timing.step = try duration(text: step) }
      advance()
      if step.isEmpty, !isSymbol("]") { timing.step = try duration(mayBeNegative: false) }
    } else {
      if !isSymbol(":") { timing.window = try duration(mayBeNegative: false) }
      let step = namesAroundColon.flatMap { $0.window.isEmpty ? $0.step : nil }
      if isSymbol(":") || step != nil {
        timing.isSubquery = true
        if let step, !step.isEmpty { timing.step = try duration(text: step) }
        advance()
        if timing.step == nil, !isSymbol("]") { timing.step = try duration(mayBeNegative: false) }
      }
    }
    // `3h-1d` is one duration.
    if [timing.window, timing.step].contains(where: { $0?.isNegative ?? false }) {
      throw MetricsProblem("a negative duration, expected a positive one", range(from: start))
    }
    try expect("]", "behind a window")
  }

  /// What stands in front of and behind the colon of a name: a window and a step.
  private var namesAroundColon: (window: String, step: String)? {
    guard case .name(let name) = token.kind, let colon = name.firstIndex(of: ":") else { return nil }
    return (String(name[..<colon]), String(name[name.index(after: colon)...]))
  }

  private func duration(named name: String) throws(MetricsProblem) -> MetricsDuration {
    if isParameter(name) { return MetricsDuration(steps: 1) }
    switch template(name)?.body.form {
    case .number(let seconds)?: return MetricsDuration(time: seconds * 1000)
    case .duration(let duration)?: return duration
    case .text, .selector, .union, .call, .binary, .negate, .timed, .parameter, nil:
      throw MetricsProblem("unexpected \"\(name)\", expected a duration", token.range)
    }
  }

  private func duration(text: String) throws(MetricsProblem) -> MetricsDuration {
    let tokens = try? MetricsLexer.tokens(of: Array(text.utf8))
    guard let tokens, tokens.count == 2 else {
      throw MetricsProblem("unexpected \"\(text)\", expected a duration", token.range)
    }
    switch tokens[0].kind {
    case .duration(let duration): return duration
    case .number(let seconds): return MetricsDuration(time: seconds * 1000)
    case .name(let name): return try duration(named: name)
    case .size, .text, .symbol, .end:
      throw MetricsProblem("unexpected \"\(text)\", expected a duration", token.range)
    }
  }

  private mutating func at(_ timing: inout MetricsNode.Timing) throws(MetricsProblem) -> Bool {
    guard take("@") else { return false }
    timing.at = try signedOperand()
    return true
  }

  private mutating func duration(mayBeNegative: Bool) throws(MetricsProblem) -> MetricsDuration {
    let isNegative = mayBeNegative && take("-")
    let start = position
    var found: MetricsDuration?
    switch token.kind {
    case .number(let seconds): found = MetricsDuration(time: seconds * 1000)
    case .duration(let duration):
      found = duration
      if duration.steps != 0 { note("durations in steps (5i)", from: start) }
    case .name(let name): found = try duration(named: name)
    case .size, .text, .symbol, .end: break
    }
    guard let found else {
      throw MetricsProblem("unexpected \(shown), expected a duration", token.range)
    }
    advance()
    return isNegative ? found.negated : found
  }
}
