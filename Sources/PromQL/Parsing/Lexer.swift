import TimeSeries

/// Why a text cannot be cut into tokens (promql-syntax.md §1.6). Ends the lexing.
struct LexicalError: Error, Hashable {
  var message: String
  var range: SourceRange
}

/// Cuts a query's bytes into tokens (promql-syntax.md §1), one at a time, in linear time. Any bytes
/// will do: what is no PromQL is an error that says where.
struct Lexer {
  /// What the text around the position expects.
  private enum Mode { case normal, duration }

  let text: [UInt8]
  /// Where the current token starts.
  var start = 0
  /// The next byte to read.
  var position = 0
  private var mode = Mode.normal
  private var depth = 0
  private var isInBraces = false
  private var isInBrackets = false
  private var sawColon = false
  /// Whether brackets have held a number anywhere in the text so far; never reset.
  private var sawDuration = false

  init(_ text: [UInt8]) { self.text = text }

  /// The next token, comments included; `endOfInput` for ever at the end.
  mutating func next() throws(LexicalError) -> Token {
    if mode == .duration { return try nextInDuration() }
    skipSpaces()
    start = position
    if peek == UInt8(ascii: "#") { return comment() }
    return isInBraces ? try nextInBraces() : try nextNormal()
  }

  // MARK: Reading bytes

  /// The byte at the position; nil at the end.
  var peek: UInt8? { position < text.count ? text[position] : nil }

  /// Takes the byte at the position when it is one of `bytes`.
  mutating func accept(_ bytes: StaticString) -> Bool {
    guard let byte = peek, Self.contains(bytes, byte) else { return false }
    position += 1
    return true
  }

  /// Takes the bytes at the position as long as they satisfy the condition.
  mutating func acceptRun(_ condition: (UInt8) -> Bool) {
    while let byte = peek, condition(byte) { position += 1 }
  }

  /// Takes one character; nil at the end, U+FFFD for bytes that are no UTF-8.
  mutating func nextCharacter() -> Unicode.Scalar? {
    guard position < text.count else { return nil }
    let (scalar, length) = GoQuote.decode(text, at: position)
    position += length
    return scalar ?? "\u{FFFD}"
  }

  /// The token from `start` to the position.
  mutating func emit(_ kind: TokenKind) -> Token {
    defer { start = position }
    return Token(kind, SourceRange(start, position))
  }

  /// An error from the current token's start to the end of the text.
  func failure(_ message: String) -> LexicalError {
    LexicalError(message: message, range: SourceRange(start, text.count))
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  static func isWordByte(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
      || byte == UInt8(ascii: "\r")
  }

  private static func contains(_ bytes: StaticString, _ byte: UInt8) -> Bool {
    bytes.withUTF8Buffer { unsafe $0.contains(byte) }
  }

  private mutating func skipSpaces() { acceptRun(Self.isSpace) }

  private mutating func comment() -> Token {
    acceptRun { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    return emit(.comment)
  }

  // MARK: Normal state

  private mutating func nextNormal() throws(LexicalError) -> Token {
    guard let byte = peek else { return try endOfInput() }
    if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && startsFraction) { return try numberOrDuration() }
    if Self.isLetter(byte) || byte == UInt8(ascii: ":") {
      return isInBrackets ? try wordInBrackets(byte) : word()
    }
    if let kind = Self.single(byte) {
      position += 1
      return emit(kind)
    }
    return try nextSign(byte)
  }

  private var startsFraction: Bool {
    position + 1 < text.count && Self.isDigit(text[position + 1])
  }

  private mutating func endOfInput() throws(LexicalError) -> Token {
    if depth != 0 { throw failure("unclosed left parenthesis") }
    if isInBrackets { throw failure("unclosed left bracket") }
    return emit(.endOfInput)
  }

  /// Characters that are a token of their own in every state outside braces.
  private static func single(_ byte: UInt8) -> TokenKind? {
    switch byte {
    case UInt8(ascii: ","): .comma
    case UInt8(ascii: "*"): .binary(.multiply)
    case UInt8(ascii: "/"): .binary(.divide)
    case UInt8(ascii: "%"): .binary(.modulo)
    case UInt8(ascii: "+"): .binary(.add)
    case UInt8(ascii: "-"): .binary(.subtract)
    case UInt8(ascii: "^"): .binary(.power)
    case UInt8(ascii: "@"): .at
    default: nil
    }
  }

  private mutating func nextSign(_ byte: UInt8) throws(LexicalError) -> Token {
    switch byte {
    case UInt8(ascii: "="): return try equals()
    case UInt8(ascii: "!"):
      position += 1
      let next = nextCharacter()
      guard next == "=" else { throw failure("unexpected character after '!': \(GoQuote.quoted(next))") }
      return emit(.binary(.notEqual))
    case UInt8(ascii: "<"), UInt8(ascii: ">"):
      position += 1
      let isLess = byte == UInt8(ascii: "<")
      if accept("=") { return emit(.binary(isLess ? .lessOrEqual : .greaterOrEqual)) }
      if accept("/") { return emit(.binary(isLess ? .trimUpper : .trimLower)) }
      return emit(.binary(isLess ? .less : .greater))
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try string()
    case UInt8(ascii: "("), UInt8(ascii: ")"): return try parenthesis()
    case UInt8(ascii: "{"):
      position += 1
      isInBraces = true
      return emit(.leftBrace)
    case UInt8(ascii: "["), UInt8(ascii: "]"): return try bracket(byte)
    default: throw failure("unexpected character: \(GoQuote.quoted(nextCharacter()))")
    }
  }

  private mutating func equals() throws(LexicalError) -> Token {
    position += 1
    if accept("=") { return emit(.binary(.equal)) }
    if peek == UInt8(ascii: "~") { throw failure("unexpected character after '=': '~'") }
    return emit(.assign)
  }

  private mutating func parenthesis() throws(LexicalError) -> Token {
    if accept("(") {
      depth += 1
      return emit(.leftParenthesis)
    }
    position += 1
    let token = emit(.rightParenthesis)
    depth -= 1
    if depth < 0 { throw failure("unexpected right parenthesis ')'") }
    return token
  }

  private mutating func bracket(_ byte: UInt8) throws(LexicalError) -> Token {
    let opens = byte == UInt8(ascii: "[")
    if opens == isInBrackets {
      throw failure("unexpected \(opens ? "left" : "right") bracket '\(opens ? "[" : "]")'")
    }
    position += 1
    isInBrackets = opens
    if opens { sawColon = false }
    let token = emit(opens ? .leftBracket : .rightBracket)
    if opens { mode = .duration }
    return token
  }

  private mutating func word() -> Token {
    acceptRun { Self.isWordByte($0) || $0 == UInt8(ascii: ":") }
    let word = text[start..<position]
    let isPlain = !word.contains(UInt8(ascii: ":"))
    // The longest word of the table has twelve bytes.
    let spelling = isPlain && word.count <= 12 ? String(decoding: word, as: UTF8.self).lowercased() : ""
    if let kind = TokenKind.words[spelling] {
      switch kind {
      case .keyword(.fill), .keyword(.fillLeft), .keyword(.fillRight):
        return emit(nextNonSpaceOpensParenthesis ? kind : .identifier)
      default: return emit(kind)
      }
    }
    return emit(isPlain ? .identifier : .metricIdentifier)
  }

  private var nextNonSpaceOpensParenthesis: Bool {
    var copy = position
    while copy < text.count, Self.isSpace(text[copy]) { copy += 1 }
    return copy < text.count && text[copy] == UInt8(ascii: "(")
  }

  private mutating func wordInBrackets(_ byte: UInt8) throws(LexicalError) -> Token {
    if byte == UInt8(ascii: ":") {
      position += 1
      if sawColon { throw failure("unexpected colon ':'") }
      sawColon = true
      return emit(.colon)
    }
    if let token = durationWord() { return token }
    let character = Unicode.Scalar(byte)
    throw failure("unexpected character: \(GoQuote.quoted(character)), expected ':'")
  }

  // MARK: Inside braces

  private mutating func nextInBraces() throws(LexicalError) -> Token {
    guard let byte = peek else { throw failure("unexpected end of input inside braces") }
    switch byte {
    case UInt8(ascii: ","):
      position += 1
      return emit(.comma)
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try string()
    case UInt8(ascii: "="):
      position += 1
      return emit(accept("~") ? .matches : .assign)
    case UInt8(ascii: "!"):
      position += 1
      switch nextCharacter() {
      case "~": return emit(.matchesNot)
      case "=": return emit(.binary(.notEqual))
      case let other:
        throw failure("unexpected character after '!' inside braces: \(GoQuote.quoted(other))")
      }
    case UInt8(ascii: "{"): throw failure("unexpected left brace '{'")
    case UInt8(ascii: "}"):
      position += 1
      isInBraces = false
      return emit(.rightBrace)
    case _ where Self.isLetter(byte):
      acceptRun(Self.isWordByte)
      return emit(.identifier)
    default: throw failure("unexpected character inside braces: \(GoQuote.quoted(nextCharacter()))")
    }
  }

  // MARK: Inside brackets, before a number

  private mutating func nextInDuration() throws(LexicalError) -> Token {
    skipSpaces()
    start = position
    guard let byte = peek else { throw failure("unexpected end of input in duration expression") }
    if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && startsFraction) {
      sawDuration = true
      return try numberOrDuration()
    }
    if byte != UInt8(ascii: "@"), let kind = Self.single(byte) {
      position += 1
      return emit(kind)
    }
    switch byte {
    case UInt8(ascii: "]"):
      position += 1
      mode = .normal
      isInBrackets = false
      sawColon = false
      return emit(.rightBracket)
    case UInt8(ascii: ":"): return try colonInDuration()
    case UInt8(ascii: "("), UInt8(ascii: ")"): return try parenthesis()
    default:
      if let token = durationWord() { return token }
      throw failure("unexpected character in duration expression: \(GoQuote.quoted(nextCharacter()))")
    }
  }

  private mutating func colonInDuration() throws(LexicalError) -> Token {
    position += 1
    let token = emit(.colon)
    if !sawDuration { throw failure("unexpected colon before duration in duration expression") }
    if sawColon { throw failure("unexpected repeated colon in duration expression") }
    sawColon = true
    return token
  }

  /// `step`, `range`, `max_of`, `min_of` in any case: a run of letters; nil for any other word, the
  /// position then stays.
  private mutating func durationWord() -> Token? {
    acceptRun(Self.isLetter)
    let word = String(decoding: text[start..<position], as: UTF8.self).lowercased()
    switch TokenKind.words[word] {
    case .preprocessor(let kind) where kind != .start && kind != .end: return emit(.preprocessor(kind))
    default:
      position = start
      return nil
    }
  }

  /// Ends the duration state: after a number lexing goes on in the normal state.
  mutating func leaveDuration() { mode = .normal }
}

extension Lexer {
  /// All tokens of a text, comments included and the end of input left out, and what stopped the
  /// lexer if it could not go on.
  static func tokens(of text: [UInt8]) -> (tokens: [Token], problem: LexicalError?) {
    var lexer = Lexer(text)
    var tokens: [Token] = []
    while true {
      do throws(LexicalError) {
        let token = try lexer.next()
        if token.kind == .endOfInput { return (tokens, nil) }
        tokens.append(token)
      } catch {
        return (tokens, error)
      }
    }
  }
}
