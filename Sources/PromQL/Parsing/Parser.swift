public import TimeSeries

extension Expression {
  /// Parses and checks a query given as bytes: any bytes, any length, any nesting, in linear time.
  /// Throws all errors that Prometheus would list, in its order.
  public static func parse(
    _ text: some Collection<UInt8>, features: LanguageFeatures = .all
  ) throws(ParseFailure) -> Expression {
    let bytes = Array(text)
    var parser = Parser(bytes, features)
    parser.run()
    var diagnostics = parser.diagnostics
    if diagnostics.isEmpty { diagnostics = TypeChecker.check(&parser.expression) }
    if !diagnostics.isEmpty { throw ParseFailure(diagnostics: diagnostics, text: bytes) }
    return parser.expression
  }

  /// As `parse` of the text's UTF-8.
  public static func parse(
    _ text: String, features: LanguageFeatures = .all
  ) throws(ParseFailure) -> Expression {
    try parse(text.utf8, features: features)
  }

  /// The matchers of a text that is one series selector, without range, `offset` or `@`, as
  /// parameters like `match[]` hold it (http-api.md §4); the one of a plain name comes last.
  /// They may all accept the empty string.
  public static func matchers(
    ofSelector text: some Collection<UInt8>
  ) throws(ParseFailure) -> [LabelMatcher] {
    let bytes = Array(text)
    var parser = Parser(bytes, .all, start: .startOfSelector)
    parser.run()
    let nodes = parser.expression.nodes
    guard parser.diagnostics.isEmpty, case .selector(let selector)? = nodes.last?.form else {
      throw ParseFailure(diagnostics: parser.diagnostics, text: bytes)
    }
    return selector.matchers.map(\.compiled)
  }

  /// The tokens of a text, comments included, and what stopped the lexer if something did.
  public static func tokens(of text: some Collection<UInt8>) -> (tokens: [Token], problem: Diagnostic?) {
    let (tokens, problem) = Lexer.tokens(of: Array(text))
    return (tokens, problem.map { Diagnostic(parse: $0.message, $0.range) })
  }
}

extension Diagnostic {
  /// An error of syntax or type.
  init(parse message: String, _ range: SourceRange) {
    self.init(code: "parse", severity: .error, range: range, message: message)
  }
}

/// The value of a symbol on the parser's stack. Lists live in the parser, so that appending to them
/// copies nothing.
enum SemanticValue {
  case none
  case token(Token)
  case node(Expression.NodeID)
  /// Index into `Parser.argumentLists`, and the end of the closing parenthesis.
  case arguments(Int, end: Int)
  /// Index into `Parser.labelLists`; nil for an empty list.
  case labels(Int?)
  case label(String)
  case grouping(AggregationPlan.Grouping)
  /// Index into `Parser.modifiers`.
  case modifier(Int)
  case fill(Double)
  case matcher(Expression.Matcher?)
  /// A string in braces, unquoted.
  case text([UInt8], SourceRange)
  /// Index into `Parser.matcherLists`.
  case matchers(Int)
  case braces([Expression.Matcher], SourceRange)
  case duration(DurationID)
}

/// What stands between an operator and its right side.
struct BinaryModifier {
  var returnsBool = false
  var labels = MatchLabels.ignoring([])
  var cardinality = VectorMatching.Cardinality.oneToOne
  var fillLeft: Double?
  var fillRight: Double?
}

/// The table-driven parser. Its recovery from errors is yacc's, so that it lists the very errors
/// that Prometheus lists (promql-syntax.md §5.3). It never recurses.
struct Parser {
  let features: LanguageFeatures
  var expression: Expression
  var diagnostics: [Diagnostic] = []

  var argumentLists: [[Expression.NodeID]] = []
  var labelLists: [[String]] = []
  var matcherLists: [[Expression.Matcher]] = []
  var modifiers: [BinaryModifier] = []

  /// The token read last, which errors are about.
  var lastToken = Token(.endOfInput, SourceRange(0, 0))
  /// Whether the lexer has given up: its error stands for all errors at that place.
  var sawLexicalError = false
  /// The end of the last closing token read so far.
  var lastClosing = 0

  private let table = ParsingTable.promQL
  private var lexer: Lexer
  private var states = [0]
  private var values = [SemanticValue.none]
  /// The next token's terminal and value; nil before it is read.
  private var lookahead: Symbol?
  private var lookaheadValue = SemanticValue.none
  private var sawEnd = false

  /// `start` says what the text is: `startOfInput` a query, `startOfSelector` one selector.
  init(_ text: [UInt8], _ features: LanguageFeatures, start: Symbol = .startOfInput) {
    self.features = features
    lookahead = start
    expression = Expression(text: text)
    lexer = Lexer(text)
  }

  var text: [UInt8] { expression.text }

  mutating func report(_ message: String, _ range: SourceRange) {
    diagnostics.append(Diagnostic(parse: message, range))
  }

  /// Says that a part of the language is switched off, and by which flag it is on.
  mutating func report(_ message: String, _ range: SourceRange, needing feature: LanguageFeature) {
    var diagnostic = Diagnostic(parse: message, range)
    diagnostic.notes = [Diagnostic.Note("--enable-feature=\(feature.rawValue) switches it on")]
    diagnostics.append(diagnostic)
  }

  /// Parses the whole text.
  mutating func run() {
    // How many more tokens must be shifted before an error counts as a new one.
    var recovering = 0
    while let state = states.last {
      switch table.blindAction(state) ?? table.action(state, nextSymbol()) {
      case .shift(let target):
        if lookahead == .end { return }
        push(target, lookaheadValue)
        lookahead = nil
        if recovering > 0 { recovering -= 1 }
      case .reduce(let rule): reduce(rule)
      case .fail:
        if recovering == 3 {
          if nextSymbol() == .end { return }
          lookahead = nil
        } else {
          recovering = 3
          guard recover() else { return }
        }
      }
    }
  }

  private mutating func push(_ state: Int, _ value: SemanticValue) {
    states.append(state)
    values.append(value)
  }

  private mutating func reduce(_ rule: Int) {
    let production = table.productions[rule]
    let first = values.count - production.right.count
    let value = perform(production.action, values[first...])
    states.removeLast(production.right.count)
    values.removeLast(production.right.count)
    guard let state = states.last else { return }
    push(table.target(state, production.left), value)
  }

  /// Pops states until one can shift the error token, and shifts it. False when none can.
  private mutating func recover() -> Bool {
    while let state = states.last {
      if let target = table.errorTarget(state) {
        push(target, .none)
        return true
      }
      states.removeLast()
      values.removeLast()
    }
    return false
  }

  /// The terminal of the next token, read when it is not there yet.
  private mutating func nextSymbol() -> Symbol {
    if let lookahead { return lookahead }
    let symbol = readSymbol()
    lookahead = symbol
    return symbol
  }

  private mutating func readSymbol() -> Symbol {
    while !sawEnd {
      do throws(LexicalError) {
        let token = try lexer.next()
        guard let symbol = token.kind.symbol else {
          expression.comments.append(token.range)
          continue
        }
        lastToken = token
        if token.kind.closes { lastClosing = token.range.end }
        sawEnd = token.kind == .endOfInput
        lookaheadValue = .token(token)
        return symbol
      } catch {
        sawEnd = true
        sawLexicalError = true
        report(error.message, error.range)
      }
    }
    return .end
  }
}
