import Gate
import Manifests
import Testing

@Suite struct StrategyTests {
  @Test func `blue green counts iterations, switches once and checks once more`() {
    let one = Play(rollout: .podinfo(.blueGreen(iterations: 1))).ticks(20)
    #expect(
      one.map(\.line) == [
        "100/0 Progressing 0", "100/0 Progressing 0", "0/100 Progressing 1", "0/100 Promoting 1",
        "100/0 Finalising 0", "100/0 Succeeded 0",
      ])
    #expect(one[1].events.last == "Advance podinfo.default canary iteration 1/1")
    #expect(one[2].events == ["Routing all traffic to canary"])
    for provider in [MeshProvider.istio, .nginx] {
      let three = Play(rollout: .podinfo(.blueGreen(iterations: 3), on: provider)).ticks(20)
      #expect(
        three.map(\.line).dropFirst(2) == [
          "100/0 Progressing 1", "100/0 Progressing 1", "0/100 Progressing 1", "0/100 Promoting 1",
          "100/0 Finalising 0", "100/0 Succeeded 0",
        ])
    }
    let unrouted = Play(rollout: .podinfo(.blueGreen(iterations: 3), on: .kubernetes)).ticks(20)
    #expect(unrouted.map(\.queries).reduce(0, +) == 4)
    #expect(!unrouted.flatMap(\.events).contains { $0.hasPrefix("Routing") })
    #expect(unrouted.last?.result.end == .promoted)
  }

  @Test func `an A B test has all matching traffic from the first tick on`() {
    let ticks = Play(rollout: .podinfo(.abTesting(iterations: 3))).ticks(20)
    #expect(
      ticks.map(\.line) == [
        "100/0 Progressing 0", "0/100 Progressing 0", "0/100 Progressing 1", "0/100 Progressing 1",
        "0/100 Promoting 1", "100/0 Finalising 0", "100/0 Succeeded 0",
      ])
  }

  @Test func `mirroring is a step of its own where the router can mirror`() {
    var rollout = Rollout.podinfo(steps(20, to: 40))
    rollout.isMirrored = true
    let ticks = Play(rollout: rollout).ticks(20)
    #expect(
      ticks.map(\.line) == [
        "100/0 Progressing 0", "100/0m Progressing 0", "80/20 Progressing 1", "60/40 Progressing 1",
        "60/40 Promoting 1", "100/0 Finalising 0", "100/0 Succeeded 0",
      ])
    #expect(ticks[1].events.last == "Advance podinfo.default canary weight 0")

    rollout.router = MeshProvider.nginx.facts
    let stuck = Play(rollout: rollout).ticks(8)
    #expect(stuck.map(\.queries).reduce(0, +) == 0)
    #expect(
      stuck[7].events == [
        "Starting canary analysis for podinfo.default", "Advance podinfo.default canary weight 0",
      ])

    var blueGreen = Rollout.podinfo(.blueGreen(iterations: 2), on: .gatewayAPIV1)
    blueGreen.isMirrored = true
    let mirrored = Play(rollout: blueGreen).ticks(20)
    #expect(mirrored.map(\.line)[1...2] == ["100/0m Progressing 0", "100/0m Progressing 1"])
    #expect(
      mirrored[3].events == ["Stop traffic mirroring and route all traffic to canary"])
  }

  @Test func `without a step, or with equal or falling weights, nothing moves`() {
    let none = Play(rollout: .podinfo(WeightSteps(limit: 100))).ticks(6)
    #expect(none[5].events == ["Starting canary analysis for podinfo.default"])
    #expect(none.map(\.queries).reduce(0, +) == 0)
    for (weights, place) in [([50, 20], 50), ([10, 10, 20], 10), ([20, 50, 30], 50)] {
      let ticks = Play(rollout: .podinfo(steps(weights))).ticks(9)
      #expect(ticks[8].line == "\(100 - place)/\(place) Progressing 1")
      #expect(ticks[8].events == [])
    }
  }
}

@Suite struct HookTests {
  private func opens(at tick: Int, _ kind: CanaryWebhook.Kind) -> (Int, Hook) -> HookAnswer {
    { now, hook in hook.kind == kind && now < tick ? .refused("closed") : .passed }
  }

  @Test func `a closed promotion gate keeps the checks running`() {
    var play = Play(rollout: .podinfo(steps(50, to: 50), threshold: 2, hooks: [.confirmPromotion]))
    play.answers = opens(at: 6, .confirmPromotion)
    let ticks = play.ticks(20)
    #expect(ticks[2].line == "50/50 WaitingPromotion 1")
    #expect(ticks[2].result.state.canaryWeight == 0)
    #expect(ticks[2].result.state.iterations == -1)
    #expect(
      ticks[2].events == [
        "Halt podinfo.default advancement waiting for promotion approval h-confirm-promotion"
      ])
    #expect(ticks[2].alerts == ["Canary promotion is waiting for approval."])
    #expect(ticks[3].alerts == [] && ticks[3].events == [])
    #expect(ticks[2...6].allSatisfy { $0.calls == ["h-confirm-promotion Progressing"] })
    #expect(ticks[6].line == "50/50 Promoting 1")

    play.answers = opens(at: 100, .confirmPromotion)
    play.failures = [4, 5]
    let rolledBack = play.ticks(20)
    #expect(rolledBack.count == 7)
    #expect(rolledBack.last?.line == "100/0 Failed 0")
  }

  @Test func `blue green asks a closed gate every second tick, and an open one twice`() {
    var play = Play(rollout: .podinfo(.blueGreen(iterations: 3), hooks: [.confirmPromotion]))
    play.answers = opens(at: 9, .confirmPromotion)
    let ticks = play.ticks(30)
    #expect(ticks.indices.filter { !ticks[$0].calls.isEmpty } == [4, 6, 8, 10, 11])
    #expect(ticks[10].line.hasPrefix("0/100"))
    #expect(ticks[11].result.state.phase == .promoting)

    var abTesting = Play(rollout: .podinfo(.abTesting(iterations: 3), hooks: [.confirmPromotion]))
    abTesting.answers = opens(at: 9, .confirmPromotion)
    let tested = abTesting.ticks(30)
    #expect(tested.indices.filter { !tested[$0].calls.isEmpty } == [4, 6, 8, 10])
    #expect(tested[10].result.state.phase == .promoting)

    var unrouted = Play(
      rollout: .podinfo(
        .blueGreen(iterations: 1), on: .kubernetes, hooks: [.preRollout, .confirmPromotion]))
    unrouted.answers = opens(at: 8, .confirmPromotion)
    let kubernetes = unrouted.ticks(30)
    #expect(
      kubernetes.indices.filter { kubernetes[$0].calls.contains("h-pre-rollout Progressing") }
        == [1, 3, 5, 7])
    #expect(kubernetes[9].result.state.phase == .promoting)
  }

  @Test func `a closed rollout gate sends the phases that a cluster would`() {
    var play = Play(rollout: .podinfo(steps(50, to: 50), hooks: [.confirmRollout, .rollback]))
    play.answers = { tick, hook in
      hook.kind == .rollback || tick < 3 ? .refused("no") : .passed
    }
    let ticks = play.ticks(6)
    #expect(
      ticks.map(\.calls).prefix(5) == [
        ["h-confirm-rollout Initialized"], ["h-confirm-rollout Waiting"],
        ["h-confirm-rollout Waiting"], ["h-confirm-rollout Waiting"], ["h-rollback Progressing"],
      ])
    #expect(ticks[0].alerts == ["Canary is waiting for approval."])
    #expect(ticks[1].alerts == [])
    #expect(ticks[3].events.last == "New revision detected! Scaling up podinfo.default")
    #expect(ticks[4].events.first == "Rollback hook h-rollback not signaling a rollback")
  }

  @Test func `hooks are called in Flagger's order`() {
    let kinds = CanaryWebhook.Kind.allCases.filter { $0 != .unset && $0 != .event }
    var play = Play(rollout: .podinfo(steps(50, to: 50), hooks: kinds))
    play.answers = { _, hook in hook.kind == .rollback ? .refused("") : .passed }
    let calls = play.ticks(20).map { $0.calls.map { $0.split(separator: " ")[0].dropFirst(2) } }
    #expect(
      calls == [
        ["confirm-rollout"], ["rollback", "pre-rollout", "confirm-traffic-increase"],
        ["rollback", "rollout", "confirm-traffic-increase", "confirm-promotion"], [],
        ["post-rollout"],
      ])
  }

  @Test func `a refused rollout hook is a failed check and nothing is measured`() {
    var play = Play(rollout: .podinfo(steps(10, to: 50), threshold: 1, hooks: [.rollout]))
    play.answers = { tick, _ in tick == 2 ? .refused("Forbidden") : .passed }
    let ticks = play.ticks(20)
    #expect(
      ticks[2].events == [
        "Halt podinfo.default advancement external check h-rollout failed Forbidden"
      ])
    #expect(ticks[2].queries == 0)
    #expect(ticks[2].result.notEvaluated == [0])
    #expect(ticks[3].line == "100/0 Failed 0")
    #expect(ticks[3].result.end == .rolledBack(.failedChecks(count: 1, unmeasured: 0)))
  }

  @Test func `a closed traffic gate stops the tick without counting it, and says so every time`() {
    var play = Play(
      rollout: .podinfo(steps(50, to: 50), hooks: [.preRollout, .confirmTrafficIncrease]))
    play.answers = opens(at: 3, .confirmTrafficIncrease)
    let ticks = play.ticks(20)
    for tick in ticks[1...2] {
      #expect(tick.line == "100/0 Progressing 0")
      #expect(tick.calls.first == "h-pre-rollout Progressing")
      #expect(tick.alerts == ["Canary traffic increase is waiting for approval."])
      #expect(tick.result.state.failedChecks == 0)
    }
    #expect(ticks[3].line == "50/50 Progressing 0")
    play.rollout.hooks[1].mutesAlert = true
    #expect(play.ticks(20)[1].alerts == [])
  }

  @Test func `a rollback hook that succeeds rolls back`() {
    var play = Play(rollout: .podinfo(steps(10, to: 50), hooks: [.rollback]))
    play.answers = { tick, _ in tick == 3 ? .passed : .refused("") }
    let last = play.ticks(20).last
    #expect(
      last?.events == [
        "Rollback check h-rollback passed", "Rolling back podinfo.default manual webhook invoked",
        "Canary failed! Scaling down podinfo.default",
      ])
    #expect(last?.alerts == ["Rolling back manual webhook invoked"])
    #expect(last?.result.end == .rolledBack(.hook(0)))
  }

  @Test func `a hook that nobody called is named and holds nothing up`() {
    var play = Play(rollout: .podinfo(steps(50, to: 50), hooks: [.preRollout, .rollback]))
    play.answers = { _, _ in .notRun }
    let ticks = play.ticks(20)
    #expect(ticks[1].result.actions.contains(.hookNotRun(0)))
    #expect(ticks[1].result.actions.contains(.hookNotRun(1)))
    #expect(ticks.last?.result.end == .promoted)
  }
}
