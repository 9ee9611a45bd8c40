import Demo
import Foundation
import Gate
import Testing

/// Whole rollouts at high speed. The bound on the latency is wider than the tutorial's, and the slow
/// release slower, so that a busy machine's own delays decide nothing.
@Suite(.serialized) struct ActTests {
  private static let speed = 20.0
  private static let bound = 4.0
  private static let slow = 9.0

  /// One rollout with fewer failed checks than the tutorial's, and all its ticks.
  private func play(
    _ candidate: Release, breaksCanaryAfter: Int64? = nil
  ) async throws -> (end: GateEnd, ticks: [TickRecord], act: Act) {
    var (canary, rollout) = try tutorial()
    rollout.failedChecksLimit = 4
    for index in rollout.checks.indices where rollout.checks[index].metric == "latency" {
      rollout.checks[index].bounds = .range(min: nil, max: Self.bound)
    }
    let act = Act(
      candidate, over: Release(version: "1", latency: 0.05), canary: canary, rollout: rollout,
      pace: Pace(speed: Self.speed, requestRate: 15), breaksCanaryAfter: breaksCanaryAfter)
    var ticks: [TickRecord] = []
    let end = try await act.play { record, _ in ticks.append(record) }
    return (end, ticks, act)
  }

  private func outcomes(_ ticks: [TickRecord], _ act: Act, of metric: String) -> [CheckOutcome] {
    ticks.flatMap(\.result.checks).filter { act.rollout.checks[$0.index].metric == metric }
      .map(\.outcome)
  }

  @Test func `a good release is promoted through every weight`() async throws {
    let release = Release(version: "2", latency: 0.05)
    let (end, ticks, act) = try await play(release)
    #expect(end == .finished(.promoted))
    #expect(ExpectedEnd(of: release, in: act.rollout).isMet(by: end))
    var weights = ticks.map(\.result.state.routes.canary)
    #expect(weights.max() == 50)
    #expect(weights.last == 0)
    weights.removeLast(2)
    #expect(weights == weights.sorted())
    let rates = outcomes(ticks, act, of: "request-success-rate").filter(\.isPassed)
    #expect(rates.count >= 10)
  }

  @Test func `a slow release is rolled back by its latency`() async throws {
    let release = Release(version: "2", latency: Self.slow)
    let (end, ticks, act) = try await play(release)
    guard case .finished(.rolledBack(.failedChecks(let count, _))) = end else {
      Issue.record("ended \(end)")
      return
    }
    #expect(count == 4)
    #expect(ExpectedEnd(of: release, in: act.rollout).isMet(by: end))
    let failed = outcomes(ticks, act, of: "latency").contains { outcome in
      if case .failed(let measurement, .above) = outcome { return measurement.value > Self.bound }
      return false
    }
    #expect(failed)
  }

  @Test func `a failing release is rolled back by its success rate`() async throws {
    let release = Release(version: "2", latency: 0.05, errorShare: 0.2)
    let (end, ticks, act) = try await play(release)
    guard case .finished(.rolledBack(.failedChecks)) = end else {
      Issue.record("ended \(end)")
      return
    }
    let rates = outcomes(ticks, act, of: "request-success-rate").compactMap { outcome -> Double? in
      if case .failed(let measurement, .below) = outcome { return measurement.value }
      return nil
    }
    for rate in rates { #expect(rate < 99) }
    // By then the errors are a fifth of many requests.
    #expect((60...95).contains(rates.last ?? 0))
  }

  @Test func `a canary that dies leaves its checks without a value`() async throws {
    let release = Release(version: "2", latency: 0.05)
    let (end, ticks, act) = try await play(release, breaksCanaryAfter: 25_000)
    guard case .finished(.rolledBack(.failedChecks(_, let unmeasured))) = end else {
      Issue.record("ended \(end)")
      return
    }
    #expect(unmeasured > 0)
    #expect(!ExpectedEnd(of: release, in: act.rollout).isMet(by: end))
    guard case .noValue(let noValue) = outcomes(ticks, act, of: "request-success-rate").last else {
      Issue.record("the last check has a value")
      return
    }
    // The ingress still exports the canary's counters, which stand still: 0/0.
    #expect(noValue.cause == .notANumber)
  }

  @Test func `the story has a row for every tick and stays within 80 columns`() async throws {
    let (end, ticks, act) = try await play(Release(version: "2", latency: 0.05, errorShare: 0.3))
    var story = Story(act.rollout, usesColor: false)
    let progress = Act.Progress(elapsed: 75_000, tally: Tally(), seriesCount: 1, sampleCount: 2)
    let opening = story.opening(act.pace)
    let rows = ticks.map { story.tick($0, progress) }
    let text = ([opening, story.heading(1, act)] + rows + [story.ending(end, progress)]).joined()
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    for row in rows { #expect(row.hasPrefix(" 1:15 ")) }
    #expect(text.contains("New revision detected! Scaling up podinfo.test"))
    // Told once, however often it happens.
    #expect(text.components(separatedBy: "Halt podinfo.test advancement success rate").count == 2)
    #expect(text.contains("ROLLED BACK"))
  }
}

@Test func `the embedded manifests are the ones in Examples`() throws {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  for (name, embedded) in [("canary", TutorialManifests.canary), ("latency", TutorialManifests.latency)] {
    let file = root.appending(path: "Examples/podinfo/\(name).yaml")
    #expect(try String(contentsOf: file, encoding: .utf8) == embedded)
  }
}
