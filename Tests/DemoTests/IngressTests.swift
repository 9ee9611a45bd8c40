import Demo
import Scrape
import Testing
import TimeSeries

@Suite struct IngressTests {
  /// A primary, a canary and an ingress at a weight; the body leaves nothing running.
  private func withIngress(
    weight: Int, canary release: Release = Release(version: "2", latency: 0.001),
    _ body: (Ingress, SampleApplication) async throws -> Void
  ) async throws {
    let clock = StageClock(speed: 10)
    let primary = try await SampleApplication.start(Release(version: "1", latency: 0.001), clock: clock)
    let canary = try await SampleApplication.start(release, clock: clock)
    let ingress = try await Ingress.start(
      IngressRule(tutorial().canary), primary: primary.address, clock: clock, speed: 10)
    ingress.setCanary(canary.address)
    ingress.setWeight(weight)
    do { try await body(ingress, canary) } catch { Issue.record(error) }
    await ingress.stop()
    await canary.stop()
    await primary.stop()
  }

  @Test func `the weight splits the requests`() async throws {
    for (weight, expected) in [(0, 0), (5, 5), (50, 50), (100, 100)] {
      try await withIngress(weight: weight) { ingress, _ in
        let statuses100 = try await ask(ingress.address, times: 100)
        #expect(statuses100 == [200: 100])
        #expect(ingress.tally.canary == expected)
        #expect(ingress.tally.primary == 100 - expected)
        #expect(ingress.tally.failed == 0)
      }
    }
  }

  @Test func `the ingress exports what ingress-nginx exports`() async throws {
    let failing = Release(version: "2", latency: 0.001, errorShare: 0.5)
    try await withIngress(weight: 20, canary: failing) { ingress, _ in
      let statuses50 = try await ask(ingress.address, times: 50)
      #expect(statuses50 == [200: 45, 500: 5])
      let text = try await scraped(ingress.metricsAddress)
      let common = ["namespace": "test", "ingress": "podinfo", "method": "GET"]
      let canary = common.merging(
        ["canary": "test-podinfo-canary-80", "service": "podinfo-canary"]) { $1 }
      let primary = common.merging(["service": "podinfo-primary", "status": "200"]) { $1 }
      let name = "nginx_ingress_controller_requests"
      #expect(text.values(name, primary) == [40])
      #expect(text.values(name, canary.merging(["status": "200"]) { $1 }) == [5])
      #expect(text.values(name, canary.merging(["status": "500"]) { $1 }) == [5])
      // An empty label is none: `canary!=""` must not select the primary.
      let served = text.samples.first { $0.labels["service"] == "podinfo-primary" }
      #expect(served?.labels["canary"] == nil)
      for histogram in ["request", "response"] {
        let name = "nginx_ingress_controller_\(histogram)_duration_seconds"
        #expect(text.values(name + "_count", primary) == [40])
        #expect(text.values(name + "_bucket", primary.merging(["le": "+Inf"]) { $1 }) == [40])
        #expect(text.sum(name + "_sum", primary) > 0)
      }
      #expect(text.families.contains { $0.name == name && $0.type == .counter })
    }
  }

  @Test func `a dead canary is left out, and the primary answers`() async throws {
    try await withIngress(weight: 50) { ingress, canary in
      let statuses10 = try await ask(ingress.address, times: 10)
      #expect(statuses10 == [200: 10])
      let before = ingress.tally.canary
      await canary.stop()
      let statuses40 = try await ask(ingress.address, times: 40)
      #expect(statuses40 == [200: 40])
      #expect(ingress.tally.canary == before)
      #expect(ingress.tally.total == 50)
    }
  }

  @Test func `without any upstream the answer is 502`() async throws {
    let clock = StageClock(speed: 10)
    let primary = try await SampleApplication.start(Release(version: "1", latency: 0), clock: clock)
    let ingress = try await Ingress.start(
      IngressRule(tutorial().canary), primary: primary.address, clock: clock, speed: 10)
    await primary.stop()
    let statuses3 = try await ask(ingress.address, times: 3)
    #expect(statuses3 == [502: 3])
    #expect(ingress.tally.failed == 3)
    await ingress.stop()
  }
}
