public import Evaluator
import PromQL
import TimeSeries

/// What `/query` and `/query_range` were asked (http-api.md §5, §6).
struct QueryParameters: Sendable {
  enum Times: Sendable {
    /// Milliseconds.
    case instant(Int64)
    case range(Grid)
  }

  var text: [UInt8]
  var times: Times
  /// How many series to answer.
  var limit: Int
  /// Nanoseconds that the client is willing to wait; nil when it does not say.
  var timeout: Int64?
  /// Milliseconds; nil for the server's.
  var lookback: Int64?
  /// The `stats` parameter; empty when absent.
  var stats: String
  /// The times of the steps, milliseconds.
  private var stepTimes: [Int64] {
    switch times {
    case .instant(let time): [time]
    case .range(let grid): (0..<grid.count).map(grid.time)
    }
  }
  /// When the parameters were read.
  private let arrival = ContinuousClock.now

  /// Reads the parameters of `/query` in the order in which the reference checks them.
  init(instant form: FormValues, now: Int64) throws(APIError) {
    limit = try form.limit()
    let time = try form.time("time", default: now)
    try FormValues.checkEvaluable(time, "time")
    times = .instant(time)
    timeout = try form.timeout()
    lookback = try form.lookback()
    text = form.first("query")
    stats = form.text("stats") ?? ""
  }

  /// Reads the parameters of `/query_range` in the order in which the reference checks them.
  init(range form: FormValues) throws(APIError) {
    limit = try form.limit()
    times = .range(try form.grid())
    timeout = try form.timeout()
    lookback = try form.lookback()
    text = form.first("query")
    stats = form.text("stats") ?? ""
  }

  /// A query that is read and planned, and who evaluates it.
  struct Prepared: Sendable {
    fileprivate var engine: QueryEngine
    fileprivate(set) var query: PreparedQuery
    fileprivate var duration: Duration
  }

  /// Reads and plans the query.
  func prepared(_ options: PrometheusAPI.Options) throws(APIError) -> Prepared {
    let start = ContinuousClock.now
    var evaluation = options.evaluation
    evaluation.lookback = lookback ?? evaluation.lookback
    let engine = QueryEngine(options: evaluation, features: options.features, memory: options.memory)
    do {
      let query =
        switch times {
        case .instant(let time): try engine.prepare(text, at: time)
        case .range(let grid): try engine.prepare(text, over: grid)
        }
      return Prepared(engine: engine, query: query, duration: .now - start)
    } catch {
      throw APIError(error)
    }
  }

  /// Evaluates the query and writes its answer.
  func answer(
    _ prepared: Prepared, over source: any SeriesSource, _ cancellation: Cancellation
  ) throws(APIError) -> APIAnswer {
    let start = ContinuousClock.now
    let result: QueryResult
    do {
      result = try prepared.engine.answer(prepared.query, over: source, cancellation: cancellation)
    } catch {
      throw APIError(error)
    }
    // What is not written a piece at a time is held whole, beside what it is made from.
    if !MatrixText.streams(result.value, limit: limit) {
      do { try result.memory?.take(result.value.textSize(limit: limit)) } catch { throw APIError(error) }
    }
    var steps: [Int64] = []
    if case .range(let grid) = times { steps = (0..<grid.count).map(grid.time) }
    var statistics: QueryStatistics?
    if !stats.isEmpty {
      let evaluated = ContinuousClock.now - start
      var samples: SampleStatistics?
      do {
        samples = try prepared.engine.statistics(of: prepared.query, over: source, cancellation: cancellation)
      } catch {
        throw APIError(error)
      }
      statistics = QueryStatistics(
        queued: start - arrival - prepared.duration, prepared: prepared.duration, evaluated: evaluated,
        samples: samples, steps: stats == "all" ? stepTimes : nil)
    }
    var answer = APIAnswer(
      result, limit: limit, steps: steps, statistics: statistics, in: text, streams: true)
    if !stats.isEmpty, !["true", "all"].contains(stats) {
      answer.warnings.append(
        "value \(GoText.quoted(stats)) for parameter \"stats\" is deprecated and will be rejected in "
          + "the next major release, use \"true\" or \"all\"")
    }
    return answer
  }
}

/// A query's answer as the API's bytes, for whoever has the result already.
public enum QueryBody {
  /// What `/api/v1/query` or `/api/v1/query_range` answers for a result; `steps` are the times of a
  /// range query, milliseconds.
  public static func success(_ result: QueryResult, steps: [Int64] = [], in text: [UInt8]) -> [UInt8] {
    ServerResponse(APIAnswer(result, limit: .max, steps: steps, in: text)).body.bytes
  }

  /// What the API answers for a query that failed.
  public static func failure(_ error: QueryError) -> [UInt8] { ServerResponse(APIError(error)).body.bytes }
}

extension APIAnswer {
  /// The most warnings, and the most infos, that an answer lists.
  private static let maximumAnnotations = 10

  /// A query's result, cut to `limit` series, with the statistics that were asked for. `streams`: a large
  /// one is written as it is taken.
  init(
    _ result: QueryResult, limit: Int, steps: [Int64] = [], statistics: QueryStatistics? = nil,
    in text: [UInt8], streams: Bool = false
  ) {
    var writer = ByteWriter(capacity: 4096)
    writer.append(UInt8(ascii: "{"))
    let matrix = streams ? MatrixText(result.value, limit: limit, steps: steps) : nil
    if let matrix {
      writer.append(MatrixText.head)
      self.init(data: ResponseBody(writer.finish(), following: matrix.next))
      var tail = ByteWriter()
      tail.append(MatrixText.tail)
      if let statistics { tail.append(statistics) }
      tail.append(UInt8(ascii: "}"))
      data = data.wrapped(in: [], tail.finish())
    } else {
      writer.append(result: result.value, limit: limit, steps: steps)
      if let statistics { writer.append(statistics) }
      writer.append(UInt8(ascii: "}"))
      self.init(data: writer.body())
    }
    add(result.annotations, in: text)
    if result.value.seriesCount ?? 0 > limit { warnings.append(Self.truncated) }
    data.memory = result.memory
  }

  /// Lists what an evaluation noted.
  private mutating func add(_ annotations: [Annotation], in text: [UInt8]) {
    let rendered = { (level: Annotation.Level) in
      let noted = annotations.filter { $0.level == level }
      var texts = noted.prefix(Self.maximumAnnotations).map { $0.rendered(in: text) }
      let omitted = noted.count - texts.count
      if omitted > 0 { texts.append("\(omitted) more \(level.rawValue) annotations omitted") }
      return texts
    }
    warnings += rendered(.warning)
    infos += rendered(.info)
  }
}

/// How long a query took and what it looked at (the `stats` of http-api.md §5).
struct QueryStatistics: Sendable {
  /// Until a thread was free.
  var queued: Duration
  /// Parsing and planning.
  var prepared: Duration
  /// Fetching and evaluating.
  var evaluated: Duration
  /// Nil for a query that is not counted.
  var samples: SampleStatistics?
  /// The times of the steps, milliseconds, where what each looks at is asked for.
  var steps: [Int64]?
}

extension ByteWriter {
  /// The member `,"stats":…`, times in seconds. Results are sorted while they are evaluated.
  fileprivate mutating func append(_ statistics: QueryStatistics) {
    let whole = statistics.prepared + statistics.evaluated
    let timings: [(String, Duration)] = [
      ("evalTotalTime", whole), ("resultSortTime", .zero), ("queryPreparationTime", statistics.prepared),
      ("innerEvalTime", statistics.evaluated), ("execQueueTime", statistics.queued), ("execTotalTime", whole),
    ]
    append(#","stats":{"timings":{"#)
    for (index, timing) in timings.enumerated() {
      append(index == 0 ? #"""# : #",""#)
      append(timing.0)
      append(#"":"#)
      append(seconds: Double(timing.1.nanoseconds) / 1e9)
    }
    append("}")
    if let samples = statistics.samples { append(samples, steps: statistics.steps) }
    append("}")
  }

  private mutating func append(_ samples: SampleStatistics, steps: [Int64]?) {
    append(#","samples":{"#)
    if let steps {
      append(#""totalQueryableSamplesPerStep":["#)
      for (index, step) in zip(steps, samples.perStep).enumerated() {
        append(index == 0 ? "[" : ",[")
        append(milliseconds: step.0)
        append(",\(step.1)]")
      }
      append("],")
    }
    append(#""totalQueryableSamples":\#(samples.total),"samplesRead":\#(samples.read),"#)
    append(#""peakSamples":\#(samples.peak)}"#)
  }
}

extension Duration {
  /// Whole nanoseconds; for durations below three centuries.
  fileprivate var nanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}

extension APIError {
  /// The API's error for a query that failed.
  init(_ error: QueryError) {
    switch error {
    case .syntax, .creation: self = .parameter("query", error.description)
    case .source: self.init(kind: .execution, message: error.description)
    case .evaluation(.timedOut(let phase), _):
      self.init(
        kind: .timeout, message: EvaluationError.timedOut(phase).description, refusal: .queryTime)
    case .evaluation(.canceled(let phase), _):
      self.init(kind: .canceled, message: EvaluationError.canceled(phase).description)
    case .evaluation(.tooMuchMemory(let shortage), _): self.init(shortage)
    case .evaluation(let failure, _):
      self.init(
        kind: .execution, message: failure.description,
        refusal: failure == .tooManySamples ? .querySize : nil)
    }
  }
}
