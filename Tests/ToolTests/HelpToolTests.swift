import Foundation
import Testing

/// What `--help` says.
@Suite struct HelpToolTests {
  private struct Dump: Decodable {
    struct Command: Decodable {
      struct Argument: Decodable {
        struct Name: Decodable { var name: String }
        var kind: String
        var preferredName: Name?
        var abstract: String?
        var discussion: String?
        var defaultValue: String?
      }
      var commandName: String
      var subcommands: [Command]?
      var arguments: [Argument]?
    }
    var command: Command
  }

  private static func commands() throws -> [Dump.Command] {
    let text = try Tool.run(shell: "promgate --experimental-dump-help").text
    return try JSONDecoder().decode(Dump.self, from: Data(text.utf8)).command.subcommands ?? []
  }

  /// Options without which something is not done, not asked or not known: they have no default.
  private static let withoutDefault: Set<String> = [
    "baseline", "ca-file", "canary", "cluster-name", "data", "disable-feature", "enable-feature", "errors",
    "explain", "expr", "external-label", "file", "gate", "header", "junit", "kill-canary-at", "last",
    "latency",
    "match", "metrics", "notify", "on-weight", "output", "password-file", "prometheus", "recording",
    "remote-read", "require-alert-annotation", "require-alert-label", "rules", "run", "scrape",
    "scrape-interval", "secrets", "series", "state", "token-file", "user", "web-config", "write-baseline",
  ]

  @Test func `each option with a default shows it`() throws {
    let commands = try Self.commands()
    #expect(commands.count > 10)
    for command in commands {
      for option in command.arguments ?? [] where option.kind == "option" {
        let name = option.preferredName?.name ?? ""
        let text = "\(option.abstract ?? "") \(option.discussion ?? "")"
        // Where to listen beside a gate, and from when to read on, are questions that have no answer.
        let isAsked =
          ["gate": ["listen"], "record": ["start"]][command.commandName]?.contains(name) ?? false
        #expect(
          option.defaultValue != nil || text.contains("default") || Self.withoutDefault.contains(name)
            || isAsked,
          "promgate \(command.commandName) --\(name): \(text)")
      }
    }
  }

  @Test func `a shown default is the one that holds`() throws {
    let run = try Tool.run(shell: "promgate serve --help")
    for part in [
      "[IPv6]:port", "(default: 127.0.0.1:9090)", "(default: 6h)", "(default: 5m)", "(default: 2m)",
    ] {
      #expect(run.text.contains(part), "\(part): \(run.text)")
    }
  }

  @Test func `examples stand in the help as they can be copied`() throws {
    for command in try Self.commands() where !["help", "lsp"].contains(command.commandName) {
      let help = try Tool.run(shell: "promgate \(command.commandName) --help").text
      guard
        let examples = help.split(separator: "EXAMPLES\n").dropFirst().first?.split(separator: "\n\n").first
      else { continue }
      var isContinued = false
      for line in examples.split(separator: "\n") {
        #expect(line.hasPrefix("  "), "\(command.commandName) is wrapped before: \(line)")
        #expect(line.hasPrefix("  promgate ") != isContinued, "\(command.commandName): \(line)")
        isContinued = line.hasSuffix(" \\")
      }
      #expect(!isContinued)
    }
  }

  @Test func `what is not enabled names its flag`() throws {
    let rules = "groups: [{name: a, rules: [{record: a, expr: 'mad_over_time(x[5m])'}]}]"
    let run = try Tool.run(shell: "echo \"\(rules)\" | promgate lint -")
    #expect(run.text.contains("--enable-feature=promql-experimental-functions"), "\(run.text)")
    let query = try Tool.run(
      shell: "promgate query 'x smoothed' --disable-feature promql-extended-range-selectors"
        + " --data Examples/recordings/good.om.gz")
    #expect(query.text.contains("--enable-feature=promql-extended-range-selectors"), "\(query.text)")
  }

  @Test func `codes of reading are explained, and what is nearly one is named`() throws {
    for code in ["rule", "manifest-file", "manifest-value", "MT007", "self-ratio"] {
      let run = try Tool.run(shell: "promgate lint --explain \(code)")
      #expect(run.status == 0 && run.text.hasPrefix("# "), "\(run.text)")
    }
    let run = try Tool.run(shell: "promgate lint --explain manifest-vale")
    #expect(run.status == 2 && run.text.contains("did you mean manifest-value?"), "\(run.text)")
  }

  @Test func `errors of tests begin with their words`() throws {
    for format in ["json", "junit"] {
      let run = try Tool.run(shell: "promgate test /nonexistent.test --format \(format)")
      #expect(
        run.status == 2 && !run.text.contains("\"error\" : \" ") && !run.text.contains("message=\" "),
        "\(run.text)")
    }
  }
}
