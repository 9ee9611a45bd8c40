import Manifests
import PromQL

extension Rule {
  /// The rule's page: Markdown, the same for `--explain` and for the documentation.
  ///
  /// What an example yields is linted on the spot, so that the page cannot say anything else; an example
  /// that needs data shows its query only.
  public var page: String {
    var text = "# \(code) \(name)\n\n**\(severity.rawValue)**: \(summary).\n\n\(why)\n"
    if !fires.isEmpty { text += "\n## Found\n" + fires.map { section($0, fires: true) }.joined() }
    if !quiet.isEmpty { text += "\n## Left alone\n" + quiet.map { section($0, fires: false) }.joined() }
    return text
  }

  private func section(_ example: Example, fires: Bool) -> String {
    let isManifest = example.shown == example.manifests
    var text = "\n```\(isManifest ? "yaml" : "promql")\n\(Self.ended(example.shown))```\n"
    let told =
      [example.settings.map { "`\($0)`" }, example.options.flags.map { "`\($0)`" }].flatMap { $0 }
    if !told.isEmpty { text += "\nwith \(told.joined(separator: ", "))\n" }
    guard fires else { return text }
    guard example.data == nil else { return text + "\n(with a recording)\n" }
    let result = Linter(example.options).lint(ManifestReading(reading: example.manifests))
    for finding in result.findings where finding.code == code {
      text += "\n> \(finding.message)\n"
      if let evidence = finding.evidence { text += "\n```text\n\(Self.ended(evidence))```\n" }
      if let help = finding.help { text += "\nhelp: \(help)\n" }
      break
    }
    return text
  }

  private static func ended(_ text: String) -> String { text.hasSuffix("\n") ? text : text + "\n" }

  /// The page that lists all rules: Markdown.
  public static var indexPage: String {
    var text = """
      # Rules

      What `promgate lint` looks for. `promgate lint --explain MT007` shows a page in the terminal. What is \
      not looked for, and why, is in [not-built.md](not-built.md); what reading a manifest finds before any \
      rule, in [manifests.md](manifests.md); three templates that look right and are \
      not, in [broken-templates.md](broken-templates.md).

      An error makes a gate wrong or unable to work; a warning is doubtful; an info is worth knowing.

      Beside these, what is refused wherever the file goes is an error with a code in words: `rule` is what \
      **Prometheus refuses to load** of a rule file (as `promtool check rules`, in its words), \
      `manifest-…` what a cluster, or Flagger, refuses of a resource.

      | code | name | severity | finds |
      |---|---|---|---|

      """
    for rule in documented {
      text +=
        "| [\(rule.code)](\(rule.code).md) | `\(rule.name)` | \(rule.severity.rawValue) | \(rule.summary) |\n"
    }
    return text
  }

  /// The rule with a code (`MT007`, in any case) or a name; nil when there is none.
  public static func named(_ text: String) -> Rule? {
    documented.first { $0.code == text.uppercased() || $0.name == text.lowercased() }
  }
}
