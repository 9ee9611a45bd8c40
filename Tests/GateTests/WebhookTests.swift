import Gate
import Manifests
import Synchronization
import Testing

/// Webhooks as Flagger calls them (flagger.md §5.9, §10 H).
@Suite struct WebhookTests {
  private func hook(_ kind: CanaryWebhook.Kind = .rollout) -> Hook {
    Hook(name: "load", kind: kind, url: "http://loadtester/")
  }

  private let rollout = Rollout.podinfo(steps(10, to: 50))

  @Test func `the body has name namespace phase checksum and metadata`() throws {
    var hook = hook()
    hook.metadata = [Hook.Metadata("type", "cmd"), Hook.Metadata("cmd", "<b>&")]
    let request = try HookRequest(hook, of: rollout, phase: .progressing, since: 5)
    let parts = request.body.split(separator: "\"checksum\":\"")
    #expect(parts[0] == #"{"name":"podinfo","namespace":"default","phase":"Progressing","#)
    #expect(request.body.hasSuffix(#""metadata":{"cmd":"\u003cb\u003e\u0026","type":"cmd"}}"#))
    #expect(request.timeoutMilliseconds == 10_000)
    // One rollout, one checksum.
    let again = try HookRequest(hook, of: rollout, phase: .progressing, since: 5)
    let next = try HookRequest(hook, of: rollout, phase: .progressing, since: 6)
    #expect(again.body == request.body && next.body != request.body)
    let plain = try HookRequest(self.hook(), of: rollout, phase: .succeeded, since: 5)
    #expect(!plain.body.contains("metadata"))
  }

  private func call(
    _ hook: Hook, _ statuses: [Int], body: String = "words"
  ) async throws -> (answer: HookAnswer, calls: Int, pauses: [Int64]) {
    let calls = Mutex(0)
    let pauses = Mutex<[Int64]>([])
    let caller = HTTPHookCaller(pause: { pause in pauses.withLock { $0.append(pause) } }) { _ in
      let status = calls.withLock { calls in
        defer { calls += 1 }
        return statuses[min(calls, statuses.count - 1)]
      }
      return HTTPAnswer(status: status, reason: "", body: Array(body.utf8))
    }
    let answer = try await caller.call(hook, of: rollout, phase: .progressing, since: nil)
    return (answer, calls.withLock { $0 }, pauses.withLock { $0 })
  }

  @Test(arguments: [200, 201, 202]) func `up to 202 is success`(status: Int) async throws {
    #expect(try await call(hook(), [status]).answer == .passed)
  }

  @Test(arguments: [203, 204, 206, 302, 400, 403, 404, 409, 501])
  func `other answers refuse with their body`(status: Int) async throws {
    let (answer, calls, _) = try await call(hook(), [status])
    #expect(answer == .refused("words") && calls == 1)
  }

  @Test(arguments: [429, 500, 503]) func `a busy server's body is lost`(status: Int) async throws {
    let (answer, calls, _) = try await call(hook(), [status])
    #expect(answer == .refused("POST http://loadtester/ giving up after 1 attempt(s)") && calls == 1)
  }

  @Test func `retries wait one two and four seconds`() async throws {
    var hook = hook()
    hook.retries = 2
    let (answer, calls, pauses) = try await call(hook, [500])
    #expect(answer == .refused("POST http://loadtester/ giving up after 3 attempt(s)"))
    #expect(calls == 3 && pauses == [1000, 2000])
    hook.retries = 8
    #expect(try await call(hook, [503]).pauses == [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
    #expect(try await call(hook, [500, 200]).answer == .passed)
  }

  @Test func `a timeout that is no duration refuses in Go's words`() async throws {
    var hook = hook()
    hook.timeout = "abc"
    let (answer, calls, _) = try await call(hook, [200])
    #expect(answer == .refused(#"time: invalid duration "abc""#) && calls == 0)
    hook.timeout = "5"
    #expect(try HookRequest(hook, of: rollout, phase: .progressing, since: nil).timeoutMilliseconds == 10_000)
  }

  @Test func `nobody there is told with the reason`() async throws {
    struct Refused: Error, CustomStringConvertible { var description: String { "connection refused" } }
    let caller = HTTPHookCaller(pause: { _ in }) { _ in throw Refused() }
    let answer = try await caller.call(hook(), of: rollout, phase: .progressing, since: nil)
    #expect(
      answer == .refused("POST http://loadtester/ giving up after 1 attempt(s): connection refused"))
  }

  @Test func `a run calls its hooks and obeys them`() async throws {
    var rollout = Rollout.podinfo(steps(50, to: 50), hooks: [.confirmPromotion])
    rollout.hooks[0].url = "http://gate/"
    let refusals = Mutex(2)
    let phases = Mutex<[String]>([])
    let caller = HTTPHookCaller(pause: { _ in }) { request in
      phases.withLock { $0.append(request.body) }
      let isClosed = refusals.withLock { count in
        defer { count -= 1 }
        return count > 0
      }
      return HTTPAnswer(status: isClosed ? 403 : 200, reason: "", body: [])
    }
    rollout.checks = []
    let measured = Measured()
    let run = GateRun(rollout, source: measured.evidence, clock: SimulatedClock(0), hooks: caller)
    var states: [Phase] = []
    let end = try await run.run { states.append($0.result.state.phase) }
    #expect(end == .finished(.promoted))
    #expect(states.count { $0 == .waitingPromotion } == 2)
    #expect(phases.withLock { $0.count } == 3)
    #expect(phases.withLock { $0.allSatisfy { $0.contains(#""phase":"Progressing""#) } })
  }

  @Test func `what nobody asks does not count as an answer`() async throws {
    /// Whether a run without a caller comes to an end of its own with each kind of hook.
    func promotes(_ kind: CanaryWebhook.Kind, checks: Int, _ uncalled: UncalledHooks) async throws -> Bool {
      var rollout = Rollout.podinfo(steps(50, to: 50), hooks: [kind])
      if checks == 0 { rollout.checks = [] }
      let run = GateRun(
        rollout, source: Hundred(), clock: SimulatedClock(0),
        uncalled: uncalled)
      let end = try await run.run { _ in }
      let replay = ReplayRun(rollout, lastTime: .max, uncalled: uncalled).replay(from: 0) { _, _ in
        Hundred.evidence
      }
      #expect(replay.end == end)
      switch end {
      case .finished(.promoted): return true
      case .gateNotAsked(hook: 0):
        #expect(end.verdict == .undecided)
        #expect(end.explanation(in: rollout).contains("\(rollout.hooks[0].title)"))
        return false
      case .finished, .outOfEvidence, .gateNotAsked:
        Issue.record("\(kind): \(end)")
        return false
      }
    }
    let gates: Set<CanaryWebhook.Kind> = [.confirmRollout, .confirmTrafficIncrease, .confirmPromotion]
    let tests: Set<CanaryWebhook.Kind> = [.preRollout, .rollout]
    for kind in CanaryWebhook.Kind.allCases where kind != .unset {
      #expect(try await promotes(kind, checks: 1, .pass), "\(kind)")
      #expect(try await promotes(kind, checks: 0, .pass), "\(kind)")
      #expect(try await promotes(kind, checks: 1, .hold) == !gates.contains(kind), "\(kind)")
      #expect(try await promotes(kind, checks: 0, .hold) == !gates.union(tests).contains(kind), "\(kind)")
    }
  }
}

/// Metrics that always answer 100.
private struct Hundred: EvidenceSource {
  static let evidence = CheckEvidence(
    .success(InstantAnswer(series: [AnsweredSeries(content: .value(100))])))
  var lastTime: Int64? { nil }
  func evidence(for check: Check, at time: Int64) async throws -> CheckEvidence { Self.evidence }
}
