public import Evaluator
import NIOCore
public import PromQL
import Synchronization
public import TimeSeries

/// The Prometheus HTTP API over any source of series (http-api.md).
///
/// Evaluates on threads of its own; what is quick is answered where the request came in.
public final class PrometheusAPI: Sendable {
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
  let now: @Sendable () -> Int64
  let source: @Sendable () -> any SeriesSource
  let surroundings: Surroundings
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
    let found = Self.table.found(request.path)
    var response = await placed(request, found)
    let isShared =
      request.method == .options
      || found.map { $0.endpoint.isShared && $0.endpoint.methods.contains(request.method) } ?? false
    if isShared, response.headers["Location"] == nil {
      addOriginFields(to: &response, for: request)
    }
    metrics.count(
      handler: found?.endpoint.name ?? "other", code: response.status, duration: ContinuousClock.now - start)
    return response
  }

  /// Answers it where it belongs: nothing else decides that, but for queries that turn out to be long.
  private func placed(_ request: ServerRequest, _ found: EndpointTable.Place?) async -> ServerResponse {
    let place = request.size > Self.quickSize ? .threads : found?.endpoint.place ?? .loop
    switch place {
    case .loop: return await answer(request, found)
    case .pool:
      return await withTaskExecutorPreference(globalConcurrentExecutor) { await answer(request, found) }
    case .threads: return await withTaskExecutorPreference(threads) { await answer(request, found) }
    }
  }

  private func answer(_ request: ServerRequest, _ found: EndpointTable.Place?) async -> ServerResponse {
    if let redirect = Redirect(request, found?.endpoint) { return redirect.response(to: request.method) }
    if request.method == .options, request.path.hasPrefix(Endpoint.apiPrefix) {
      return ServerResponse(status: 204)
    }
    guard let found else { return .refusal(404, "404 page not found") }
    let endpoint = found.endpoint
    guard endpoint.methods.contains(request.method) else {
      return .wrongMethod(request.method, for: endpoint)
    }
    if request.path.hasPrefix(Endpoint.apiPrefix), readiness != .ready { return .notReady(readiness) }
    return await endpoint.answer(self, Endpoint.Call(request: request, part: found.part))
  }

  // MARK: Answers

  func write(_ request: ServerRequest) -> ServerResponse {
    guard let writer else {
      return .refusal(404, "remote write receiver needs to be enabled with --receive")
    }
    if request.isOfPage, !allowsWrites(from: request) {
      metrics.refusals.add(.crossSite, request.headers["Origin"])
      return .refusal(403, "a page may not write: --cors-origin names the origins that may")
    }
    return writer.respond(to: request, metrics.refusals)
  }

  func remoteRead(_ request: ServerRequest) async -> ServerResponse {
    var response = await timed { cancellation in
      RemoteRead(source(), memory: MemoryAccount(options.memory)).respond(to: request, cancellation)
    }
    response.body.maker = threads
    return response
  }

  /// Works no longer than a query may, and than the client is there.
  func timed(_ work: (Cancellation) -> ServerResponse) async -> ServerResponse {
    let cancellation = Cancellation()
    let watched = deadlines.add(cancellation, TimeAmount(options.queryTimeout))
    defer { deadlines.remove(watched) }
    return await withTaskCancellationHandler {
      work(cancellation)
    } onCancel: {
      cancellation.raise(.canceled)
    }
  }

  func federate(_ request: ServerRequest, _ cancellation: Cancellation) -> ServerResponse {
    do {
      let federation = try Federation(FormValues(request), accept: request.headers["Accept"])
      let memory = MemoryAccount(options.memory)
      let text = try federation.text(
        source(), now: now(), lookback: options.evaluation.lookback, memory: memory, cancellation)
      var response = ServerResponse(
        type: "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", text)
      response.body.memory = memory
      return compressed(response, for: request)
    } catch let shortage as MemoryShortage {
      return .refusal(shortage.isShared ? 503 : 422, shortage.description)
    } catch let problem as Federation.Problem {
      return .refusal(400, problem.text)
    } catch let end as APIError {
      if let refusal = end.refusal { metrics.refusals.add(refusal, end.message) }
      return .refusal(end.status, end.message)
    } catch {
      return .refusal(500, "\(error)")
    }
  }

  /// Answers what neither evaluates nor reads series; without data the answer has no body.
  func plain(
    _ request: ServerRequest, _ answer: (FormValues) throws(APIError) -> APIAnswer?
  ) -> ServerResponse {
    do {
      guard let answer = try answer(FormValues(request)) else { return ServerResponse(status: 204) }
      return compressed(ServerResponse(answer), for: request)
    } catch {
      return ServerResponse(error)
    }
  }

  /// Answers what reads series, with the query's time running: on the threads for queries unless it is
  /// quick.
  func read(
    _ request: ServerRequest, _ work: (FormValues) throws(APIError) -> SeriesWork
  ) async -> ServerResponse {
    do {
      let work = try work(FormValues(request))
      let cancellation = Cancellation()
      let source = source()
      let watched = deadlines.add(cancellation, work.timeout(atMost: options.queryTimeout))
      defer { deadlines.remove(watched) }
      if work.isQuick(over: source) { return perform(work, over: source, cancellation, for: request) }
      return await withTaskCancellationHandler {
        await withTaskExecutorPreference(threads) {
          perform(work, over: source, cancellation, for: request)
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
    _ work: SeriesWork, over source: any SeriesSource, _ cancellation: Cancellation,
    for request: ServerRequest
  ) -> ServerResponse {
    do {
      let response = ServerResponse(try work.answer(over: source, cancellation, options.memory))
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
