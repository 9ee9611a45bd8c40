package import Gate
import Server
import Synchronization

/// A small application in the manner of podinfo: answers on `/`, exports its metrics on `/metrics`.
///
/// A request really takes as long as its release says (on the demo's clock), and what is exported is
/// what was measured.
package final class SampleApplication: Sendable {
  private let service: ApplicationService
  private let server: HTTPServer

  private init(_ service: ApplicationService, _ server: HTTPServer) {
    self.service = service
    self.server = server
  }

  /// Starts on a loopback port that the system chooses; throws when there is none.
  package static func start(_ release: Release, clock: any GateClock) async throws -> SampleApplication {
    let service = ApplicationService(release, clock: clock)
    let server = try await HTTPServer.start(at: .anyLoopbackPort) { await service.answer($0) }
    return SampleApplication(service, server)
  }

  /// `127.0.0.1:41234`
  package var address: String { server.address.description }

  /// From now on it behaves as another release.
  package func deploy(_ release: Release) { service.deploy(release) }

  /// Closes all connections at once, as a process that dies.
  package func stop() async { await server.stop(grace: .zero) }
}

/// What the application does with requests.
private final class ApplicationService: Sendable {
  private struct State {
    var release: Release
    var requestCount = 0
    var failures = EvenShare()
    /// By method and status.
    var durations: [Key: DurationHistogram] = [:]
  }

  private struct Key: Hashable, Comparable {
    var method: String
    var status: Int

    static func < (lhs: Key, rhs: Key) -> Bool {
      lhs.status != rhs.status ? lhs.status < rhs.status : lhs.method < rhs.method
    }
  }

  private let clock: any GateClock
  private let state: Mutex<State>

  init(_ release: Release, clock: any GateClock) {
    self.clock = clock
    state = Mutex(State(release: release))
  }

  func deploy(_ release: Release) { state.withLock { $0.release = release } }

  func answer(_ request: ServerRequest) async -> ServerResponse {
    switch (request.method, request.path) {
    case (.get, "/metrics"): metrics
    case (.get, "/"): await serve()
    case (.get, _): ServerResponse(status: 404, text: "not found\n")
    case (.head, _), (.post, _), (.put, _), (.delete, _), (.options, _), (.other, _):
      ServerResponse(status: 405, text: "only GET is answered\n")
    }
  }

  private func serve() async -> ServerResponse {
    let began = clock.now()
    let (release, number, fails) = state.withLock { state in
      state.requestCount += 1
      let fails = state.failures.next(state.release.errorShare)
      return (state.release, state.requestCount, fails)
    }
    let wait = Int64((release.latency(ofRequest: number) * 1000).rounded())
    do {
      try await clock.sleep(until: began + wait)
    } catch {
      // The client went away: nobody will read this, and nothing is counted.
      return ServerResponse(status: 503, text: "cancelled\n")
    }
    let status = fails ? 500 : 200
    let seconds = Double(clock.now() - began) / 1000
    state.withLock {
      $0.durations[Key(method: "GET", status: status), default: DurationHistogram()].observe(seconds)
    }
    let text = fails ? "the sample application fails on purpose\n" : "podinfo \(release.version)\n"
    return ServerResponse(status: status, text: text)
  }

  /// podinfo's names, labels and buckets; namespace and pod are labels of the target, as in a cluster.
  private var metrics: ServerResponse {
    let durations = state.withLock { $0.durations }.sorted { $0.key < $1.key }
    var text = MetricText()
    let histogram = "http_request_duration_seconds"
    text.histogram(histogram, help: "Seconds spent serving HTTP requests.")
    for (key, durations) in durations {
      let labels = [("method", key.method), ("path", "root"), ("status", String(key.status))]
      text.samples(histogram, labels, durations)
    }
    let counter = "http_requests_total"
    text.counter(counter, help: "The total number of HTTP requests.")
    for (key, durations) in durations {
      text.sample(counter, [("status", String(key.status))], durations.count)
    }
    return text.response
  }
}
