/// Reads a command line into its parts. Bounded: what is long or deep is unknown.
struct ShellReader {
  private enum Token: Equatable {
    case word(ShellCommand.Simple.Word)
    /// `&&`, `||`, `|`, `;`, `&`, `(`, `)`.
    case sign(String)

    static func == (one: Token, other: Token) -> Bool {
      switch (one, other) {
      case (.word(let one), .word(let other)): one.text == other.text && one.isQuoted == other.isQuoted
      case (.sign(let one), .sign(let other)): one == other
      case (.word, _), (.sign, _): false
      }
    }
  }

  private var tokens: [Token] = []
  private var at = 0
  private var depth = 0
  /// Whether something was met that is not read: a here-document, a function, signs that do not fit.
  private var isLost = false

  private static let longest = 16_384
  private static let deepest = 24

  init(_ text: String) {
    guard text.utf8.count <= Self.longest else {
      isLost = true
      return
    }
    tokenize(Array(text))
  }

  /// The whole line.
  mutating func whole() -> [ShellCommand.Item] {
    let items = list(until: [])
    guard !isLost, at >= tokens.count else {
      let unknown = ShellCommand.Pipeline(joint: .first, commands: [.unknown])
      return items + [ShellCommand.Item(pipelines: [unknown])]
    }
    return items
  }

  // MARK: Tokens

  private mutating func tokenize(_ text: [Character]) {
    var word: ShellCommand.Simple.Word?
    var rest = text[...]
    func isRedirection(_ word: ShellCommand.Simple.Word?) -> Bool {
      word.map { $0.text.hasSuffix(">") || $0.text.hasSuffix("<") } ?? false
    }
    while let next = rest.popFirst() {
      switch next {
      case "'":
        let inner = rest.prefix { $0 != "'" }
        rest = rest.dropFirst(inner.count + 1)
        word = word ?? .init()
        word?.isQuoted = true
        word?.text += String(inner)
      case "\"":
        word = word ?? .init()
        word?.isQuoted = true
        quoted(&rest, &word)
      case "\\":
        guard let escaped = rest.popFirst(), escaped != "\n" else { continue }
        word = word ?? .init()
        word?.text.append(escaped)
      case "`":
        word = word ?? .init()
        substitute(next, &rest, &word)
      case "$" where rest.first == "(":
        word = word ?? .init()
        substitute(next, &rest, &word)
      case "#" where word == nil:
        rest = rest.drop { $0 != "\n" }
      case "(" where isRedirection(word):
        isLost = true
      case "&" where isRedirection(word) || rest.first == ">":
        word = word ?? .init()
        word?.text.append(next)
      case "|", "&", ";", "\n", "(", ")":
        if let last = word { tokens.append(.word(last)) }
        word = nil
        if next == rest.first, next == "&" || next == "|" {
          rest.removeFirst()
          tokens.append(.sign(String([next, next])))
        } else {
          // `|&` is a pipe.
          if next == "|", rest.first == "&" { rest.removeFirst() }
          tokens.append(.sign(next == "\n" ? ";" : String(next)))
        }
      case " ", "\t", "\r":
        if let last = word { tokens.append(.word(last)) }
        word = nil
      default:
        word = word ?? .init()
        word?.text.append(next)
        // A here-document.
        if next == "<", word?.text.hasSuffix("<<") ?? false { isLost = true }
      }
    }
    if let last = word { tokens.append(.word(last)) }
  }

  /// To the closing quote.
  private func quoted(_ rest: inout ArraySlice<Character>, _ word: inout ShellCommand.Simple.Word?) {
    while let next = rest.popFirst(), next != "\"" {
      switch next {
      case "\\":
        guard let escaped = rest.popFirst() else { return }
        if !"$`\"\\\n".contains(escaped) { word?.text.append(next) }
        word?.text.append(escaped)
      case "`": substitute(next, &rest, &word)
      case "$" where rest.first == "(": substitute(next, &rest, &word)
      default: word?.text.append(next)
      }
    }
  }

  /// From `$(` to its `)`, or to the next backtick.
  private func substitute(
    _ sign: Character, _ rest: inout ArraySlice<Character>, _ word: inout ShellCommand.Simple.Word?
  ) {
    var inner: [Character] = []
    var open = 1
    if sign == "$" { rest.removeFirst() }
    while let next = rest.popFirst() {
      if sign == "`" ? next == "`" : next == ")" && open == 1 { break }
      if next == "(" { open += 1 }
      if next == ")" { open -= 1 }
      inner.append(next)
    }
    word?.substitutions.append(String(inner))
    word?.text += "$(" + String(inner) + ")"
  }

  // MARK: Parts

  private var next: Token? { at < tokens.count ? tokens[at] : nil }

  private mutating func take(_ sign: String) -> Bool {
    guard case .sign(sign)? = next else { return false }
    at += 1
    return true
  }

  /// The word that a command may begin with, when it is none's argument.
  private var reserved: String? {
    guard case .word(let word)? = next, !word.isQuoted else { return nil }
    return word.text
  }

  private mutating func take(reserved word: String) -> Bool {
    guard reserved == word else { return false }
    at += 1
    return true
  }

  /// Commands up to one of some reserved words or `)`, which stay.
  private mutating func list(until ends: Set<String>) -> [ShellCommand.Item] {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else {
      isLost = true
      at = tokens.count
      return []
    }
    var items: [ShellCommand.Item] = []
    while next != nil {
      if take(";") { continue }
      if case .sign(")")? = next { break }
      if let reserved, ends.contains(reserved) { break }
      var item = ShellCommand.Item(pipelines: [pipeline(.first)])
      while true {
        if take("&&") {
          item.pipelines.append(pipeline(.and))
        } else if take("||") {
          item.pipelines.append(pipeline(.or))
        } else {
          break
        }
      }
      if take("&") { item.isInBackground = true }
      items.append(item)
      guard !isLost else { break }
    }
    return items
  }

  private mutating func pipeline(_ joint: ShellCommand.Pipeline.Joint) -> ShellCommand.Pipeline {
    while take(";") {}
    var pipeline = ShellCommand.Pipeline(joint: joint, commands: [])
    while take(reserved: "!") { pipeline.isInverted.toggle() }
    repeat { pipeline.commands.append(command()) } while take("|")
    return pipeline
  }

  private mutating func command() -> ShellCommand.Command {
    while take(";") {}
    if take("(") {
      let items = list(until: [])
      if !take(")") { isLost = true }
      return redirected(.subshell(items))
    }
    switch reserved {
    case "{":
      at += 1
      let items = list(until: ["}"])
      if !take(reserved: "}") { isLost = true }
      return redirected(.group(items))
    case "if":
      at += 1
      return redirected(condition())
    case "for", "while", "until":
      return redirected(loop())
    case "case", "select", "function", "trap":
      isLost = true
      at = tokens.count
      return .unknown
    default: return simple()
    }
  }

  /// Behind `if` or `elif`.
  private mutating func condition() -> ShellCommand.Command {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { return lost() }
    let test = list(until: ["then"])
    guard take(reserved: "then") else { return lost() }
    let then = list(until: ["elif", "else", "fi"])
    if take(reserved: "elif") {
      let inner = condition()
      let pipeline = ShellCommand.Pipeline(joint: .first, commands: [inner])
      return .condition(test, then: then, otherwise: [ShellCommand.Item(pipelines: [pipeline])])
    }
    var otherwise: [ShellCommand.Item]?
    if take(reserved: "else") { otherwise = list(until: ["fi"]) }
    guard take(reserved: "fi") else { return lost() }
    return .condition(test, then: then, otherwise: otherwise)
  }

  private mutating func loop() -> ShellCommand.Command {
    let kind = reserved
    at += 1
    // What is read comes to an end; other conditions may hold until the time is over.
    let isBounded = kind == "for" || reserved == "read"
    while next != nil, reserved != "do" { at += 1 }
    guard take(reserved: "do") else { return lost() }
    let body = list(until: ["done"])
    guard take(reserved: "done") else { return lost() }
    return isBounded ? .loop(body) : .unknown
  }

  private mutating func lost() -> ShellCommand.Command {
    isLost = true
    at = tokens.count
    return .unknown
  }

  /// `done > log`
  private mutating func redirected(_ command: ShellCommand.Command) -> ShellCommand.Command {
    while case .word(let word)? = next, word.text.contains(where: { $0 == ">" || $0 == "<" }) {
      at += 1
      if word.text.last.map({ $0 == ">" || $0 == "<" }) ?? false, case .word? = next { at += 1 }
    }
    return command
  }

  private mutating func simple() -> ShellCommand.Command {
    var words: [ShellCommand.Simple.Word] = []
    while case .word(let word)? = next {
      words.append(word)
      at += 1
    }
    // `f() { … }`
    if case .sign("(")? = next { return lost() }
    guard !words.isEmpty else { return lost() }
    return .simple(ShellCommand.Simple(parts: words))
  }
}
