import ArgumentParser
import Evaluator
import PromQL
import Recording
import Scrape
import Server

/// `promgate query`: one query over a recording.
struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Evaluates a query over a recording.",
    discussion: """
      With --time, or neither --time nor --start, the query is evaluated once: at the newest sample of \
      the recording unless a time is given. With --start or --end it is evaluated at every step, and \
      drawn.

      EXAMPLES
        promgate query 'sum by (status) (rate(requests_total[1m]))' --data metrics.om
        promgate query up --data metrics.om --start 2025-06-01T00:00:00Z --step 30s
        promgate query up --data metrics.om --format json | jq .data.result

      Exit status: 0 answered, 2 the query or the recording is faulty.
      """)

  /// How the answer is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    /// Aligned columns, a line a sample.
    case table
    /// Lines over time; for range queries.
    case plot
    /// The bytes that the HTTP API would answer.
    case json
    /// Comma-separated values with a header.
    case csv
  }

  @Argument(help: "The query, in PromQL, or - for standard input.")
  var expression: String

  @Option(
    help: ArgumentHelp(
      "The recording to ask: a directory of Prometheus, OpenMetrics, or text with timestamps.",
      valueName: "path"), completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Hands the whole query to a Prometheus server, and shows its answer.", valueName: "url"))
  var prometheus: String?

  @Option(
    help: ArgumentHelp(
      "When to evaluate: seconds since the epoch, or RFC 3339 (default: the newest sample).",
      valueName: "time"),
    transform: ArgumentText.time)
  var time: Int64?

  @Option(
    help: ArgumentHelp("The first step (default: the oldest sample).", valueName: "time"),
    transform: ArgumentText.time)
  var start: Int64?

  @Option(
    help: ArgumentHelp("The last step (default: the newest sample).", valueName: "time"),
    transform: ArgumentText.time)
  var end: Int64?

  @Option(
    help: ArgumentHelp("From step to step (default: 250 steps).", valueName: "duration"),
    transform: ArgumentText.duration)
  var step: Int64?

  @Option(help: "How to write the answer (default: plot for a range, else table).")
  var format: Format?

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationArguments

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  /// The most steps of a range, as the HTTP API has it.
  private static let maximumSteps: Int64 = 11_000

  func validate() throws {
    let isRange = start != nil || end != nil || step != nil
    if time != nil, isRange { throw ValidationError("--time goes with neither --start, --end nor --step") }
    let sources = [data, recordings.remoteRead, prometheus].compactMap { $0 }
    guard sources.count == 1 else {
      throw ValidationError("say what to ask: one of --data PATH, --remote-read URL and --prometheus URL")
    }
    if time == nil, !isRange, format == .plot {
      throw ValidationError("--format plot draws ranges: give --start, --end or --step")
    }
  }

  func run() async throws {
    let recording = try recordings.source(data)
    let text = try QueryArgument.bytes(expression)
    let engine = evaluation.engine
    let now = TimeSource.wall.now()
    let newest = recording?.facts.timeRange?.upperBound ?? now
    let grid = try grid(recording?.facts.timeRange ?? (now - 3_600_000)...now)
    guard let recording else { return try await ask(text, grid, at: time ?? newest) }
    let answer: QueryResult
    do throws(QueryError) {
      let result =
        if let grid {
          try engine.range(text, over: grid, in: recording)
        } else {
          try engine.instant(text, at: time ?? newest, over: recording)
        }
      answer = result
    } catch {
      try explain(error, text)
      throw ExitCode(2)
    }
    try write(answer, text, grid)
  }

  /// Hands the query over and shows what comes.
  private func ask(_ text: [UInt8], _ grid: Grid?, at time: Int64) async throws {
    do {
      let answer = try await ServerQuery(url: prometheus ?? "", server: recordings.server).ask(
        text, grid, at: time)
      if format == .json { return try Output.write(answer.body + [UInt8(ascii: "\n")]) }
      for note in answer.notes { Output.note(note) }
      try show(answer.value, grid)
    } catch ServerQuery.Failure.refused(let body, let message) {
      if format == .json { try Output.write(body + [UInt8(ascii: "\n")]) }
      Output.note("error: \(message)")
      throw ExitCode(2)
    }
  }

  /// The steps that the options ask for; nil for an instant query.
  private func grid(_ range: ClosedRange<Int64>) throws -> Grid? {
    guard start != nil || end != nil || step != nil else { return nil }
    let first = start ?? range.lowerBound
    let last = end ?? range.upperBound
    guard first <= last else {
      let times = [last, first].map(TimeText.utc)
      throw ToolFailure("the range ends (\(times[0])) before it starts (\(times[1]))")
    }
    let (length, overflows) = last.subtractingReportingOverflow(first)
    let step = step ?? max(1000, length / 250)
    guard !overflows, length / step <= Self.maximumSteps else {
      throw ToolFailure("more than 11,000 steps: a larger --step makes fewer")
    }
    return Grid(start: first, end: last, step: step)
  }

  private func write(_ result: QueryResult, _ text: [UInt8], _ grid: Grid?) throws(ToolFailure) {
    if format == .json {
      let steps = grid.map { grid in (0..<grid.count).map(grid.time) } ?? []
      return try Output.write(QueryBody.success(result, steps: steps, in: text))
    }
    for annotation in result.annotations {
      Output.note("\(annotation.level.rawValue): \(annotation.rendered(in: text))")
    }
    try show(result.value, grid)
  }

  /// Writes an answer for people.
  private func show(_ value: QueryValue, _ grid: Grid?) throws(ToolFailure) {
    let lines: [String]
    switch format ?? (grid == nil ? .table : .plot) {
    case .json: return
    case .table: lines = ResultRows(value).table(columns: Terminal.standardOutput.columns)
    case .csv: lines = ResultRows(value).csv
    case .plot:
      guard let grid, case .matrix(let series) = value else { return }
      lines = RangePlot(.standardOutput, grid).lines(series)
    }
    if value.isEmpty { Output.note("the answer is empty: no series matched at this time") }
    try Output.write(lines.map { $0 + "\n" }.joined().utf8)
  }

  /// Says why there is no answer: with carets for a faulty query; as the API would for `json`.
  private func explain(_ error: QueryError, _ text: [UInt8]) throws(ToolFailure) {
    if format == .json { try Output.write(QueryBody.failure(error)) }
    switch error {
    case .syntax(let failure):
      let renderer = DiagnosticRenderer(name: "query", usesColor: Terminal.standardError.usesColor)
      // What follows the first error is mostly its consequence, and Prometheus shows one too.
      for diagnostic in failure.diagnostics.prefix(1) {
        Output.note(drawn: renderer.render(diagnostic, in: text))
      }
    case .evaluation(.tooManySamples, _):
      Output.note("error: \(error)")
      Output.note("help: the limit is \(evaluation.maxSamples) samples; --max-samples raises it")
    case .creation, .evaluation, .source: Output.note("error: \(error)")
    }
  }
}

extension QueryValue {
  /// Whether the answer is a list without elements.
  var isEmpty: Bool {
    switch self {
    case .scalar, .string: false
    case .vector(_, let samples): samples.isEmpty
    case .matrix(let series): series.isEmpty
    }
  }
}
