import Evaluator
import Gate
import Manifests
import Synchronization
import Testing
import TimeSeries

/// Replays over recorded series.
@Suite struct ReplayTests {
  /// Errors of one in fifty from second 300 on; before that, one in a thousand.
  private func recording() throws -> Measured {
    let measured = Measured()
    try measured.requests("200", to: 1200) { 100 * $0 }
    try measured.requests("500", to: 1200) { $0 < 300 ? 0.1 * $0 : 30 + 2 * ($0 - 300) }
    for pod in ["podinfo-6f5b7-aaaaa", "podinfo-6f5b7-bbbbb", "podinfo-primary-6f5b7-ccccc"] {
      try measured.add("up", ["pod": pod, "namespace": "default"], to: 1200) { _ in 1 }
    }
    try measured.add("up", ["pod": "podinfo-7c9d8-ddddd", "namespace": "default"], from: 200, to: 1200) { _ in
      1
    }
    try measured.add("up", ["pod": "podinfo-8d9d8-eeeee", "namespace": "other"], from: 500, to: 1200) { _ in 1
    }
    try measured.add("up", ["pod": "podinfo-x-9d9d8-fffff"], from: 500, to: 1200) { _ in 1 }
    return measured
  }

  private var rollout: Rollout {
    var rollout = Rollout.podinfo(steps(10, to: 50), threshold: 3)
    rollout.interval = .seconds(30)
    let share = #"""
      sum(rate(nginx_ingress_controller_requests{status!~"5.*"}[1m]))
        / sum(rate(nginx_ingress_controller_requests[1m])) * 100
      """#
    rollout.checks = [
      Check(metric: "success", kind: .inline, query: .text(share), bounds: .range(min: 99, max: nil)),
      Check(metric: "pods", kind: .inline, query: .text("sum(up)"), bounds: .range(min: 1, max: 50)),
    ]
    return rollout
  }

  private func replay(
    from second: Int64, _ judge: Judge = .compatible, _ rollout: Rollout? = nil,
    lattice: RecordedAnswers.Lattice? = nil
  ) throws -> Replay {
    let rollout = rollout ?? self.rollout
    let answers = RecordedAnswers(rollout.checks, over: try recording().source, lattice: lattice)
    return ReplayRun(rollout, judge: judge, lastTime: 1_200_000)
      .replay(from: second * 1000, evidence: answers.evidence)
  }

  @Test func `good times promote and bad times roll back`() throws {
    let good = try replay(from: 0)
    #expect(good.verdict == .promoted)
    #expect(good.ticks.map(\.result.state.routes.canary) == [0, 10, 20, 30, 40, 50, 50, 0, 0])
    let bad = try replay(from: 400)
    #expect(bad.verdict == .rolledBack)
    #expect(bad.ticks.count == 6)
    #expect(bad.ticks[2].result.checks.count == 1 && bad.ticks[2].result.notEvaluated == [1])
    let late = try replay(from: 1150)
    #expect(late.verdict == .undecided && late.end == .outOfEvidence(lastTime: 1_200_000))
  }

  @Test func `answers worked out ahead are the answers asked one by one`() throws {
    let lattice = RecordedAnswers.Lattice(origin: 600_000, step: 10_000)
    for second in stride(from: Int64(0), through: 1100, by: 10) {
      let ahead = try replay(from: second, lattice: lattice)
      let alone = try replay(from: second)
      #expect(ahead.verdict == alone.verdict && ahead.ticks.count == alone.ticks.count, "from \(second)")
      for (one, other) in zip(ahead.ticks, alone.ticks) {
        #expect(one.result == other.result, "from \(second)")
      }
    }
  }

  @Test(arguments: [
    "up", "sort_desc(up)", "topk(1, up)", "sum(up) > 3", "absent(up)", "sum(avg_over_time(up[1m]))",
    "up @ end()", "sum_over_time(up[1m:10s] @ start())", "scalar(sum(up))", "1", "up[1m]", "rate(up[5s])",
    "max(timestamp(up)) - time()", "label_replace(sum(up), \"a\", \"b\", \"\", \"\")", "broken(",
    "0 / sum(up - up)",
    "vector(time())", "sum by (pod) (up) * 2",
  ])
  func `any query answers the same ahead and alone`(query: String) throws {
    let check = Check(metric: "m", kind: .inline, query: .text(query), bounds: .range(min: 0, max: 4))
    let answers = RecordedAnswers([check], over: try recording().source, explainsNoValue: false)
    let ahead = RecordedAnswers(
      [check], over: try recording().source, lattice: .init(origin: 600_000, step: 20_000),
      explainsNoValue: false)
    for time in stride(from: Int64(-60_000), through: 1_300_000, by: 20_000) {
      #expect(ahead.evidence(for: 0, at: time).answer == answers.evidence(for: 0, at: time).answer, "\(time)")
    }
  }

  @Test func `a stretch of ticks is selected once`() throws {
    let counting = CountingSource(try recording().source)
    let answers = RecordedAnswers(
      rollout.checks, over: counting, lattice: .init(origin: 0, step: 30_000), explainsNoValue: false)
    for time in stride(from: Int64(0), through: 1_200_000, by: 30_000) {
      _ = answers.evidence(for: 0, at: time)
    }
    // The query, its series, samples and requests, each once; values at a bound are asked again.
    #expect(counting.count <= 6, "\(counting.count)")
  }

  @Test func `the rollouts of a recording are found by their pods`() throws {
    let found = try RecordedRollouts(of: rollout).found(in: recording().source, range: 0...1_200_000)
    #expect(found.map(\.revision) == ["7c9d8"])
    #expect(found.map(\.start) == [200_000])
  }

  @Test func `strict and compatible disagree where no requests are left`() throws {
    var quiet = rollout
    quiet.checks = [
      Check(
        metric: "share", kind: .inline, query: .text("sum(rate(nothing[1m])) / sum(rate(nothing[1m]))"),
        bounds: .range(min: 0.9, max: nil))
    ]
    #expect(try replay(from: 0, .compatible, quiet).verdict == .undecided)
    let strict = try replay(from: 0, .strict(StrictPolicy(onNoValue: .pass)), quiet)
    #expect(strict.verdict == .promoted)
    let waiting = try replay(from: 0, .strict(StrictPolicy()), quiet)
    #expect(waiting.end == .outOfEvidence(lastTime: 1_200_000))
    #expect(waiting.ticks.allSatisfy { $0.result.state.failedChecks == 0 })
  }

  // MARK: Sweep

  private func sweep(from second: Int64) throws -> Sweep {
    let source = try recording().source
    let run = ReplayRun(rollout, lastTime: 1_200_000)
    let base = try replay(from: second)
    return SweepRun(run, base: base, over: source) { rollout, source in
      RecordedAnswers(
        rollout.checks, over: source, lattice: .init(origin: second * 1000, step: 3_000),
        explainsNoValue: false)
    }.sweep(windows: [])
  }

  @Test func `the bound at which a verdict flips is found`() throws {
    let bad = try sweep(from: 600)
    // 2 of 102 requests fail: 98.04 % succeed.
    let flip = try #require(bad.flips.first { $0.side == .min && $0.check == 0 })
    #expect(flip.verdict == .promoted)
    #expect(flip.value.map { ($0 - 100 * 100 / 102).magnitude < 1e-6 } == true)
    let phases = try #require(bad.variations.first { $0.kind == .phase })
    #expect(phases.cases.count == 9 && phases.flips(from: .rolledBack) == 0)
    let limits = try #require(bad.variations.first { $0.kind == .failedChecks })
    #expect(limits.cases.map(\.name) == ["1", "2", "4", "5", "6"])
    let good = try sweep(from: 0)
    let tight = try #require(good.flips.first { $0.check == 0 })
    #expect(tight.verdict == .rolledBack && (tight.value ?? 0) > 99.8)
    // At the edge between good and bad, the phase decides.
    let edge = try sweep(from: 210)
    let counts = edge.variations.map { variation in variation.cases.count }
    #expect(counts.allSatisfy { $0 > 0 })
  }

  @Test func `a rollout that can only wait is swept all the same`() throws {
    let source = try recording().source
    let judge = Judge.strict(StrictPolicy(minimumRequests: 1e9))
    let base = try replay(from: 0, judge)
    #expect(base.verdict == .undecided)
    let sweep = SweepRun(ReplayRun(rollout, judge: judge, lastTime: 1_200_000), base: base, over: source) {
      RecordedAnswers($0.checks, over: $1, lattice: .init(origin: 0, step: 3_000), explainsNoValue: false)
    }.sweep(windows: [])
    #expect(sweep.odds.count == 6 && sweep.odds.allSatisfy { $0.promoted == 0 && $0.rolledBack == 0 })
    #expect(sweep.flips.allSatisfy { $0.value == nil })
  }

  @Test func `a pod that alone is bad is found by leaving it out`() throws {
    let measured = Measured()
    for (pod, errors) in [("podinfo-7c9d8-aaaaa", 0.0), ("podinfo-7c9d8-bbbbb", 10)] {
      try measured.add("r", ["pod": pod, "code": "200"], to: 1200) { 100 * $0 }
      try measured.add("r", ["pod": pod, "code": "500"], to: 1200) { errors * $0 }
    }
    var rollout = rollout
    rollout.checks = [
      Check(
        metric: "errors", kind: .inline, query: .text(#"sum(rate(r{code="500"}[1m])) / sum(rate(r[1m]))"#),
        bounds: .range(min: nil, max: 0.01))
    ]
    let answers = RecordedAnswers(rollout.checks, over: measured.source)
    let run = ReplayRun(rollout, lastTime: 1_200_000)
    let base = run.replay(from: 0, evidence: answers.evidence)
    #expect(base.verdict == .rolledBack)
    let sweep = SweepRun(run, base: base, over: measured.source) { rollout, source in
      RecordedAnswers(rollout.checks, over: source)
    }.sweep(windows: [])
    let pods = try #require(sweep.variations.first { $0.kind == .pod })
    #expect(
      pods.cases == [
        Sweep.Variation.Case("podinfo-7c9d8-aaaaa", .rolledBack),
        Sweep.Variation.Case("podinfo-7c9d8-bbbbb", .promoted),
      ])
    let resolution = try #require(sweep.resolutions.first)
    #expect(resolution.limit == 0.01)
    #expect((resolution.requests - 12_600).magnitude < 1)
    // More requests tell smaller differences from noise: with 12,600, 1.2 % is more than chance.
    #expect(try #require(resolution.detectable) < 0.012 && resolution.falseAlarm < 1e-6)
    let odds = sweep.odds
    #expect(odds.map(\.errorRate) == [0, 0.005, 0.01, 0.02, 0.04, 0.1])
    #expect(odds.first?.promoted == 1 && odds.last?.rolledBack == 1)
    #expect(zip(odds, odds.dropFirst()).allSatisfy { $0.promoted >= $1.promoted })
  }
}

/// Counts how often a source is asked.
private final class CountingSource: SeriesSource {
  private let source: any SeriesSource
  private let asked = Mutex(0)

  init(_ source: any SeriesSource) { self.source = source }

  var count: Int { asked.withLock { $0 } }

  func select(_ selection: Selection) throws -> any Selected { try source.select(selection) }

  func select(_ selections: [Selection]) throws -> [any Selected] {
    asked.withLock { $0 += 1 }
    return try source.select(selections)
  }

  func bound(_ matchers: [LabelMatcher]) -> Int? { source.bound(matchers) }

  func labelNames(_ selection: Selection) throws -> [ArraySlice<UInt8>] { try source.labelNames(selection) }

  func labelValues(of name: [UInt8], _ selection: Selection) throws -> [ArraySlice<UInt8>] {
    try source.labelValues(of: name, selection)
  }

  func statistics(limit: Int) throws -> SeriesStatistics { try source.statistics(limit: limit) }
}
