package import Gate
import Scrape
import Server

/// A small ingress: passes requests on to the primary or, by its weight, to the canary, and exports
/// what ingress-nginx exports, on a port of its own.
///
/// A canary that refuses connections is left out for ten seconds, as an endpoint that is not ready
/// is; the primary answers its share.
package final class Ingress: Sendable {
  private let service: IngressService
  private let traffic: HTTPServer
  private let metrics: HTTPServer

  private init(_ service: IngressService, traffic: HTTPServer, metrics: HTTPServer) {
    self.service = service
    self.traffic = traffic
    self.metrics = metrics
  }

  /// Starts on two loopback ports that the system chooses.
  /// - Parameters:
  ///   - primary: the primary's address, `127.0.0.1:41234`.
  ///   - speed: how many seconds of the clock pass in a real one, for the timeouts.
  package static func start(
    _ rule: IngressRule, primary: String, clock: any GateClock, speed: Double
  ) async throws -> Ingress {
    let service = IngressService(rule, primary: primary, clock: clock, speed: speed)
    let traffic = try await HTTPServer.start(at: .anyLoopbackPort) { await service.pass($0) }
    do {
      let metrics = try await HTTPServer.start(at: .anyLoopbackPort) { service.export($0) }
      return Ingress(service, traffic: traffic, metrics: metrics)
    } catch {
      await traffic.stop(grace: .zero)
      throw error
    }
  }

  /// Where users' requests go.
  package var address: String { traffic.address.description }
  /// Where the metrics are.
  package var metricsAddress: String { metrics.address.description }
  /// How many requests went where so far.
  package var tally: Tally { service.counts.tally }

  /// The canary's share of the requests, in percent.
  package func setWeight(_ weight: Int) { service.split.setWeight(weight) }

  /// The canary's address; nil when there is none any more.
  package func setCanary(_ address: String?) { service.split.setCanary(address) }

  package func stop() async {
    await traffic.stop(grace: .zero)
    await metrics.stop(grace: .zero)
  }
}

/// How many requests were answered by whom.
package struct Tally: Sendable, Hashable {
  package var primary = 0
  package var canary = 0
  /// Of both: those answered with a status of 500 or more.
  package var failed = 0

  package init() {}

  package var total: Int { primary + canary }
}

/// What the ingress does with requests.
private final class IngressService: Sendable {
  let split: TrafficSplit
  let counts: IngressCounts
  private let clock: any GateClock
  private let client = HTTPClient(userAgent: "promgate-demo-ingress")
  private let timeoutMilliseconds: Int64

  /// ingress-nginx' `proxy-read-timeout`, in seconds.
  private static let readTimeout = 60.0

  init(_ rule: IngressRule, primary: String, clock: any GateClock, speed: Double) {
    split = TrafficSplit(primary: primary)
    counts = IngressCounts(rule)
    self.clock = clock
    timeoutMilliseconds = max(1, Int64(Self.readTimeout * 1000 / speed))
  }

  func export(_ request: ServerRequest) -> ServerResponse {
    request.path == "/metrics" ? counts.metrics : ServerResponse(status: 404, text: "not found\n")
  }

  func pass(_ request: ServerRequest) async -> ServerResponse {
    guard case .get = request.method else {
      return ServerResponse(status: 405, text: "only GET is passed on\n")
    }
    let began = clock.now()
    var backend = split.next(at: began)
    var asked = began
    var answer = await ask(backend, request)
    if case .failure(let failure) = answer, failure.isRefusal, backend.isCanary {
      split.leaveOutCanary(from: clock.now())
      backend = split.primary
      asked = clock.now()
      answer = await ask(backend, request)
    }
    let response: ServerResponse
    switch answer {
    case .success(let got): response = ServerResponse(status: got.status, got.body)
    case .failure(let failure) where failure.kind == .cancelled:
      return ServerResponse(status: 503, text: "cancelled\n")
    case .failure(let failure) where failure.kind == .timedOut:
      response = ServerResponse(status: 504, text: "Gateway Timeout\n")
    case .failure: response = ServerResponse(status: 502, text: "Bad Gateway\n")
    }
    let now = clock.now()
    counts.add(
      IngressCounts.Key(isCanary: backend.isCanary, method: "GET", status: response.status),
      requestSeconds: Double(now - began) / 1000, responseSeconds: Double(now - asked) / 1000)
    return response
  }

  private func ask(
    _ backend: TrafficSplit.Backend, _ request: ServerRequest
  ) async -> Result<HTTPResponse, HTTPFailure> {
    let target = request.path + (request.query.map { "?" + $0 } ?? "")
    var outgoing = HTTPRequest(.get, "http://\(backend.address)\(target)")
    outgoing.timeoutMilliseconds = timeoutMilliseconds
    outgoing.followsRedirects = false
    outgoing.compressed = false
    do throws(HTTPFailure) {
      return .success(try await client.fetch(outgoing))
    } catch {
      return .failure(error)
    }
  }
}

extension ServerResponse {
  fileprivate init(status: Int, _ body: [UInt8]) {
    self.init(status: status, type: "text/plain; charset=utf-8", body)
  }
}

extension HTTPFailure {
  /// Nobody answers there: the connection was refused, or cut on the way.
  fileprivate var isRefusal: Bool {
    switch kind {
    case .unreachable, .failed, .unknownHost: true
    case .invalidRequest, .timedOut, .bodyTooLarge, .badCompression, .cancelled: false
    }
  }
}
