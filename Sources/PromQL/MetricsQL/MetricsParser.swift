import TimeSeries

/// Reads MetricsQL, VictoriaMetrics' language, as its server does: what that refuses to parse is a problem
/// here, with its place. Names of functions and counts of arguments are checked by the lowering.
struct MetricsParser {
  private(set) var tokens: [MetricsToken]
  private(set) var position = 0
  private(set) var features: [MetricsFeature] = []
  private var templates = MetricsTemplates()
  private var parameters: Set<String> = []
  private var level = 0

  /// Linear, but for templates, which are bounded.
  static func parse(_ text: [UInt8]) throws(MetricsProblem) -> MetricsExpression {
    var parser = MetricsParser(tokens: try MetricsLexer.tokens(of: text))
    let root = try parser.expression()
    guard parser.token.kind == .end else {
      throw MetricsProblem("unexpected \(parser.shown) behind the expression", parser.token.range)
    }
    return MetricsExpression(
      text: text, root: root, features: parser.features.sorted { $0.range.start < $1.range.start })
  }

  private init(tokens: [MetricsToken]) { self.tokens = tokens }

  // MARK: Tokens

  var token: MetricsToken { tokens[position] }

  func ahead(_ distance: Int) -> MetricsToken.Kind {
    position + distance < tokens.count ? tokens[position + distance].kind : .end
  }

  mutating func advance() { if position + 1 < tokens.count { position += 1 } }

  func isSymbol(_ symbol: String) -> Bool { token.kind == .symbol(symbol) }

  /// Whether a word stands here, in any case.
  func isWord(_ words: String...) -> Bool { word.map { words.contains($0) } ?? false }

  /// The name here in lower case.
  var word: String? { if case .name(let name) = token.kind { name.lowercased() } else { nil } }

  mutating func take(_ symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String, _ place: String) throws(MetricsProblem) {
    guard take(symbol) else {
      throw MetricsProblem("unexpected \(shown) \(place), expected \"\(symbol)\"", token.range)
    }
  }

  /// The token here, for messages.
  var shown: String {
    switch token.kind {
    case .name(let name): "\"\(name)\""
    case .text: "text"
    case .number, .size, .duration: "number"
    case .symbol(let symbol): "\"\(symbol)\""
    case .end: "end of input"
    }
  }

  /// From a token to the last one read.
  func range(from start: Int) -> SourceRange {
    SourceRange(tokens[start].range.start, tokens[max(start, position - 1)].range.end)
  }

  mutating func note(_ feature: String, from start: Int) {
    features.append(MetricsFeature(name: feature, range: range(from: start)))
  }

  // MARK: Operators

  /// An expression whose operators bind at least as tightly as said.
  mutating func expression(_ loosest: Int = 1) throws(MetricsProblem) -> MetricsNode {
    level += 1
    defer { level -= 1 }
    guard level <= MetricsTemplates.depthLimit else {
      throw MetricsProblem("the query is nested too deeply to be looked at", token.range)
    }
    let start = position
    var lhs = try operand()
    while let found = operatorHere(), found.precedence >= loosest {
      let operatorStart = position
      advance()
      var binary = MetricsNode.Binary(operation: found.operation, lhs: lhs, rhs: lhs)
      try modifiers(&binary)
      binary.rhs = try expression(found.isRightAssociative ? found.precedence : found.precedence + 1)
      switch found.operation {
      case .fallback: note("the default operator", from: operatorStart)
      case .condition: note("the if operator", from: operatorStart)
      case .shared: break
      }
      lhs = try MetricsTemplates.node(
        .binary(binary), range(from: start), [binary.lhs, binary.rhs], range(from: start))
      keepNames()
    }
    return lhs
  }

  mutating func keepNames() {
    guard isWord("keep_metric_names") else { return }
    let start = position
    advance()
    note("keep_metric_names", from: start)
  }

  private struct Operator {
    var operation: MetricsNode.Binary.Operation
    /// 1 binds loosest.
    var precedence: Int
    var isRightAssociative = false
  }

  private func operatorHere() -> Operator? {
    let spelling: String
    switch token.kind {
    case .symbol(let symbol): spelling = symbol
    case .name(let name): spelling = name.lowercased()
    case .text, .number, .size, .duration, .end: return nil
    }
    switch spelling {
    case "default": return Operator(operation: .fallback, precedence: 1)
    case "if": return Operator(operation: .condition(isNegated: false), precedence: 2)
    case "ifnot": return Operator(operation: .condition(isNegated: true), precedence: 2)
    default:
      guard let shared = BinaryOperator(rawValue: spelling) else { return nil }
      if case .trim = shared.facts.kind { return nil }
      return Operator(
        operation: .shared(shared), precedence: shared.facts.precedence + 2,
        isRightAssociative: shared.facts.associativity == .right)
    }
  }

  private mutating func modifiers(_ binary: inout MetricsNode.Binary) throws(MetricsProblem) {
    if isWord("bool"), position + 1 < tokens.count {
      guard case .shared(let operation) = binary.operation, operation.isComparison else {
        throw MetricsProblem("bool stands behind comparisons only", token.range)
      }
      binary.returnsBool = true
      advance()
    }
    guard isWord("on", "ignoring") else { return }
    let isOn = isWord("on")
    advance()
    let names = try labels()
    binary.labels = isOn ? .on(names) : .ignoring(names)
    if isWord("group_left", "group_right") { try grouping(&binary) }
    while isWord("fill", "fill_left", "fill_right"), ahead(1) == .symbol("(") {
      let word = word ?? ""
      advance()
      advance()
      let isNegative = take("-")
      guard case .number(let value) = token.kind else {
        throw MetricsProblem("\(word) wants a number, not \(shown)", token.range)
      }
      advance()
      try expect(")", "behind the number of \(word)")
      let filled = isNegative ? -value : value
      if word != "fill_right" { binary.fillLeft = filled }
      if word != "fill_left" { binary.fillRight = filled }
    }
  }

  private mutating func grouping(_ binary: inout MetricsNode.Binary) throws(MetricsProblem) {
    let start = position
    if case .shared(let operation) = binary.operation, operation.isSet {
      throw MetricsProblem("\(word ?? "") does not go with \(operation.rawValue)", token.range)
    }
    let isLeft = isWord("group_left")
    advance()
    var names: [String] = []
    if isSymbol("("), ahead(1) == .symbol("*") {
      advance()
      advance()
      try expect(")", "behind *")
      binary.takesAllLabels = true
      note("group_left (*)", from: start)
    } else if isSymbol("(") {
      names = try labels()
    }
    if isWord("prefix"), case .text(let prefix) = ahead(1) {
      advance()
      advance()
      names = names.map { String(decoding: prefix, as: UTF8.self) + $0 }
      note("a prefix of labels", from: start)
    }
    binary.cardinality = isLeft ? .manyToOne(include: names) : .oneToMany(include: names)
  }

  /// `(a, "b",)`
  mutating func labels() throws(MetricsProblem) -> [String] {
    try expect("(", "in front of labels")
    var names: [String] = []
    while !isSymbol(")") {
      switch token.kind {
      case .name(let name): names.append(name)
      case .symbol(":"): names.append(":")
      case .text(let bytes): names.append(String(decoding: bytes, as: UTF8.self))
      case .number, .size, .duration, .symbol, .end:
        throw MetricsProblem("unexpected \(shown) in a list of labels", token.range)
      }
      advance()
      guard take(",") else { break }
    }
    try expect(")", "in a list of labels")
    return names
  }

  // MARK: Templates

  /// What a name stands for here.
  func template(_ name: String) -> MetricsTemplates.Template? { templates[name] }

  func isParameter(_ name: String) -> Bool { parameters.contains(name) }

  /// `WITH (a = …, f(x) = …) …`
  mutating func with() throws(MetricsProblem) -> MetricsNode {
    let start = position
    advance()
    try expect("(", "behind WITH")
    let outer = templates
    defer { templates = outer }
    while !isSymbol(")") {
      guard case .name(let name) = token.kind else {
        throw MetricsProblem("unexpected \(shown), expected a template's name", token.range)
      }
      advance()
      var template = MetricsTemplates.Template(
        parameters: [], body: MetricsNode(form: .number(0), range: token.range), isFunction: false)
      if isSymbol("(") {
        template.isFunction = true
        template.parameters = try labels()
      }
      try expect("=", "behind a template's name")
      let around = parameters
      parameters = Set(template.parameters)
      template.body = try expression()
      parameters = around
      templates[name] = template
      guard take(",") else { break }
    }
    try expect(")", "behind templates")
    note("WITH templates", from: start)
    return try expression()
  }

  /// What stands for a name, with arguments.
  mutating func filled(_ name: String, _ arguments: [MetricsNode], from start: Int) throws(MetricsProblem)
    -> MetricsNode?
  {
    guard let template = templates[name] else { return nil }
    guard template.parameters.count == arguments.count else {
      throw MetricsProblem(
        "the template \(name) takes \(template.parameters.count) arguments, not \(arguments.count)",
        range(from: start))
    }
    return try MetricsTemplates.filled(template, with: arguments, at: range(from: start))
  }
}
