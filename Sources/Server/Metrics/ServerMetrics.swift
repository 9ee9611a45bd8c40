import Scrape
import Synchronization

/// What a server counts about itself, and what others add to it.
public final class ServerMetrics: Sendable {
  private struct Handler {
    var requestsByCode: [Int: Int] = [:]
    var buckets = [Int](repeating: 0, count: bounds.count)
    var count = 0
    var seconds = 0.0

    mutating func add(code: Int, seconds duration: Double) {
      requestsByCode[code, default: 0] += 1
      if let bucket = ServerMetrics.bounds.firstIndex(where: { duration <= $0 }) { buckets[bucket] += 1 }
      count += 1
      seconds += duration
    }
  }

  /// Upper bounds of the request durations' buckets, seconds.
  private static let bounds = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120]

  private let handlers = Mutex<[String: Handler]>([:])
  private let sources = Mutex<[@Sendable () -> [OwnMetric]]>([])

  /// Who was turned away.
  public let refusals: Refusals

  public init(refusals: Refusals = Refusals()) { self.refusals = refusals }

  /// Adds families that are read at every scrape; called from any thread.
  public func add(_ source: @escaping @Sendable () -> [OwnMetric]) {
    sources.withLock { $0.append(source) }
  }

  func count(handler: String, code: Int, duration: Duration) {
    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    handlers.withLock { handlers in
      handlers[handler, default: Handler()].add(code: code, seconds: seconds)
    }
  }

  /// All families, in the format that the request accepts.
  func response(to request: ServerRequest, _ build: BuildInformation) -> ServerResponse {
    let format = ExpositionFormat(accepted: request.headers["Accept"])
    return ServerResponse(
      type: format.contentType, WrittenExposition.text(of: families(build), in: format))
  }

  private func families(_ build: BuildInformation) -> [OwnMetric] {
    let information = OwnMetric(
      "promgate_build_info", .gauge, help: "Which promgate this is.",
      samples: [
        OwnMetric.Sample(labels: [("version", build.version), ("revision", build.revision)], 1)
      ])
    let added = sources.withLock { $0 }.flatMap { $0() }
    return ProcessMetrics.families() + [information] + requests() + [refusals.family] + added
  }

  private func requests() -> [OwnMetric] {
    var counts: [OwnMetric.Sample] = []
    var durations: [OwnMetric.Sample] = []
    for (name, handler) in handlers.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      let label = ("handler", name)
      for (code, count) in handler.requestsByCode.sorted(by: { $0.key < $1.key }) {
        counts.append(OwnMetric.Sample(labels: [("code", "\(code)"), label], Double(count)))
      }
      var sum = 0
      for (bound, count) in zip(Self.bounds, handler.buckets) {
        sum += count
        durations.append(
          OwnMetric.Sample(suffix: "_bucket", labels: [label, ("le", "\(bound)")], Double(sum)))
      }
      durations += [
        OwnMetric.Sample(suffix: "_bucket", labels: [label, ("le", "+Inf")], Double(handler.count)),
        OwnMetric.Sample(suffix: "_sum", labels: [label], handler.seconds),
        OwnMetric.Sample(suffix: "_count", labels: [label], Double(handler.count)),
      ]
    }
    return [
      OwnMetric(
        "promgate_http_requests", .counter, help: "Requests answered, by handler and status code.",
        samples: counts),
      OwnMetric(
        "promgate_http_request_duration_seconds", .histogram,
        help: "How long requests took, from their last byte to the whole answer.",
        samples: durations),
    ]
  }
}
