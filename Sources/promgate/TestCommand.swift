import ArgumentParser
import Evaluator
import FoundationEssentials
import PromQLTest
import Synchronization

/// `promgate test`: runs `.test` scripts.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Runs PromQL test scripts.",
    discussion: """
      Each evaluation is run as Prometheus' own runner runs it: as written, with its selectors pinned \
      by @, and as a range. Folders are searched for *.test files.

      EXAMPLES
        promgate test rules.test
        promgate test --file-summary Tests/
        promgate test --format junit Tests/ > report.xml

      Exit status: 0 all passed, 1 some failed, 2 a file could not be read or is no valid script.
      """)

  /// How the report is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, junit
  }

  @Argument(help: "Test scripts, or folders of them.", completion: .file())
  var files: [String]

  @Option(help: "How to write the report: text, json or junit.")
  var format = Format.text

  @Flag(help: "Adds a line with the counts of each file.")
  var fileSummary = false

  /// The longest script that is read.
  private static let maximumBytes = 64 << 20
  /// How long one query may take.
  private static let timeout = Duration.seconds(100)

  func run() async throws {
    let deadline = QueryDeadline(after: Self.timeout)
    let runner = ScriptRunner(guarding: deadline.watch)
    let watcher = Task.detached { await deadline.raiseWhenDue() }
    defer { watcher.cancel() }
    let report = TestReport(files: files.flatMap { reports(on: $0, runner: runner) })
    switch format {
    case .text: Output.write(TextReport(listsFiles: fileSummary).render(report).utf8)
    case .json: Output.write((try TestReportJSON(report).text + "\n").utf8)
    case .junit: Output.write(JUnitReport.render(report).utf8)
    }
    if report.unreadable > 0 { throw ExitCode(2) }
    if report.failed > 0 { throw ExitCode(1) }
  }

  /// The report on a file, or on the scripts inside a folder in the order of their paths.
  private func reports(on path: String, runner: ScriptRunner) -> [FileReport] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
      return [report(on: path, runner: runner)]
    }
    let scripts: [String]
    do {
      scripts = try FileManager.default.subpathsOfDirectory(atPath: path)
        .filter { $0.hasSuffix(".test") }.sorted()
    } catch {
      return [FileReport(path: path, content: .unreadable(" cannot read the folder"))]
    }
    if scripts.isEmpty {
      return [FileReport(path: path, content: .unreadable(" no *.test file in this folder"))]
    }
    let folder = path.hasSuffix("/") ? path : path + "/"
    return scripts.map { report(on: folder + $0, runner: runner) }
  }

  private func report(on path: String, runner: ScriptRunner) -> FileReport {
    do {
      let bytes = try InputFile.bytes(path, maximum: Self.maximumBytes)
      return FileReport(path: path, script: bytes, runner: runner)
    } catch {
      return FileReport(path: path, content: .unreadable(" \(error)"))
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
