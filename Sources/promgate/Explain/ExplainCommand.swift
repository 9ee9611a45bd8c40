import ArgumentParser
import Evaluator
import Lint
import PromQL
import Recording
import Scrape
import TimeSeries

/// `promgate explain`: how a query is read and what it means.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Shows how a query is read, what it means, and what each part of it yields.",
    discussion: """
      Shows the tokens, the syntax tree with the place of every node, and the plan: durations folded, \
      optional arguments filled in, parts with one value for all steps pinned.

      With --types it shows what lint knows of each part without data: how many series there can be, \
      their labels, the range of the values, their unit, why it may be empty or NaN.

      With --data it evaluates every part and shows what it yields instead: how many series, a few of \
      their values, and for a part without a value the reason.

      EXAMPLES
        promgate explain 'sum by (le) (rate(latency_bucket[5m]))'
        promgate explain --show plan 'a @ end() + b offset 5m' --time 1760000000
        promgate explain 'rate(http_requests[1m]) / errors' --data metrics.om
        promgate explain --types 'sum by (pod) (rate(http_requests_total[1m])) / 2'

      Exit status: 0 explained, 2 the query or the recording is faulty.
      """)

  /// A stage of the way from text to values.
  enum Stage: String, ExpressibleByArgument, CaseIterable {
    case tokens, tree, plan
    /// What each part yields; needs data.
    case values
  }

  /// How the explanation is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    /// An object for each part; values only.
    case json
  }

  @Argument(help: "The query, or - for standard input.")
  var expression: String

  @Option(help: "What to show; may be repeated (default: values with --data, else the rest).")
  var show: [Stage] = []

  @Flag(help: "Shows what can be known of each part without data.")
  var types = false

  @Option(
    help: ArgumentHelp("The recording that the parts are evaluated over.", valueName: "path"),
    completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The time that it is for: seconds or RFC 3339 (default: the newest sample).", valueName: "time"),
    transform: ArgumentText.time)
  var time: Int64?

  @Option(help: ArgumentHelp("How many values of each part are shown.", valueName: "count"))
  var rows = 3

  @Option(help: "How to write the values.")
  var format = Format.text

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationArguments

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  func validate() throws {
    let hasData = data != nil || recordings.remoteRead != nil
    if !hasData, show.contains(.values) { throw ValidationError("--show values needs --data") }
    if !hasData, format == .json { throw ValidationError("--format json shows values: give --data") }
    if types, data != nil || recordings.remoteRead != nil || !show.isEmpty {
      throw ValidationError(
        "--types stands alone: leave out --data "
          + "and --show")
    }
    guard rows >= 0 else { throw ValidationError("--rows cannot be negative") }
  }

  func run() throws {
    let expression = try QueryArgument.parse(self.expression)
    if types {
      let page: TypesPage
      do { page = try TypesPage(expression) } catch { throw ToolFailure("\(error)") }
      return try Output.write(page.text.utf8)
    }
    var values: PartValues?
    let recording = try recordings.source(data)
    if let recording { values = try self.values(expression, recording) }
    if format == .json, let values {
      return try Output.write((values.json + "\n").utf8)
    }
    let stages = show.isEmpty ? (recording == nil ? [.tokens, .tree, .plan] : [.values]) : show
    for (index, stage) in stages.enumerated() {
      if stages.count > 1 { try Output.write("\(index > 0 ? "\n" : "")\(stage.rawValue)\n".utf8) }
      try Output.write((text(stage, expression, values) + "\n").utf8)
    }
  }

  private func values(
    _ expression: Expression, _ recording: RecordedSeries
  ) throws -> PartValues {
    let time = time ?? recording.facts.timeRange?.upperBound ?? TimeSource.wall.now()
    let examination = Examination(
      expression, at: time, over: recording, engine: evaluation.engine)
    return PartValues(expression, at: time, examination.reports(shown: rows))
  }

  private func text(
    _ stage: Stage, _ expression: Expression, _ values: PartValues?
  ) throws -> String {
    switch stage {
    case .values: return values?.text(columns: Terminal.standardOutput.columns) ?? ""
    case .tokens:
      return Expression.tokens(of: expression.text).tokens.map { token in
        "\(token.range.start)…\(token.range.end) \(token.described(in: expression.text))"
      }.joined(separator: "\n")
    case .tree: return expression.tree()
    case .plan:
      let context = QueryContext(grid: Grid(instant: time ?? 0), isInstant: true)
      do { return try Lowering.plan(expression, in: context).description } catch {
        throw ToolFailure("\(error)")
      }
    }
  }
}

/// A query as an argument or from standard input.
enum QueryArgument {
  /// The longest query that is read.
  private static let maximumBytes = 16 << 20

  private static func input() throws -> [UInt8] {
    do { return try InputFile.text("-", maximum: maximumBytes) } catch {
      throw ToolFailure("standard input: \(error)")
    }
  }

  /// The bytes of an argument, or for `-` of standard input, without a byte order mark.
  static func bytes(_ argument: String) throws -> [UInt8] {
    argument == "-" ? try input() : ByteOrderMark.stripped(Array(argument.utf8))
  }

  /// Parses; what is wrong is drawn with carets.
  static func parse(_ argument: String) throws -> Expression {
    let bytes = try bytes(argument)
    do { return try Expression.parse(bytes) } catch {
      let renderer = DiagnosticRenderer(name: "query", usesColor: Terminal.standardError.usesColor)
      for diagnostic in error.diagnostics.prefix(1) {
        Output.note(drawn: renderer.render(diagnostic, in: bytes))
      }
      throw ExitCode(2)
    }
  }
}
