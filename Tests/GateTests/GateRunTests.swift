import FoundationEssentials
import Gate
import Manifests
import Synchronization
import Testing

/// Evidence from a script: a value at each time, nil for none.
private struct ScriptedEvidence: EvidenceSource {
  var lastTime: Int64?
  var answer: @Sendable (_ time: Int64) -> Result<Double?, QueryFailure>

  func evidence(for check: Check, at time: Int64) async throws -> CheckEvidence {
    CheckEvidence(
      answer(time).map { value in
        InstantAnswer(
          series: value.map { [AnsweredSeries(content: .value($0))] } ?? [])
      })
  }
}

@Suite struct GateRunTests {
  private struct Outcome {
    var end: GateEnd
    var records: [TickRecord]
    var lines: [String]
  }

  private func run(
    _ rollout: Rollout, from start: Int64 = 1_000_000, lastTime: Int64? = nil,
    onWeight: (@Sendable (Routes, AnalysisState) async throws -> Void)? = nil,
    answer: @escaping @Sendable (Int64) -> Result<Double?, QueryFailure>
  ) async throws -> Outcome {
    let gate = GateRun(
      rollout, source: ScriptedEvidence(lastTime: lastTime, answer: answer),
      clock: SimulatedClock(start), onWeight: onWeight)
    let report = JSONReport(rollout)
    let text = TextReport(rollout)
    var records: [TickRecord] = []
    var lines = [report.start(Forecast(rollout)), text.heading(Forecast(rollout))]
    let end = try await gate.run { record in
      records.append(record)
      lines += [report.tick(record), text.tick(record)]
    }
    lines += [report.end(end), text.ending(end)]
    return Outcome(end: end, records: records, lines: lines)
  }

  @Test func `an hour of analysis takes milliseconds and ticks on the interval`() async throws {
    var rollout = Rollout.podinfo(steps(1, to: 58))
    rollout.interval = .seconds(60)
    let clock = ContinuousClock()
    var outcome: Outcome?
    let elapsed = try await clock.measure {
      outcome = try await run(rollout) { _ in .success(50) }
    }
    let records = outcome?.records ?? []
    #expect(outcome?.end.verdict == .promoted)
    #expect(records.count == 62)
    #expect(records.enumerated().allSatisfy { $1.time == 1_000_000 + Int64($0) * 60_000 })
    #expect(elapsed < .seconds(5))
  }

  @Test func `the verdict tells bad from unmeasured`() async throws {
    let rollout = Rollout.podinfo(steps(10, to: 50), threshold: 2)
    typealias Script = @Sendable (Int64) -> Result<Double?, QueryFailure>
    let cases: [(name: String, answer: Script, Verdict, Int32)] = [
      ("good", { _ in .success(1) }, .promoted, 0),
      ("bad", { _ in .success(500) }, .rolledBack, 1),
      ("nothing", { _ in .success(nil) }, .undecided, 3),
      ("nobody", { _ in .failure(.unreachable("refused")) }, .undecided, 3),
      ("once bad, once nothing", { $0 < 1_025_000 ? .success(500) : .success(nil) }, .rolledBack, 1),
    ]
    for (name, answer, verdict, code) in cases {
      let outcome = try await run(rollout, answer: answer)
      #expect(outcome.end.verdict == verdict, "\(name)")
      #expect(outcome.end.verdict.exitCode == code, "\(name)")
    }
  }

  @Test func `a recording that ends too early leaves the question open`() async throws {
    let rollout = Rollout.podinfo(steps(10, to: 50))
    let outcome = try await run(rollout, lastTime: 1_040_000) { _ in .success(1) }
    #expect(outcome.end == .outOfEvidence(lastTime: 1_040_000))
    #expect(outcome.end.verdict == .undecided)
    #expect(outcome.records.last?.time == 1_040_000)
    // The ticks of the promotion measure nothing: they need no recording.
    let enough = try await run(rollout, lastTime: 1_060_000) { _ in .success(1) }
    #expect(enough.end.verdict == .promoted)
  }

  @Test func `the router is told at each change of weight, and its failure ends the run`() async throws {
    let rollout = Rollout.podinfo(steps(50))
    let told = Mutex<[Int]>([])
    _ = try await run(rollout, onWeight: { routes, _ in told.withLock { $0.append(routes.canary) } }) {
      _ in .success(1)
    }
    #expect(told.withLock { $0 } == [50, 100, 0])
    struct Broken: Error {}
    await #expect(throws: Broken.self) {
      _ = try await run(rollout, onWeight: { _, _ in throw Broken() }) { _ in .success(1) }
    }
  }

  @Test func `the same evidence makes the same bytes`() async throws {
    var rollout = Rollout.podinfo(steps(10, to: 50), threshold: 3, hooks: [.preRollout, .rollout])
    rollout.checks.append(
      Check(metric: "second", kind: .inline, query: .text("b"), bounds: .range(min: 0, max: nil)))
    let once = try await run(rollout) { $0 % 30_000 == 0 ? .success(nil) : .success(3) }
    let again = try await run(rollout) { $0 % 30_000 == 0 ? .success(nil) : .success(3) }
    #expect(once.lines == again.lines)
    #expect(once.lines.joined().contains("h-pre-rollout (pre-rollout): not run"))
    #expect(once.records.contains { $0.result.notEvaluated == [1] })
  }

  @Test func `a run goes on from a stored state`() async throws {
    let rollout = Rollout.podinfo(steps(10, to: 50))
    let whole = try await run(rollout) { _ in .success(1) }
    let stored = try JSONEncoder().encode(whole.records[3].result.state)
    let middle = try JSONDecoder().decode(AnalysisState.self, from: stored)
    let gate = GateRun(
      rollout, source: ScriptedEvidence(lastTime: nil) { _ in .success(1) },
      clock: SimulatedClock(2_000_000))
    var states: [AnalysisState] = []
    let end = try await gate.run(from: middle) { states.append($0.result.state) }
    #expect(end == whole.end)
    #expect(states == whole.records[4...].map(\.result.state))
  }

  @Test func `a run can be cancelled`() async {
    let task = Task {
      try await run(.podinfo(WeightSteps(limit: 100))) { _ in .success(1) }.end
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }
}

@Suite struct ForecastTests {
  @Test func `a rollout that ends is measured in ticks and rounds`() {
    let cases: [(Rollout, ticks: Int, rounds: Int)] = [
      (.podinfo(steps(10, to: 50)), 9, 5), (.podinfo(steps([1, 2, 10, 80])), 8, 4),
      (.podinfo(.blueGreen(iterations: 3)), 8, 4), (.podinfo(.abTesting(iterations: 3)), 7, 3),
      (.podinfo(.blueGreen(iterations: 1_000_000)), Forecast.horizon, Forecast.horizon - 2),
    ]
    for (rollout, ticks, rounds) in cases {
      let forecast = Forecast(rollout)
      #expect(forecast.endless == nil)
      #expect(forecast.ticks == ticks)
      #expect(forecast.checkRounds == rounds)
    }
  }

  @Test func `a rollout that never ends is known before the first tick`() {
    var mirrored = Rollout.podinfo(steps(20, to: 40), on: .nginx)
    mirrored.isMirrored = true
    var backwards = Rollout.podinfo(steps(50, to: 50))
    backwards.stepWeightPromotion = -5
    var suspended = Rollout.podinfo(steps(50, to: 50))
    suspended.isSuspended = true
    let cases: [(Rollout, Forecast.Endlessness)] = [
      (.podinfo(WeightSteps(limit: 100)), .noStep),
      (.podinfo(steps(-5)), .noStep),
      (.podinfo(steps([50, 20])), .stepNotLarger(weight: 50)),
      (.podinfo(steps([10, 10, 20])), .stepNotLarger(weight: 10)),
      (.podinfo(steps([20, 50, 30])), .stepNotLarger(weight: 50)),
      (.podinfo(steps(10, to: 150)), .limitAboveTotal(150)),
      (mirrored, .mirrorNotHeld), (backwards, .negativePromotionStep(-5)), (suspended, .suspended),
    ]
    for (rollout, reason) in cases {
      #expect(Forecast(rollout).endless == reason)
      #expect(!reason.message(in: rollout).isEmpty)
    }
  }
}
