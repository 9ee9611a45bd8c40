import ArgumentParser
import TimeSeries

/// `promgate check config`: prometheus.yml, with what it names.
struct CheckConfigurationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Checks a prometheus.yml and the files that it names.",
    discussion: """
      What Prometheus 3.14 refuses is refused in its words, with the place: unknown keys, values of a wrong \
      type, what does not go together, rule files, files of targets, scrape_config_files. Secrets are never \
      shown.

      Beyond promtool it tells of jobs whose targets are all dropped by relabelling, of jobs and remotes \
      that lead the server to itself, and of what Prometheus does and promgate does not (tracing, …).

      EXAMPLES
        promgate check config prometheus.yml
        promgate check config --syntax-only prometheus.yml
        promgate check config --lint all --lint-fatal prometheus.yml
        promgate check config --targets prometheus.yml

      Exit status: 0 Prometheus loads all of it, 1 it does not (or --lint-fatal and there is something to \
      say), 2 a file could not be read.
      """)

  /// What is said of files that can be loaded.
  enum Lint: String, ExpressibleByArgument, CaseIterable {
    case all, none
    case duplicateRules = "duplicate-rules"
    case longInterval = "too-long-scrape-interval"

    var looksAtRules: Bool { self == .all || self == .duplicateRules }
    var looksAtIntervals: Bool { self == .all || self == .longInterval }
  }

  @Argument(help: "Files of Prometheus' configuration.", completion: .file(extensions: ["yml", "yaml"]))
  var files: [String]

  @Flag(help: "Looks at the file alone, not at those that it names.")
  var syntaxOnly = false

  @Option(
    help: ArgumentHelp(
      "What to say beyond errors: all, duplicate-rules, too-long-scrape-interval or none.", valueName: "what")
  )
  var lint = Lint.duplicateRules

  @Flag(help: "Makes what --lint finds an error.")
  var lintFatal = false

  @Option(
    help: ArgumentHelp(
      "How far queries look back, for --lint too-long-scrape-interval.", valueName: "duration"),
    transform: { text in
      do { return try DurationText.milliseconds(text.utf8) } catch { throw ValidationError("\(error)") }
    })
  var lookbackDelta: Int64 = 300_000

  @Flag(
    help: """
      Writes the targets that are known without asking anybody (static ones, and those in files), before and \
      after relabelling, in the JSON of /api/v1/targets.
      """)
  var targets = false

  func run() async throws {
    var isSound = true
    var known: [KnownTarget] = []
    for path in files {
      let check = try ConfigurationCheck(path, isSyntaxOnly: syntaxOnly)
      isSound = try check.run(lint, isFatal: lintFatal, lookback: lookbackDelta, isQuiet: targets) && isSound
      known += check.targets
    }
    if targets { try Output.write((KnownTarget.json(known) + "\n").utf8) }
    if !isSound { throw ExitCode(1) }
  }
}
