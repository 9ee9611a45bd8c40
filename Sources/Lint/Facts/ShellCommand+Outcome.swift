extension ShellCommand {
  /// Why the whole ends with 0 whatever is answered; nil where it may fail. What is not understood may.
  var indifference: String? { indifference(isStrict: false) }

  private func indifference(isStrict: Bool) -> String? {
    var run = ShellRun(isStrict: isStrict)
    let outcome = run.outcome(items)
    return outcome.mayFail || outcome.mayAbort ? nil : outcome.reason
  }

  /// Programs that make load and count answers, and whose status does not say what they were.
  static let generators: Set<String> = [
    "hey", "wrk", "wrk2", "ab", "fortio", "h2load", "bombardier", "vegeta", "siege", "ghz", "oha",
    "autocannon",
    "httperf", "plow", "rakyll", "boom", "slow_cooker", "cassowary", "ddosify",
  ]
}

/// What a command may end in, without running it.
private struct ShellOutcome {
  /// Whether it may end with a status that is not 0, and what follows still runs.
  var mayFail = false
  /// Whether it may end with 0, and what follows still runs.
  var mayPass = true
  /// Whether it may end the shell with a status that is not 0.
  var mayAbort = false
  /// Whether it may end the shell with 0.
  var mayQuit = false
  /// Why it does not fail.
  var reason: String?

  static let unknown = ShellOutcome(mayFail: true)

  static func never(_ reason: String) -> ShellOutcome { ShellOutcome(reason: reason) }

  var continues: Bool { mayFail || mayPass }

  func then(_ other: ShellOutcome) -> ShellOutcome {
    guard continues else { return self }
    return ShellOutcome(
      mayFail: other.mayFail, mayPass: other.mayPass, mayAbort: mayAbort || other.mayAbort,
      mayQuit: mayQuit || other.mayQuit, reason: other.reason ?? reason)
  }

  func and(_ other: ShellOutcome) -> ShellOutcome {
    guard mayPass else { return self }
    return ShellOutcome(
      mayFail: mayFail || other.mayFail, mayPass: other.mayPass, mayAbort: mayAbort || other.mayAbort,
      mayQuit: mayQuit || other.mayQuit, reason: reason ?? other.reason)
  }

  func or(_ other: ShellOutcome) -> ShellOutcome {
    guard mayFail else { return self }
    return ShellOutcome(
      mayFail: other.mayFail, mayPass: mayPass || other.mayPass, mayAbort: mayAbort || other.mayAbort,
      mayQuit: mayQuit || other.mayQuit, reason: other.reason ?? reason)
  }

  /// One of the two.
  func union(_ other: ShellOutcome) -> ShellOutcome {
    ShellOutcome(
      mayFail: mayFail || other.mayFail, mayPass: mayPass || other.mayPass,
      mayAbort: mayAbort || other.mayAbort, mayQuit: mayQuit || other.mayQuit, reason: reason ?? other.reason)
  }

  /// In a shell of its own, whose end is a status.
  var enclosed: ShellOutcome {
    ShellOutcome(mayFail: mayFail || mayAbort, mayPass: mayPass || mayQuit, reason: reason)
  }

  var inverted: ShellOutcome {
    var copy = self
    swap(&copy.mayFail, &copy.mayPass)
    return copy
  }
}

/// A shell going through commands: what `set` has changed is remembered.
private struct ShellRun {
  var isStrict = false
  private var failsInPipes = false
  private var depth = 0

  init(isStrict: Bool) { self.isStrict = isStrict }

  mutating func outcome(_ items: [ShellCommand.Item]) -> ShellOutcome {
    guard !items.isEmpty else { return .unknown }
    var whole = ShellOutcome()
    for item in items {
      var (outcome, trips) = outcome(item)
      if item.isInBackground {
        outcome = .never("what runs in the background is not waited for")
      } else if isStrict, trips {
        outcome.mayAbort = true
        outcome.mayFail = false
      }
      whole = whole.then(outcome)
    }
    return whole
  }

  /// With whether a failure is of the last command, which `set -e` minds.
  private mutating func outcome(_ item: ShellCommand.Item) -> (ShellOutcome, trips: Bool) {
    var whole = ShellOutcome()
    var trips = false
    for pipeline in item.pipelines {
      let outcome = outcome(pipeline)
      switch pipeline.joint {
      case .first: whole = outcome
      case .and: whole = whole.and(outcome)
      case .or: whole = whole.or(outcome)
      }
      trips = outcome.mayFail && !pipeline.isInverted
    }
    return (whole, trips)
  }

  private mutating func outcome(_ pipeline: ShellCommand.Pipeline) -> ShellOutcome {
    var result: ShellOutcome
    if pipeline.commands.count == 1 {
      result = outcome(pipeline.commands[0], isPiped: false)
    } else {
      result = ShellOutcome()
      for (index, command) in pipeline.commands.enumerated() {
        // Each has a shell of its own.
        var inner = self
        let outcome = inner.outcome(command, isPiped: index > 0).enclosed
        if index == pipeline.commands.count - 1 {
          result = ShellOutcome(
            mayFail: (failsInPipes && result.mayFail) || outcome.mayFail, mayPass: outcome.mayPass,
            reason: outcome.reason)
        } else {
          result.mayFail = result.mayFail || outcome.mayFail
        }
      }
    }
    return pipeline.isInverted ? result.inverted : result
  }

  private mutating func outcome(_ command: ShellCommand.Command, isPiped: Bool) -> ShellOutcome {
    switch command {
    case .unknown: return .unknown
    case .simple(let simple): return outcome(simple, isPiped: isPiped)
    case .group(let items): return outcome(items)
    case .subshell(let items):
      var inner = self
      return inner.outcome(items).enclosed
    case .loop(let items):
      // None at all is a success, too.
      return outcome(items).union(ShellOutcome())
    case .condition(let test, let then, let otherwise):
      // A failing test ends nothing.
      let strict = isStrict
      isStrict = false
      let condition = outcome(test)
      isStrict = strict
      let reason = "an if whose condition fails ends with 0"
      let last = otherwise.map { outcome($0) } ?? .never(reason)
      var branches = outcome(then)
      if condition.mayFail { branches = condition.mayPass ? last.union(branches) : last }
      return ShellOutcome(mayFail: false, mayPass: true, mayAbort: condition.mayAbort, reason: nil).then(
        branches)
    }
  }

  private mutating func outcome(_ simple: ShellCommand.Simple, isPiped: Bool) -> ShellOutcome {
    let program = simple.program
    if let script = simple.script {
      guard depth < ShellCommand.deepest else { return .unknown }
      var inner = ShellRun(isStrict: script.isStrict)
      inner.depth = depth + 1
      return inner.outcome(ShellCommand(script.text).items).enclosed
    }
    switch program {
    case "":
      // The status of an assignment is that of what is put in.
      guard let inner = simple.parts.last?.substitutions.last else {
        return .never("an assignment never fails")
      }
      guard depth < ShellCommand.deepest else { return .unknown }
      var run = ShellRun(isStrict: false)
      run.depth = depth + 1
      return run.outcome(ShellCommand(inner).items).enclosed
    case "set":
      return set(simple.arguments)
    case "exit", "return":
      // Without a number with the status of what was before.
      guard simple.arguments.first == "0" else {
        return ShellOutcome(mayFail: false, mayPass: false, mayAbort: true)
      }
      return ShellOutcome(mayFail: false, mayPass: false, mayQuit: true, reason: "exit never fails")
    case "wait": return simple.arguments.isEmpty ? .never("wait never fails") : .unknown
    case "false": return ShellOutcome(mayFail: true, mayPass: false)
    case "curl":
      return simple.has(option: "f", "--fail")
        ? .unknown : .never("curl without -f ends with 0 on an answer of 500 too")
    case "http", "https":
      return simple.words.contains("--check-status")
        ? .unknown : .never("\(program) without --check-status ends with 0 on an answer of 500 too")
    default:
      if ShellCommand.generators.contains(program) {
        return .never("\(program) ends with 0 whatever the answers are")
      }
      if Self.harmless.contains(program) { return .never("\(program) never fails") }
      return isPiped ? filtered(simple, program) : .unknown
    }
  }

  /// `set -euo pipefail`
  private mutating func set(_ arguments: ArraySlice<String>) -> ShellOutcome {
    var isOn = true
    for argument in arguments {
      if argument.hasPrefix("-") || argument.hasPrefix("+") {
        isOn = argument.hasPrefix("-")
        if argument.dropFirst().contains("e") { isStrict = isOn }
      } else if argument == "errexit" {
        isStrict = isOn
      } else if argument == "pipefail" {
        failsInPipes = isOn
      }
    }
    return ShellOutcome()
  }

  /// What stands behind a pipe and takes whatever it is given.
  private func filtered(_ simple: ShellCommand.Simple, _ program: String) -> ShellOutcome {
    let text = simple.arguments.joined(separator: " ")
    let mayFail =
      switch program {
      case "jq", "yq": simple.has(option: "e", "--exit-status") || text.contains("error")
      case "awk", "gawk", "mawk": text.contains("exit")
      case "sed": text.contains(/[qQ] ?[0-9]/)
      default: !Self.filters.contains(program)
      }
    guard !mayFail else { return .unknown }
    if program == "jq" || program == "yq" {
      return .never("the pipe ends with the status of \(program), which without -e takes an empty answer")
    }
    return .never("the pipe ends with the status of \(program), which never fails")
  }

  private static let harmless: Set<String> = ["true", ":", "echo", "printf", "sleep", "date"]

  private static let filters: Set<String> = [
    "cat", "tee", "head", "tail", "sort", "uniq", "wc", "cut", "tr", "nl", "rev", "tac", "fold", "column",
    "less",
    "more", "ts", "pv", "base64", "od", "xxd", "hexdump", "logger",
  ]
}
