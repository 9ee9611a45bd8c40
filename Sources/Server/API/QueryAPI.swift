public import Evaluator
public import PromQL
import Synchronization
public import TimeSeries

/// The Prometheus HTTP API over any source of series (http-api.md).
///
/// Evaluates on threads of its own; what is quick is answered where the request came in.
public final class QueryAPI: Sendable {
  /// What the operator may choose.
  public struct Options: Sendable {
    public var evaluation = EvaluationOptions()
    public var features = LanguageFeatures.all
    /// The memory that queries and other answers may hold, each and all together.
    public var memory = MemoryBudget.unlimited
    /// How long a query may take; clients may ask for less.
    public var queryTimeout = Duration.seconds(120)
    /// How many queries are evaluated at once, beside those that are quick; further ones wait. More than
    /// there are cores, so that middling queries need not wait for large ones; Prometheus has as many.
    public var concurrentQueries = 20
    /// Which origins may read answers from a browser; nil lets all.
    public var allowedOrigins: LabelPattern?
    public var build = BuildInformation()

    /// The defaults.
    public init() {}
  }

  /// Whether the source can be asked.
  public enum Readiness: Int, Sendable { case loading, ready, stopping }

  /// What the endpoint counts about itself.
  public let metrics: ServerMetrics
  let options: Options
  private let now: @Sendable () -> Int64
  private let source: @Sendable () -> any SeriesSource
  private let surroundings: Surroundings
  private let writer: RemoteWrite?
  private let threads: QueryThreads
  private let deadlines = DeadlineWatch()
  private let release = MemoryRelease()
  private let readinessNumber = Atomic<Int>(Readiness.ready.rawValue)

  /// Requests with more parameters than this, bytes, are read on the threads for queries.
  private static let quickSize = 1 << 14

  /// An endpoint over what `source` gives when a request comes; `now` is in milliseconds. Without a
  /// `writer` remote write is refused.
  public init(
    options: Options, now: @escaping @Sendable () -> Int64,
    metrics: ServerMetrics = ServerMetrics(), surroundings: Surroundings = Surroundings(),
    writer: RemoteWrite? = nil,
    source: @escaping @Sendable () -> any SeriesSource
  ) {
    self.options = options
    self.now = now
    self.metrics = metrics
    self.source = source
    self.surroundings = surroundings
    self.writer = writer
    threads = QueryThreads(count: options.concurrentQueries)
  }

  /// Whether requests of the API are answered, or refused for now.
  public var readiness: Readiness {
    get { Readiness(rawValue: readinessNumber.load(ordering: .relaxed)) ?? .loading }
    set { readinessNumber.store(newValue.rawValue, ordering: .relaxed) }
  }

  /// Answers a request.
  public func respond(to request: ServerRequest) async -> ServerResponse {
    let start = ContinuousClock.now
    let route = Route(path: request.path)
    var response =
      if request.size > Self.quickSize {
        await withTaskExecutorPreference(threads) { await answer(request, route) }
      } else if route?.staysOnLoop ?? true {
        await answer(request, route)
      } else {
        await withTaskExecutorPreference(globalConcurrentExecutor) { await answer(request, route) }
      }
    let isShared = route?.isShared(with: request.method) ?? (request.method == .options)
    if isShared, response.headers["Location"] == nil {
      addOriginFields(to: &response, for: request)
    }
    metrics.count(
      handler: route?.name ?? "other", code: response.status, duration: ContinuousClock.now - start)
    return response
  }

  private func answer(_ request: ServerRequest, _ route: Route?) async -> ServerResponse {
    if let redirect = Redirect(request, route) { return redirect.response(to: request.method) }
    if request.method == .options, request.path.hasPrefix(Route.apiPrefix) {
      return ServerResponse(status: 204)
    }
    guard let route else { return .refusal(404, "404 page not found") }
    guard route.methods.contains(request.method) else { return .wrongMethod(request.method, for: route) }
    if request.path.hasPrefix(Route.apiPrefix), readiness != .ready { return .notReady(readiness) }
    switch route {
    case .index: return .index(options.build)
    case .healthy: return ServerResponse(text: "Prometheus Server is Healthy.\n")
    case .ready:
      return readiness == .ready
        ? ServerResponse(text: "Prometheus Server is Ready.\n") : .notReady(readiness)
    case .lifecycle:
      return request.method == .get
        ? ServerResponse(status: 405, text: "Only POST or PUT requests allowed")
        : ServerResponse(status: 403, text: "Lifecycle API is not enabled.")
    case .metrics: return compressed(metrics.response(to: request, options.build), for: request)
    case .buildInfo: return ServerResponse(APIAnswer(data: options.build.json))
    case .series where request.method == .delete:
      return ServerResponse(APIError(kind: .internalError, message: "not implemented"))
    case .query, .queryRange, .series, .labels, .labelValues: return await api(request, route)
    case .formatQuery:
      return plain(request) { form throws(APIError) in
        try form.formattedQuery(options.features, MemoryAccount(options.memory))
      }
    case .parseQuery:
      return plain(request) { form throws(APIError) in
        try form.parsedQuery(options.features, MemoryAccount(options.memory))
      }
    case .exemplars:
      return plain(request) { form throws(APIError) in
        try form.exemplars(options.features, MemoryAccount(options.memory))
      }
    case .metadata: return plain(request, surroundings.metadata)
    case .targets: return plain(request, surroundings.targetList)
    case .targetsMetadata: return plain(request, surroundings.targetsMetadata)
    case .scrapePools: return plain(request, surroundings.scrapePools)
    case .remoteWrite:
      guard let writer else {
        return .refusal(404, "remote write receiver needs to be enabled with --receive")
      }
      if request.isOfPage, !allowsWrites(from: request) {
        metrics.refusals.add(.crossSite, request.headers["Origin"])
        return .refusal(403, "a page may not write: --cors-origin names the origins that may")
      }
      return await withTaskExecutorPreference(threads) { writer.respond(to: request, metrics.refusals) }
    case .remoteRead:
      var response = await withTaskExecutorPreference(threads) {
        RemoteRead(source(), memory: MemoryAccount(options.memory)).respond(to: request)
      }
      response.body.maker = threads
      return response
    case .rules:
      return plain(request) { form throws(APIError) in
        try RuleList(form).answer(surroundings.rules?.status ?? [])
      }
    case .alerts: return plain(request) { _ in RuleList.alerts(surroundings.rules?.status ?? []) }
    case .runtimeInfo:
      let facts = surroundings.facts
      return plain(request) { _ in facts.runtime(now: now(), threads: options.concurrentQueries) }
    case .configuration: return plain(request) { _ in surroundings.facts.config() }
    case .flags: return plain(request) { _ in surroundings.facts.flagList() }
    case .storeStatistics:
      return await withTaskExecutorPreference(threads) {
        plain(request) { form throws(APIError) in try StoreStatistics(form).answer(source()) }
      }
    case .storeBlocks: return plain(request) { _ in APIAnswer(data: #"{"blocks":[]}"#) }
    case .logReplay: return plain(request) { _ in APIAnswer(data: #"{"min":0,"max":0,"current":0}"#) }
    case .admin: return ServerResponse(APIError(kind: .unavailable, message: "admin APIs disabled"))
    case .openTelemetry:
      return .refusal(404, "otlp write receiver needs to be enabled with --web.enable-otlp-receiver")
    case .notifications: return plain(request) { _ in APIAnswer(data: "[]") }
    // What a browser's event source takes as: there is nothing to wait for.
    case .notificationStream: return ServerResponse(status: 204)
    case .federate: return await withTaskExecutorPreference(threads) { federate(request) }
    case .version:
      return ServerResponse(
        status: 200, headers: HTTPFields([("Content-Type", "application/json")]), body: options.build.json)
    case .alertmanagers:
      return plain(request) { _ in
        APIAnswer(data: #"{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"#)
      }
    }
  }

  private func federate(_ request: ServerRequest) -> ServerResponse {
    do {
      let federation = try Federation(FormValues(request), accept: request.headers["Accept"])
      let memory = MemoryAccount(options.memory)
      let text = try federation.text(
        source(), now: now(), lookback: options.evaluation.lookback, memory: memory)
      var response = ServerResponse(
        type: "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", text)
      response.body.memory = memory
      return compressed(response, for: request)
    } catch let shortage as MemoryShortage {
      return .refusal(shortage.isShared ? 503 : 422, shortage.description)
    } catch let problem as Federation.Problem {
      return .refusal(400, problem.text)
    } catch {
      return .refusal(500, "\(error)")
    }
  }

  /// Answers what neither evaluates nor reads series; without data the answer has no body.
  private func plain(
    _ request: ServerRequest, _ answer: (FormValues) throws(APIError) -> APIAnswer?
  ) -> ServerResponse {
    do {
      guard let answer = try answer(FormValues(request)) else { return ServerResponse(status: 204) }
      return compressed(ServerResponse(answer), for: request)
    } catch {
      return ServerResponse(error)
    }
  }

  /// Answers what needs the source, with the query's time running: on the threads for queries unless it
  /// is quick.
  private func api(_ request: ServerRequest, _ route: Route) async -> ServerResponse {
    do {
      guard let work = try APIWork(route, FormValues(request), now: now()) else {
        return .refusal(404, "404 page not found")
      }
      let cancellation = Cancellation()
      let source = source()
      let timeout = try work.timeout(atMost: options.queryTimeout)
      let watched = timeout.map { deadlines.add(cancellation, $0) }
      defer { if let watched { deadlines.remove(watched) } }
      let task = try work.prepared(options)
      if task.isQuick(over: source) { return perform(task, over: source, cancellation, for: request) }
      return await withTaskCancellationHandler {
        await withTaskExecutorPreference(threads) {
          perform(task, over: source, cancellation, for: request)
        }
      } onCancel: {
        cancellation.raise(.canceled)
      }
    } catch {
      return failure(error)
    }
  }

  private func failure(_ error: APIError) -> ServerResponse {
    if let refusal = error.refusal { metrics.refusals.add(refusal, error.message) }
    return ServerResponse(error)
  }

  private func perform(
    _ task: APITask, over source: any SeriesSource, _ cancellation: Cancellation,
    for request: ServerRequest
  ) -> ServerResponse {
    do {
      let response = ServerResponse(try task.answer(over: source, cancellation, options.memory))
      if response.body.following != nil || response.body.count >= MemoryRelease.worthwhile {
        release.schedule()
      }
      return compressed(response, for: request)
    } catch {
      return failure(error)
    }
  }
}

extension ServerRequest {
  /// What of a request has to be read, bytes.
  fileprivate var size: Int { body.count + (query?.utf8.count ?? 0) }
}
