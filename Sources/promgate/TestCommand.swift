import ArgumentParser
import Evaluator
import PromQL
import PromQLTest
import Synchronization
import TimeSeries

/// `promgate test`: runs `.test` scripts and promtool's unit tests.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Runs PromQL test scripts and promtool's unit tests of rules.",
    discussion: """
      Scripts are *.test files: each evaluation is run as Prometheus' own runner runs it, as written, \
      with its selectors pinned by @, and as a range.

      Unit tests are the YAML files of `promtool test rules`: recording and alerting rules are \
      evaluated over input series, then alerts and expressions are compared. Rule files are looked for \
      beside the test. As in promtool, values must be equal (fuzzy_compare allows the last bit), names go at \
      once, and what is behind a flag is off until --enable-feature names it: \
      promql-experimental-functions, promql-delayed-name-removal, promql-extended-range-selectors, \
      promql-binop-fill-modifiers. In scripts all of it is on.

      Folders are searched for *.test files, and for *.yml and *.yaml files with the key tests.

      EXAMPLES
        promgate test queries.test
        promgate test alerts_test.yml
        promgate test --file-summary Tests/
        promgate test --format junit Tests/ > report.xml
        promgate test --run checkout --junit report.xml rules/
        promgate test --enable-feature promql-delayed-name-removal \\
          --diff alerts_test.yml

      Exit status: 0 all passed, 1 some failed, 2 a file could not be read, is no valid test or \
      holds none.
      """)

  /// How the report is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, junit
  }

  @Argument(help: "Test scripts, unit tests, or folders of them.", completion: .file())
  var files: [String]

  @Option(help: "How to write the report: text, json or junit.")
  var format = Format.text

  @Flag(help: "Adds a line with the counts of each file.")
  var fileSummary = false

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp(
      "Runs only the unit tests whose name matches (scripts run whole); may be repeated.",
      valueName: "pattern"),
    transform: { text in
      do { return try LabelPattern("(?s:.*)(?:\(text))(?s:.*)") } catch { throw ValidationError("\(error)") }
    })
  var names: [LabelPattern] = []

  @Option(
    name: .customLong("junit"),
    help: ArgumentHelp("Writes the report as JUnit to a file too.", valueName: "file"),
    completion: .file())
  var junitFile: String?

  @Option(
    name: .customLong("enable-feature"),
    help: ArgumentHelp(
      "Switches features on for unit tests, with commas between; may be repeated.", valueName: "names"))
  var featureLists: [String] = []

  @Flag(help: "Shows what was expected and what came below each other, in colors on a terminal.")
  var diff = false

  @Flag(help: "Tells of each unit test when it runs, and all its series at the end (on standard error).")
  var debug = false

  @Flag(help: "Passes over keys of rule files that Prometheus does not know.")
  var ignoreUnknownFields = false

  @OptionGroup
  var memory: QueryMemoryArguments

  private var switches: UnitTestSwitches {
    var switches = UnitTestSwitches()
    switches.ignoresUnknownRuleKeys = ignoreUnknownFields
    for name in featureLists.flatMap({ switches.enable($0) }) {
      Output.note("promgate test: warning: unknown feature passed to --enable-feature: \(name)")
    }
    return switches
  }

  /// How long one query may take.
  private static let timeout = Duration.seconds(100)

  func run() async throws {
    let deadline = QueryDeadline(after: Self.timeout)
    let budget = memory.budget
    let run = TestFiles(
      scripts: ScriptRunner(memory: budget, guarding: deadline.watch),
      unitTests: UnitTestRunner(
        switches: switches, memory: budget, guarding: deadline.watch,
        selects: { [names] name in
          names.isEmpty || names.contains { $0.matches(Array(name.utf8)[...]) }
        }, observing: debug ? DebugNotes().note : nil))
    let watcher = Task.detached { await deadline.raiseWhenDue() }
    defer { watcher.cancel() }
    let report = TestReport(files: files.flatMap { run.reports(on: $0) })
    switch format {
    case .text:
      let differences: TestText.Differences =
        diff ? .lines(colored: Terminal.standardOutput.usesColor) : .table
      try Output.write(
        TestText(listsFiles: fileSummary, differences: differences).render(report).utf8)
    case .json: try Output.write((TestReportJSON(report).text + "\n").utf8)
    case .junit: try Output.write(JUnitReport.render(report).utf8)
    }
    if let junitFile {
      try Output.write(JUnitReport.render(report).utf8, toFile: junitFile)
    }
    if report.files.flatMap(\.outcomes).contains(where: {
      $0.failure?.problem.contains("not enabled") ?? false
    }) {
      let off = LanguageFeature.allCases.filter { !UnitTestSwitches().features.contains($0) }
      let names = off.map(\.rawValue)
      Output.note(
        "promgate test: what is not enabled, --enable-feature switches on: \(names.joined(separator: ", "))")
    }
    if !names.isEmpty, report.unreadable == 0, report.passed + report.failed == 0 {
      throw ToolFailure("no test was found whose name matches --run")
    }
    if report.unreadable > 0 { throw ExitCode(2) }
    if report.failed > 0 { throw ExitCode(1) }
  }
}

/// Tells on standard error what unit tests do, in promtool's words.
private final class DebugNotes: Sendable {
  private let began = Mutex(ContinuousClock.now)

  @Sendable
  func note(_ event: UnitTestRunner.Event) {
    switch event {
    case .started(let name):
      began.withLock { $0 = .now }
      Output.note("DEBUG: Starting test \(name)")
    case .data(let text, let time):
      Output.note(
        "DEBUG: Dump of all data (input_series and rules) at \(DurationText.text(milliseconds: time)):")
      Output.note(text)
    case .finished(let name):
      let took = ContinuousClock.now - began.withLock { $0 }
      Output.note("DEBUG: Test \(name) finished, took \(took)")
    }
  }
}

/// Raises a query's flag when it has run for too long.
final class QueryDeadline: Sendable {
  private let limit: Duration
  private let watched = Mutex<(flag: Cancellation, due: ContinuousClock.Instant)?>(nil)

  init(after limit: Duration) { self.limit = limit }

  /// Watches the query that starts now, instead of the one before.
  @Sendable
  func watch(_ flag: Cancellation) {
    let due = ContinuousClock.now + limit
    watched.withLock { $0 = (flag, due) }
  }

  /// Looks four times a second until its task is cancelled.
  func raiseWhenDue() async {
    while !Task.isCancelled {
      watched.withLock { watched in
        if let watched, watched.due < .now { watched.flag.raise(.timedOut) }
      }
      try? await Task.sleep(for: .milliseconds(250))
    }
  }
}
