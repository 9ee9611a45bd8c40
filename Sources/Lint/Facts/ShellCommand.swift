/// What can be told of a command line that a load tester gives to a shell: its simple commands, what they
/// ask, and whether a failure of theirs is its own. What is not understood may fail.
struct ShellCommand {
  /// `hey -z 1m http://x/`: words without quotes.
  struct Simple {
    /// A word, as a command gets it.
    struct Word {
      var text = ""
      /// What stands in `$(…)` and in backticks.
      var substitutions: [String] = []
      var isQuoted = false
    }

    var parts: [Word]

    var words: [String] { parts.map(\.text) }

    /// Its program and its arguments, without what stands in front (`timeout 30`, `X=1`).
    private var invocation: ArraySlice<String> {
      var rest = words[...]
      while let first = rest.first {
        if first.contains("="), !first.hasPrefix("-"), !first.hasPrefix("[") {
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
      return rest
    }

    /// Its program, without the folder it is in.
    var program: String { invocation.first.map { String($0.split(separator: "/").last ?? "") } ?? "" }

    /// What the program is given.
    var arguments: ArraySlice<String> { invocation.dropFirst() }

    /// Whether one of the short options has a letter, or a long one begins so.
    func has(option letter: Character, _ long: String) -> Bool {
      words.contains { word in
        word.hasPrefix(long)
          || (word.hasPrefix("-") && !word.hasPrefix("--")
            && word.dropFirst().prefix(while: \.isLetter).contains(letter))
      }
    }

    /// The addresses that it asks: with a scheme, or a host with a port (`ghz x:9898`).
    var addresses: [String] {
      words.filter { $0.contains("://") || ($0.contains(":") && $0.first?.isLetter ?? false) }
    }
  }

  /// `a && b || c`, in the background or not.
  struct Item {
    var pipelines: [Pipeline]
    var isInBackground = false
  }

  /// `! a | b`, behind `&&`, behind `||`, or first.
  struct Pipeline {
    enum Joint {
      case first, and, or
    }

    var joint: Joint
    var isInverted = false
    var commands: [Command]
  }

  indirect enum Command {
    case simple(Simple)
    /// `{ …; }`
    case group([Item])
    /// `( … )`
    case subshell([Item])
    case condition([Item], then: [Item], otherwise: [Item]?)
    /// `for … do … done`, `while read … do … done`.
    case loop([Item])
    /// A loop that may go on until the time is over, a `case`, a function.
    case unknown
  }

  let items: [Item]

  init(_ text: String) {
    var reader = ShellReader(text)
    items = reader.whole()
  }

  /// Its simple commands, in the order written; those of shells within shells up to a bound.
  var commands: [Simple] { Self.simple(items, depth: 0) }

  private static func simple(_ items: [Item], depth: Int) -> [Simple] {
    items.flatMap(\.pipelines).flatMap(\.commands).flatMap { command -> [Simple] in
      switch command {
      case .simple(let command):
        guard depth < ShellCommand.deepest, let script = command.script else { return [command] }
        return [command] + simple(ShellCommand(script.text).items, depth: depth + 1)
      case .group(let items), .subshell(let items), .loop(let items): return simple(items, depth: depth)
      case .condition(let test, let then, let otherwise):
        return simple(test + then + (otherwise ?? []), depth: depth)
      case .unknown: return []
      }
    }
  }

  /// Shells within shells that are looked into.
  static let deepest = 8
}

extension ShellCommand.Simple {
  /// What another shell is told, and whether that one ends at the first failure: `sh -ec '…'`, `eval …`.
  var script: (text: String, isStrict: Bool)? {
    if program == "eval" { return (arguments.joined(separator: " "), false) }
    guard ["sh", "bash", "ash", "dash", "zsh"].contains(program),
      let at = arguments.firstIndex(where: { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.hasSuffix("c") }),
      at + 1 < arguments.endIndex
    else { return nil }
    let options = arguments[...at].filter { $0.hasPrefix("-") && !$0.hasPrefix("--") }
    return (arguments[at + 1], options.contains { $0.contains("e") })
  }
}
