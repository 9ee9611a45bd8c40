/// Evidence that a Prometheus server evaluates, asked over HTTP as Flagger asks it (flagger.md §4.2):
/// one GET, only the query, at the server's own now.
public struct RemoteEvidence: EvidenceSource {
  /// Fetches one URL. Throws with a message for people when nobody answers.
  public typealias Fetch = @Sendable (HTTPQuery) async throws -> HTTPAnswer

  private let server: Server
  private let sendsTime: Bool
  private let countsRequests: Bool
  private let now: (@Sendable () -> Int64)?
  private let fetch: Fetch

  public var lastTime: Int64? { nil }

  /// Whom to ask.
  public enum Server: Sendable, Hashable {
    /// The same for all checks.
    case one(PrometheusAddress, headers: [MetricsServer.Header])
    /// The one that each check names.
    case ofEachCheck
  }

  /// - Parameters:
  ///   - sendsTime: asks for the time of the tick, to judge what is past.
  ///   - countsRequests: asks a second query for the number of requests, where one can be made.
  ///   - now: the clock that a server's own now is held against, milliseconds; nil for none.
  ///   - fetch: does the asking.
  public init(
    _ server: Server, sendsTime: Bool = false, countsRequests: Bool = false,
    now: (@Sendable () -> Int64)? = nil, fetch: @escaping Fetch
  ) {
    self.server = server
    self.sendsTime = sendsTime
    self.countsRequests = countsRequests
    self.now = now
    self.fetch = fetch
  }

  public func evidence(for check: Check, at time: Int64) async throws -> CheckEvidence {
    try Task.checkCancellation()
    guard let query = check.sentQuery else { return CheckEvidence(.success(InstantAnswer())) }
    let asked = sendsTime ? time : now?()
    let answer = await answer(to: query, of: check, at: sendsTime ? time : nil)
    return CheckEvidence(
      answer, basis: countsRequests ? await basis(of: query, check, time) : nil, asked: asked)
  }

  /// How far the windows look back, and the requests in them: one more query to the server.
  private func basis(of query: String, _ check: Check, _ time: Int64) async -> CheckEvidence.Basis? {
    guard let queries = BasisQueries(of: query) else { return nil }
    var basis = CheckEvidence.Basis(reach: queries.reach)
    if let requests = queries.requests,
      case .success(let counted) = await answer(to: requests, of: check, at: sendsTime ? time : nil),
      counted.oddity == nil, case .value(let bits, _) = counted.reading
    {
      basis.requests = Double(bitPattern: bits)
    }
    return basis
  }

  private func answer(
    to query: String, of check: Check, at time: Int64?
  ) async -> Result<InstantAnswer, QueryFailure> {
    do {
      let answer = try await fetch(try request(query, check, time))
      return Result { () throws(QueryFailure) in
        try InstantAnswer(status: answer.status, reason: answer.reason, body: answer.body)
      }
    } catch {
      return .failure(.unreachable("\(error)"))
    }
  }

  private func request(
    _ query: String, _ check: Check, _ time: Int64?
  ) throws(PrometheusAddress.Problem) -> HTTPQuery {
    switch server {
    case .one(let address, let headers):
      HTTPQuery(url: address.queryURL(query, at: time), headers: headers)
    case .ofEachCheck:
      HTTPQuery(
        url: try PrometheusAddress(check.server.address).queryURL(query, at: time),
        headers: check.server.headers, skipsTLSVerification: check.server.skipsTLSVerification)
    }
  }
}

/// A GET request.
public struct HTTPQuery: Sendable, Hashable {
  public var url: String
  public var headers: [MetricsServer.Header]
  public var skipsTLSVerification: Bool

  public init(url: String, headers: [MetricsServer.Header] = [], skipsTLSVerification: Bool = false) {
    self.url = url
    self.headers = headers
    self.skipsTLSVerification = skipsTLSVerification
  }

  /// How long Flagger waits, in milliseconds; not configurable.
  public static let timeout: Int64 = 5_000
}

/// A response.
public struct HTTPAnswer: Sendable, Hashable {
  public var status: Int
  /// The words beside the status: `Bad Gateway`.
  public var reason: String
  public var body: [UInt8]

  public init(status: Int, reason: String, body: [UInt8]) {
    self.status = status
    self.reason = reason
    self.body = body
  }
}
