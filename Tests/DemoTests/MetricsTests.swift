import Demo
import Gate
import Manifests
import Scrape
import Testing
import TimeSeries

/// Fetches an exposition and reads it with promgate's own parser.
func scraped(_ address: String) async throws -> Exposition {
  let response = try await HTTPClient().fetch(HTTPRequest(.get, "http://\(address)/metrics"))
  #expect(response.status == 200)
  #expect(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
  return try Exposition(response.body, format: .text)
}

extension Exposition {
  /// The values of the series with a name and some labels, in the order of the text.
  func values(_ name: String, _ labels: [String: String] = [:]) -> [Double] {
    samples.filter { sample in
      sample.labels.metricName == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
    }.map(\.value)
  }

  func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
    values(name, labels).reduce(0, +)
  }
}

/// Sends so many requests one after the other; the statuses, counted.
func ask(_ address: String, times: Int) async throws -> [Int: Int] {
  let client = HTTPClient()
  var statuses: [Int: Int] = [:]
  for _ in 0..<times {
    let response = try await client.fetch(HTTPRequest(.get, "http://\(address)/"))
    statuses[response.status, default: 0] += 1
  }
  return statuses
}

func tutorial() throws -> (canary: Canary, rollout: Rollout) {
  let set = ManifestReading(reading: TutorialManifests.all).set
  let canary = try set.canary()
  return (canary, Rollout(canary, in: set))
}

@Suite struct MetricsTests {
  @Test func `a histogram counts up to each bound, the bound included`() {
    var histogram = DurationHistogram()
    for seconds in [0.005, 0.0051, 0.3, 0.5, 0.51, 11] { histogram.observe(seconds) }
    #expect(histogram.count == 6)
    #expect(abs(histogram.sum - 12.3201) < 1e-9)
    let counts = Dictionary(uniqueKeysWithValues: histogram.buckets.map { ($0.bound, $0.count) })
    #expect(counts[0.005] == 1)
    #expect(counts[0.01] == 2)
    #expect(counts[0.25] == 2)
    #expect(counts[0.5] == 4)
    #expect(counts[10] == 5)
    #expect(counts[.infinity] == 6)
    #expect(histogram.buckets.map(\.count) == histogram.buckets.map(\.count).sorted())
  }

  @Test func `the application exports what it answered under podinfo's names`() async throws {
    let release = Release(version: "1", latency: 0.02, errorShare: 0.25)
    let application = try await SampleApplication.start(release, clock: StageClock(speed: 20))
    let statuses = try await ask(application.address, times: 40)
    let text = try await scraped(application.address)
    await application.stop()
    #expect(statuses == [200: 30, 500: 10])
    #expect(text.values("http_requests_total", ["status": "200"]) == [30])
    #expect(text.values("http_requests_total", ["status": "500"]) == [10])
    let types = Dictionary(uniqueKeysWithValues: text.families.map { ($0.name, $0.type) })
    #expect(types["http_requests_total"] == .counter)
    #expect(types["http_request_duration_seconds"] == .histogram)
    let name = "http_request_duration_seconds"
    for (status, count) in [("200", 30.0), ("500", 10.0)] {
      let labels = ["status": status, "method": "GET", "path": "root"]
      #expect(text.values(name + "_count", labels) == [count])
      #expect(text.values(name + "_bucket", labels.merging(["le": "+Inf"]) { $1 }) == [count])
      // No request is faster than its release says, so nothing is below 80 % of 20 ms.
      #expect(text.values(name + "_bucket", labels.merging(["le": "0.01"]) { $1 }) == [0])
      #expect(text.values(name + "_bucket", labels).count == DurationHistogram.bounds.count + 1)
      #expect(text.sum(name + "_sum", labels) >= count * 0.016)
    }
  }

  @Test func `a share is spread evenly and adds up exactly`() {
    for (share, count, chosen) in [(0.05, 1000, 50), (0.0, 100, 0), (1.0, 7, 7), (0.35, 200, 70)] {
      var spread = EvenShare()
      let picks = (0..<count).map { _ in spread.next(share) }
      #expect(picks.count { $0 } == chosen)
      let run = picks.split { $0 }.map(\.count).max() ?? 0
      #expect(share == 0 || run <= Int((1 / share).rounded(.up)))
    }
  }

  @Test func `what a release deserves follows from the canary's bounds`() throws {
    let rollout = try tutorial().rollout
    let cases: [(latency: Double, errors: Double, ExpectedEnd)] = [
      (0.06, 0, .promoted), (0.8, 0, .rolledBack), (0.06, 0.05, .rolledBack), (0.3, 0.001, .promoted),
      (0.42, 0, .either), (0.06, 0.01, .either), (0.42, 0.5, .rolledBack), (10, 1, .rolledBack),
    ]
    for (latency, errors, expected) in cases {
      let release = Release(version: "1", latency: latency, errorShare: errors)
      #expect(ExpectedEnd(of: release, in: rollout) == expected, "\(latency) s, \(errors)")
    }
  }
}
