/// What can be told of a command that a load tester runs, without a shell: its simple commands, what they ask
/// and whether their failure is its own.
struct ShellCommand {
  /// `hey -z 1m http://x/`: words without quotes.
  struct Simple {
    var words: [String]
    /// What stands behind it: `&&`, `||`, `|`, `;`, or nothing.
    var operation: String

    /// Its program, without the folder it is in and without what stands in front (`timeout 30`, `X=1`).
    var program: String {
      var rest = words[...]
      while let first = rest.first {
        if first.contains("="), !first.hasPrefix("-") {
          rest.removeFirst()
        } else if first == "timeout" {
          rest.removeFirst()
          rest = rest.drop { $0.hasPrefix("-") }.dropFirst()
        } else if ["exec", "time", "sudo", "nohup", "command", "env"].contains(first) {
          rest.removeFirst()
        } else {
          break
        }
      }
      return rest.first.map { String($0.split(separator: "/").last ?? "") } ?? ""
    }

    /// Why its status says nothing of the answers that it got; nil where it may.
    var indifference: String? {
      let program = program
      if ShellCommand.generators.contains(program) {
        return "\(program) ends with 0 whatever the answers are"
      }
      if ["true", ":", "echo", "sleep", "exit", "tee", "cat", "date"].contains(program) {
        return program == "exit" && words.last != "0" ? nil : "\(program) never fails"
      }
      // What another shell is told.
      if ["sh", "bash"].contains(program), let at = words.firstIndex(of: "-c"), at + 1 < words.count {
        return ShellCommand(words[at + 1]).indifference
      }
      guard program == "curl" else { return nil }
      let fails = words.contains { word in
        word.hasPrefix("--fail")
          || (word.hasPrefix("-") && !word.hasPrefix("--")
            && word.dropFirst().prefix(while: \.isLetter).contains("f"))
      }
      return fails ? nil : "curl without -f ends with 0 on an answer of 500 too"
    }

    /// The addresses that it asks: with a scheme, or a host with a port (`ghz x:9898`).
    var addresses: [String] {
      words.filter { $0.contains("://") || ($0.contains(":") && $0.first?.isLetter ?? false) }
    }
  }

  /// Programs that make load and count answers, and whose status does not say what they were.
  static let generators: Set<String> = [
    "hey", "wrk", "wrk2", "ab", "fortio", "h2load", "bombardier", "vegeta", "siege", "ghz", "oha",
    "autocannon",
    "httperf", "plow", "rakyll", "boom", "slow_cooker", "cassowary", "ddosify",
  ]

  let commands: [Simple]

  init(_ text: String) {
    var commands: [Simple] = []
    var words: [String] = []
    var word: String?
    var quote: Character?
    var rest = Array(text)[...]
    func close(_ operation: String) {
      if let last = word { words.append(last) }
      word = nil
      if !words.isEmpty { commands.append(Simple(words: words, operation: operation)) }
      words = []
    }
    while let next = rest.popFirst() {
      if let open = quote {
        if next == open { quote = nil } else { word = (word ?? "") + String(next) }
        continue
      }
      switch next {
      case "'", "\"":
        quote = next
        word = word ?? ""
      case "\\":
        if let escaped = rest.popFirst(), escaped != "\n" { word = (word ?? "") + String(escaped) }
      case "&" where rest.first == "&", "|" where rest.first == "|":
        rest.removeFirst()
        close(String([next, next]))
      // `2>&1` is a word.
      case "&" where word?.hasSuffix(">") ?? false: word?.append(next)
      case "|", ";", "\n", "&": close(next == "\n" ? ";" : String(next))
      case " ", "\t", "\r":
        if let last = word { words.append(last) }
        word = nil
      default: word = (word ?? "") + String(next)
      }
    }
    close("")
    self.commands = commands
  }

  /// Whether the first failure ends it: `set -e`.
  private var isStrict: Bool {
    commands.contains { command in
      command.words.first == "set"
        && command.words.dropFirst().contains { word in
          word == "errexit" || (word.hasPrefix("-") && word.contains("e"))
        }
    }
  }

  /// Why the whole ends with 0 whatever is answered; nil where it may fail. What is not understood may.
  var indifference: String? {
    guard let last = commands.last else { return nil }
    if last.operation == "&" { return "what runs in the background is not waited for" }
    if isStrict {
      // Every command decides but those whose failure is asked for.
      let deciding = commands.filter { $0.program != "set" && $0.operation != "||" && $0.operation != "|" }
      return deciding.contains { $0.indifference == nil } ? nil : deciding.first?.indifference
    }
    // `… || true`
    if commands.count > 1, commands[commands.count - 2].operation == "||", let why = last.indifference,
      !Self.generators.contains(last.program), last.program != "curl"
    {
      return why
    }
    var why: String?
    for command in commands {
      // A failure in front of `;` or of a pipe is lost, one in front of `&&` is not.
      guard command.operation == "" || command.operation == "&&" || command.operation == "||" else {
        continue
      }
      guard let reason = command.indifference else { return nil }
      why = why ?? reason
    }
    return why
  }
}
