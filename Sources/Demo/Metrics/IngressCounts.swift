import Server
import Synchronization

/// What the ingress counts and exports (flagger.md §7.2).
final class IngressCounts: Sendable {
  struct Key: Hashable, Comparable {
    var isCanary: Bool
    var method: String
    var status: Int

    static func < (lhs: Key, rhs: Key) -> Bool {
      if lhs.isCanary != rhs.isCanary { return rhs.isCanary }
      return lhs.status != rhs.status ? lhs.status < rhs.status : lhs.method < rhs.method
    }
  }

  private struct Durations {
    var request = DurationHistogram()
    var response = DurationHistogram()
  }

  private let rule: IngressRule
  private let durations = Mutex<[Key: Durations]>([:])

  init(_ rule: IngressRule) { self.rule = rule }

  /// Counts a request. `requestSeconds` is the whole time, `responseSeconds` the backend's.
  func add(_ key: Key, requestSeconds: Double, responseSeconds: Double) {
    durations.withLock {
      $0[key, default: Durations()].request.observe(requestSeconds)
      $0[key, default: Durations()].response.observe(responseSeconds)
    }
  }

  var tally: Tally {
    var tally = Tally()
    for (key, durations) in durations.withLock({ $0 }) {
      let count = durations.request.count
      if key.isCanary { tally.canary += count } else { tally.primary += count }
      if key.status >= 500 { tally.failed += count }
    }
    return tally
  }

  var metrics: ServerResponse {
    let rows = durations.withLock { $0 }.sorted { $0.key < $1.key }
    var text = MetricText()
    let counter = "nginx_ingress_controller_requests"
    text.counter(counter, help: "The total number of client requests.")
    for (key, durations) in rows { text.sample(counter, labels(key), durations.request.count) }
    let request = "nginx_ingress_controller_request_duration_seconds"
    text.histogram(request, help: "The request processing time in seconds.")
    for (key, durations) in rows { text.samples(request, labels(key), durations.request) }
    let response = "nginx_ingress_controller_response_duration_seconds"
    text.histogram(
      response, help: "The time spent on receiving the response from the upstream server.")
    for (key, durations) in rows { text.samples(response, labels(key), durations.response) }
    return text.response
  }

  private func labels(_ key: Key) -> [MetricText.Label] {
    [
      ("canary", key.isCanary ? rule.canaryUpstream : ""),
      ("controller_class", "k8s.io/ingress-nginx"),
      ("controller_namespace", "ingress-nginx"),
      ("controller_pod", "promgate-demo-ingress"),
      ("host", "podinfo.example.com"),
      ("ingress", rule.ingress),
      ("method", key.method),
      ("namespace", rule.namespace),
      ("path", "/"),
      ("service", key.isCanary ? rule.canaryService : rule.primaryService),
      ("status", String(key.status)),
    ]
  }
}
