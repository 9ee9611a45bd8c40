import Gate
import Manifests
import Testing
import TimeSeries

/// Strict judging beside the compatible one.
@Suite struct StrictTests {
  private let check = Check(metric: "m", kind: .inline, query: .text("x"), bounds: .range(min: nil, max: 5))

  private func answer(_ values: Double...) -> Result<InstantAnswer, QueryFailure> {
    .success(
      InstantAnswer(
        series: values.enumerated().map {
          AnsweredSeries(labels: Labels([(name: "n", value: "\($0)")]), content: .value($1))
        }))
  }

  private func judge(
    _ evidence: CheckEvidence, _ policy: StrictPolicy = StrictPolicy(), since: Int64? = nil
  ) -> CheckOutcome {
    Judge.strict(policy).judgement(of: check, on: evidence, TickTimes(100_000, canarySince: since)).outcome
  }

  @Test func `several series are no value`() {
    let evidence = CheckEvidence(answer(6, 5))
    #expect(Judge.compatible.judgement(of: check, on: evidence, TickTimes(0)).outcome.name == "passed")
    guard case .noValue(let noValue) = judge(evidence) else {
      Issue.record("\(judge(evidence))")
      return
    }
    #expect(noValue.cause == .severalSeries && noValue.seriesCount == 2)
  }

  @Test func `too few requests are no value`() {
    let policy = StrictPolicy(minimumRequests: 100)
    var evidence = CheckEvidence(answer(1), basis: .init(requests: 99))
    #expect(judge(evidence, policy).name == "noValue")
    evidence.basis?.requests = 100
    #expect(judge(evidence, policy).name == "passed")
    // What cannot be counted is not held against the check.
    evidence.basis?.requests = nil
    #expect(judge(evidence, policy).name == "passed")
  }

  @Test func `a window that begins before the canary is no value`() {
    let evidence = CheckEvidence(answer(1), basis: .init(reach: 60_000))
    #expect(judge(evidence, since: 40_001).name == "noValue")
    #expect(judge(evidence, since: 40_000).name == "passed")
    #expect(judge(evidence).name == "passed")
  }

  @Test func `an infinite latency fails`() {
    let duration = Check(
      metric: "request-duration", kind: .builtIn(.requestDuration, .nginx), query: .text("x"),
      bounds: .range(min: nil, max: 500))
    let evidence = CheckEvidence(answer(.infinity))
    #expect(Judge.compatible.judgement(of: duration, on: evidence, TickTimes(0)).outcome.name == "passed")
    let strict = Judge.strict(StrictPolicy()).judgement(of: duration, on: evidence, TickTimes(0)).outcome
    #expect(strict.name == "failed")
  }

  /// The state after the first tick that measures, which has no value.
  private func tick(_ policy: StrictPolicy, _ answer: CheckEvidence) -> TickResult? {
    var rollout = Rollout.podinfo(steps(10, to: 50))
    rollout.checks = [check, check]
    let state = AnalysisState(phase: .progressing, canaryWeight: 10, routes: Routes(primary: 90, canary: 10))
    var evidence = TickEvidence(time: 100_000)
    evidence.checks = [0: answer, 1: CheckEvidence(self.answer(1))]
    guard case .settled(let result) = Analysis(rollout, judge: .strict(policy)).step(state, evidence) else {
      return nil
    }
    return result
  }

  @Test func `no value fails waits or passes as it is wanted`() throws {
    let nothing = CheckEvidence(.success(InstantAnswer()))
    let failed = try #require(tick(StrictPolicy(onNoValue: .fail), nothing))
    #expect(failed.state.failedChecks == 1 && failed.state.routes.canary == 10)
    #expect(failed.notEvaluated == [1])
    let waited = try #require(tick(StrictPolicy(onNoValue: .wait, onError: .fail), nothing))
    #expect(waited.state.failedChecks == 0 && waited.state.routes.canary == 10)
    #expect(waited.notEvaluated == [1])
    let passed = try #require(tick(StrictPolicy(onNoValue: .pass, onError: .fail), nothing))
    #expect(passed.state.failedChecks == 0 && passed.state.routes.canary == 20)
    #expect(passed.checks.count == 2)
  }

  @Test func `an error has a policy of its own`() throws {
    let down = CheckEvidence(.failure(.unreachable("refused")))
    #expect(try #require(tick(StrictPolicy(onNoValue: .pass, onError: .fail), down)).state.failedChecks == 1)
    #expect(
      try #require(tick(StrictPolicy(onNoValue: .fail, onError: .pass), down)).state.routes.canary == 20)
    let waited = try #require(tick(StrictPolicy(onNoValue: .fail, onError: .wait), down))
    #expect(waited.state.failedChecks == 0 && waited.state.routes.canary == 10)
  }

  @Test func `a measured failure fails whatever the policy`() throws {
    let bad = CheckEvidence(answer(6))
    #expect(try #require(tick(StrictPolicy(onNoValue: .pass, onError: .pass), bad)).state.failedChecks == 1)
  }

  /// What strict judging makes of a server's body, asked for the time 100 s.
  private func judged(_ body: String) throws -> (strict: String, compatible: String) {
    let evidence = CheckEvidence(
      .success(try InstantAnswer(status: 200, reason: "OK", body: Array(body.utf8))), asked: 100_000)
    return (judge(evidence).name, check.outcome(of: evidence).name)
  }

  @Test func `an answer that no server of the API gives is no value`() throws {
    func body(_ status: String, _ type: String, _ sample: String) -> String {
      #"{"status":\#(status),"data":{"resultType":\#(type),"result":[{"metric":{},"value":[\#(sample)]}]},"error":"e"}"#
    }
    #expect(try judged(body(#""success""#, #""vector""#, #"100,"1""#)) == ("passed", "passed"))
    #expect(try judged(body(#""success""#, #""vector""#, #"100.5,"9""#)) == ("failed", "failed"))
    // Within a minute.
    #expect(try judged(body(#""success""#, #""vector""#, #"40,"1""#)) == ("passed", "passed"))
    #expect(try judged(body(#""success""#, #""vector""#, #"160,"1""#)) == ("passed", "passed"))
    let odd: [(status: String, type: String, sample: String)] = [
      (#""error""#, #""vector""#, #"100,"1""#), (#""Success""#, #""vector""#, #"100,"1""#),
      ("null", #""vector""#, #"100,"1""#), ("1", #""vector""#, #"100,"1""#),
      (#""success""#, #""matrix""#, #"100,"1""#), (#""success""#, #""streams""#, #"100,"1""#),
      (#""success""#, "null", #"100,"1""#), (#""success""#, #""vector""#, #"39.9,"1""#),
      (#""success""#, #""vector""#, #"160.1,"1""#), (#""success""#, #""vector""#, #"-1e300,"1""#),
      (#""success""#, #""vector""#, #"9e15,"1""#), (#""success""#, #""vector""#, #""100","1""#),
      (#""success""#, #""vector""#, #"null,"1""#), (#""success""#, #""vector""#, #"100,"-Inf""#),
      (#""success""#, #""vector""#, #"100,"-infinity""#),
    ]
    for (status, type, sample) in odd {
      let found = try judged(body(status, type, sample))
      #expect(found == ("noValue", "passed"), "\(status) \(type) \(sample): \(found)")
    }
    #expect(try judged(body(#""success""#, #""vector""#, #"100,"NaN""#)).strict == "noValue")
    #expect(try judged(body(#""success""#, #""vector""#, #"100,"+Inf""#)).strict == "failed")
    #expect(try judged(#"{"data":{"resultType":"vector","result":[]}}"#) == ("noValue", "noValue"))
  }
}
