import PromQL
import TimeSeries

/// How much a template may ask for. What exceeds a limit is an error that names it.
enum TemplateLimits {
  /// Levels of actions and parentheses within each other.
  static let nesting = 100
  /// Bytes of a template.
  static let text = 1 << 20
  /// Nodes that one rendering visits.
  static let steps = 1_000_000
  /// Bytes that one rendering writes.
  static let output = 1 << 20
  /// Bytes that all functions of one rendering yield together.
  static let produced = 64 << 20
  /// Templates that call each other.
  static let calls = 50
}

/// Parses Go's text/template with Go's functions and some further ones, and says what Go says when it
/// cannot.
struct TemplateParser {
  let name: String
  /// The names that may be called beyond Go's own.
  let functions: Set<String>
  private let text: [UInt8]
  private var lexer: TemplateLexer
  /// Tokens that were read ahead; the next one is the last.
  private var ahead: [TemplateToken] = []
  /// The token that the lexer gave last, or that was put back last: messages name its line.
  var current: TemplateToken
  private(set) var variables: [String] = ["$"]
  private(set) var definitions: [String: [TemplateNode]] = [:]
  private var actionLine = 0
  private var rangeDepth = 0
  private var depth = 0

  /// - Throws: a parsing error with Go's message, or a limit.
  static func parse(
    _ text: String, name: String, functions: Set<String>
  ) throws(TemplateError) -> TemplateTree {
    let bytes = Array(text.utf8)
    guard bytes.count <= TemplateLimits.text else {
      throw TemplateError(
        .limit, "the template is larger than \(TemplateLimits.text) bytes", at: SourceRange(0, 0))
    }
    var parser = TemplateParser(name: name, text: bytes, functions: functions)
    let root = try parser.main()
    return TemplateTree(name: name, root: root, definitions: parser.definitions, text: bytes)
  }

  private init(name: String, text: [UInt8], functions: Set<String>) {
    self.name = name
    self.functions = functions
    self.text = text
    lexer = TemplateLexer(text)
    current = TemplateToken(kind: .end, range: SourceRange(0, 0), line: 1, text: [])
  }

  // Tokens.

  mutating func next() -> TemplateToken {
    if let token = ahead.popLast() { return token }
    current = lexer.next()
    return current
  }

  mutating func putBack(_ token: TemplateToken) { ahead.append(token) }

  mutating func peek() -> TemplateToken {
    let token = next()
    putBack(token)
    return token
  }

  mutating func nextNonSpace() -> TemplateToken {
    var token = next()
    while token.kind == .space { token = next() }
    return token
  }

  mutating func peekNonSpace() -> TemplateToken {
    let token = nextNonSpace()
    putBack(token)
    return token
  }

  mutating func expect(
    _ kinds: [TemplateToken.Kind], in context: String
  ) throws(TemplateError) -> TemplateToken {
    let token = nextNonSpace()
    guard kinds.contains(token.kind) else { throw unexpected(token, in: context) }
    return token
  }

  // Errors.

  func failure(_ message: String, at range: SourceRange? = nil) -> TemplateError {
    TemplateError(
      .parsing, "template: \(name):\(current.line): \(message)", at: range ?? current.range)
  }

  func unexpected(_ token: TemplateToken, in context: String) -> TemplateError {
    guard token.kind == .error else {
      return failure("unexpected \(token.description) in \(context)", at: token.range)
    }
    var message = token.description
    if actionLine != 0, actionLine != token.line {
      let extra = " in action started at \(name):\(actionLine)"
      message += message.hasSuffix(" action") ? String(extra.dropFirst(" in action".count)) : extra
    }
    return failure(message, at: token.range)
  }

  /// Runs a part of the parse one level deeper.
  mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(TemplateError) -> Result
  ) throws(TemplateError) -> Result {
    guard depth < TemplateLimits.nesting else {
      throw TemplateError(
        .limit, "the template is nested more than \(TemplateLimits.nesting) levels deep",
        at: current.range)
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  // Lists of nodes.

  private mutating func main() throws(TemplateError) -> [TemplateNode] {
    var nodes: [TemplateNode] = []
    while peek().kind != .end {
      if peek().kind == .leftDelimiter {
        let delimiter = next()
        let token = nextNonSpace()
        if token.kind == .keyword(.define) {
          try definition()
          continue
        }
        putBack(token)
        putBack(delimiter)
      }
      switch try textOrAction() {
      case .node(let node): nodes.append(node)
      case .close(let closer): throw failure("unexpected \(closer.description)")
      }
    }
    return try define(name, nodes)
  }

  /// Keeps a template under its name; a blank one never replaces another.
  ///
  /// - Returns: what the name stands for now.
  @discardableResult
  private mutating func define(
    _ name: String, _ nodes: [TemplateNode]
  ) throws(TemplateError) -> [TemplateNode] {
    if let earlier = definitions[name], !earlier.allSatisfy(\.isBlank) {
      guard nodes.allSatisfy(\.isBlank) else {
        throw failure("template: multiple definition of template \(GoText.quoted(name))")
      }
      return earlier
    }
    definitions[name] = nodes
    return nodes
  }

  /// `{{define "name"}} … {{end}}`, after `define`.
  private mutating func definition() throws(TemplateError) {
    let context = "define clause"
    let token = try expect([.string, .rawString], in: context)
    let name = try unquoted(token)
    _ = try expect([.rightDelimiter], in: context)
    try scopedDefinition(named: name, in: context)
  }

  private mutating func scopedDefinition(
    named name: String, in context: String
  ) throws(TemplateError) {
    let outerVariables = variables
    let outerRangeDepth = rangeDepth
    // After an error too: whoever called takes its own variables off again.
    defer {
      variables = outerVariables
      rangeDepth = outerRangeDepth
    }
    variables = ["$"]
    rangeDepth = 0
    let opener = current
    let (nodes, closer) = try list()
    guard closer.isEnd else {
      // Go reads a block with a parser of its own, and complains with the outer one's last token.
      if context == Self.blockContext { current = opener }
      throw failure("unexpected \(closer.description) in \(context)")
    }
    try define(name, nodes)
  }

  /// What ends a list of nodes.
  struct Closer {
    var isEnd: Bool
    var description: String { isEnd ? "{{end}}" : "{{else}}" }
  }

  private enum Piece {
    case node(TemplateNode)
    case close(Closer)
  }

  private mutating func list() throws(TemplateError) -> (nodes: [TemplateNode], closer: Closer) {
    var nodes: [TemplateNode] = []
    while peekNonSpace().kind != .end {
      switch try textOrAction() {
      case .node(let node): nodes.append(node)
      case .close(let closer): return (nodes, closer)
      }
    }
    throw failure("unexpected EOF")
  }

  private mutating func textOrAction() throws(TemplateError) -> Piece {
    let token = nextNonSpace()
    switch token.kind {
    case .text: return .node(.text(token.range, token.text))
    case .leftDelimiter:
      actionLine = token.line
      defer { actionLine = 0 }
      return try action(from: token.range.start)
    default: throw unexpected(token, in: "input")
    }
  }

  private mutating func action(from start: Int) throws(TemplateError) -> Piece {
    let token = nextNonSpace()
    if case .keyword(let keyword) = token.kind {
      switch keyword {
      case .end:
        _ = try expect([.rightDelimiter], in: "end")
        return .close(Closer(isEnd: true))
      case .else: return try elseControl()
      case .if: return .node(.if(try branch("if", at: token)))
      case .with: return .node(.with(try branch("with", at: token)))
      case .range: return .node(.range(try branch("range", at: token)))
      case .break:
        try loopControl("break", token)
        return .node(.break(place(token)))
      case .continue:
        try loopControl("continue", token)
        return .node(.continue(place(token)))
      case .template: return .node(try templateControl())
      case .block: return .node(try blockControl())
      case .define, .nilValue: break
      }
    }
    putBack(token)
    let pipe = try pipeline("command", until: .rightDelimiter)
    return .node(.action(pipe, SourceRange(start, current.range.end)))
  }

  func place(_ token: TemplateToken) -> TemplatePlace {
    TemplatePlace(position: token.range.start, range: token.range)
  }

  private mutating func loopControl(
    _ word: String, _ token: TemplateToken
  ) throws(TemplateError) {
    let end = nextNonSpace()
    guard end.kind == .rightDelimiter else { throw unexpected(end, in: "{{\(word)}}") }
    guard rangeDepth > 0 else { throw failure("{{\(word)}} outside {{range}}", at: token.range) }
  }

  /// `{{else}}`; `{{else if …}}` and `{{else with …}}` leave their word to the branch.
  private mutating func elseControl() throws(TemplateError) -> Piece {
    let token = peekNonSpace()
    if token.kind != .keyword(.if), token.kind != .keyword(.with) {
      _ = try expect([.rightDelimiter], in: "else")
    }
    return .close(Closer(isEnd: false))
  }

  /// The rest of `if`, `with` or `range` up to its `end`, after the word.
  private mutating func branch(
    _ context: String, at token: TemplateToken
  ) throws(TemplateError) -> TemplateBranch {
    try nested { parser throws(TemplateError) in
      let scope = parser.variables.count
      defer { parser.variables.removeLast(parser.variables.count - scope) }
      let pipe = try parser.pipeline(context, until: .rightDelimiter)
      if context == "range" { parser.rangeDepth += 1 }
      let (body, closer) = try parser.list()
      if context == "range" { parser.rangeDepth -= 1 }
      var result = TemplateBranch(place: parser.place(token), pipe: pipe, body: body)
      if closer.isEnd { return result }
      let next = parser.peek()
      if context == "if", next.kind == .keyword(.if) {
        _ = parser.next()
        result.otherwise = [.if(try parser.branch("if", at: next))]
      } else if context == "with", next.kind == .keyword(.with) {
        _ = parser.next()
        result.otherwise = [.with(try parser.branch("with", at: next))]
      } else {
        let (otherwise, end) = try parser.list()
        guard end.isEnd else { throw parser.failure("expected end; found \(end.description)") }
        result.otherwise = otherwise
      }
      return result
    }
  }

  private mutating func templateName(
    _ token: TemplateToken, in context: String
  ) throws(TemplateError) -> String {
    guard token.kind == .string || token.kind == .rawString else {
      throw unexpected(token, in: context)
    }
    return try unquoted(token)
  }

  private mutating func templateControl() throws(TemplateError) -> TemplateNode {
    let context = "template clause"
    let token = nextNonSpace()
    let name = try templateName(token, in: context)
    let next = nextNonSpace()
    guard next.kind != .rightDelimiter else {
      return .template(name: name, pipe: nil, at: place(token))
    }
    putBack(next)
    let pipe = try pipeline(context, until: .rightDelimiter)
    return .template(name: name, pipe: pipe, at: place(token))
  }

  private static let blockContext = "block clause"

  private mutating func blockControl() throws(TemplateError) -> TemplateNode {
    let context = Self.blockContext
    let token = nextNonSpace()
    let name = try templateName(token, in: context)
    let pipe = try pipeline(context, until: .rightDelimiter)
    try nested { parser throws(TemplateError) in
      try parser.scopedDefinition(named: name, in: context)
    }
    return .template(name: name, pipe: pipe, at: place(token))
  }

  mutating func declare(_ variable: String) { variables.append(variable) }

  func isDeclared(_ variable: String) -> Bool {
    variables.contains { $0.utf8.elementsEqual(variable.utf8) }
  }

  func unquoted(_ token: TemplateToken) throws(TemplateError) -> String {
    guard let bytes = GoUnquote.string(token.text) else {
      throw failure("invalid syntax", at: token.range)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
