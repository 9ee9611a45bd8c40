import Gate
import Manifests
import Testing

@Suite struct ProgressiveTests {
  /// Configuration, and from tick 1 on: routes, phase, queries.
  private struct Case {
    var name: String
    var rollout: Rollout
    var failures: Set<Int> = []
    var lines: [String]
  }

  @Test func `weights move as configured, and the first tick with traffic measures nothing`() {
    var slowPromotion = Rollout.podinfo(steps(100))
    slowPromotion.stepWeightPromotion = 50
    var stepwise = Rollout.podinfo(steps(10, to: 50))
    stepwise.stepWeightPromotion = 20
    let tens = [
      "90/10 Progressing 0", "80/20 Progressing 1", "70/30 Progressing 1", "60/40 Progressing 1",
      "50/50 Progressing 1", "50/50 Promoting 1",
    ]
    let cases = [
      Case(
        name: "tens to fifty", rollout: .podinfo(steps(10, to: 50)),
        lines: tens + ["100/0 Finalising 0", "100/0 Succeeded 0"]),
      Case(
        name: "tens to fifty on nginx", rollout: .podinfo(steps(10, to: 50), on: .nginx),
        lines: tens + ["100/0 Finalising 0", "100/0 Succeeded 0"]),
      Case(
        name: "a step beyond the limit", rollout: .podinfo(steps(20, to: 50)),
        lines: [
          "80/20 Progressing 0", "60/40 Progressing 1", "40/60 Progressing 1", "40/60 Promoting 1",
          "100/0 Finalising 0", "100/0 Succeeded 0",
        ]),
      Case(
        name: "a step beyond everything", rollout: .podinfo(steps(60)),
        lines: [
          "40/60 Progressing 0", "0/100 Progressing 1", "0/100 Promoting 1", "100/0 Finalising 0",
          "100/0 Succeeded 0",
        ]),
      Case(
        name: "listed weights", rollout: .podinfo(steps([1, 2, 10, 80])),
        lines: [
          "99/1 Progressing 0", "98/2 Progressing 1", "90/10 Progressing 1", "20/80 Progressing 1",
          "20/80 Promoting 1", "100/0 Finalising 0", "100/0 Succeeded 0",
        ]),
      Case(
        name: "a listed weight beyond everything", rollout: .podinfo(steps([1, 2, 10, 200])),
        lines: [
          "99/1 Progressing 0", "98/2 Progressing 1", "90/10 Progressing 1", "0/100 Progressing 1",
          "0/100 Promoting 1", "100/0 Finalising 0", "100/0 Succeeded 0",
        ]),
      Case(
        name: "a step beside listed weights", rollout: .podinfo(steps([5, 50], step: 10)),
        lines: tens + ["100/0 Finalising 0", "100/0 Succeeded 0"]),
      Case(
        name: "promotion in halves", rollout: slowPromotion,
        lines: [
          "0/100 Progressing 0", "0/100 Promoting 1", "50/50 Promoting 0", "100/0 Finalising 0",
          "100/0 Succeeded 0",
        ]),
      Case(
        name: "promotion in steps", rollout: stepwise,
        lines: tens + [
          "70/30 Promoting 0", "90/10 Promoting 0", "100/0 Finalising 0", "100/0 Succeeded 0",
        ]),
    ]
    for item in cases {
      let ticks = Play(rollout: item.rollout, failures: item.failures).ticks(40)
      #expect(ticks.map(\.line) == ["100/0 Progressing 0"] + item.lines, "\(item.name)")
      #expect(ticks.last?.result.end == .promoted, "\(item.name)")
    }
  }

  @Test func `failed checks add up over the rollout and roll back one tick later`() {
    let twice = Play(rollout: .podinfo(steps(10, to: 50), threshold: 2), failures: [3, 5]).ticks(40)
    #expect(
      twice.map(\.line) == [
        "100/0 Progressing 0", "90/10 Progressing 0", "80/20 Progressing 1", "80/20 Progressing 1",
        "70/30 Progressing 1", "70/30 Progressing 1", "100/0 Failed 0",
      ])
    #expect(twice.map(\.result.state.failedChecks) == [0, 0, 0, 1, 1, 2, 0])
    #expect(twice.last?.result.end == .rolledBack(.failedChecks(count: 2, unmeasured: 0)))
    #expect(
      twice.last?.events == [
        "Rolling back podinfo.default failed checks threshold reached 2",
        "Canary failed! Scaling down podinfo.default",
      ])
    #expect(twice.last?.alerts == ["Failed checks threshold reached 2"])
    #expect(twice[3].events == ["Halt podinfo.default advancement load 200.00 > 100"])

    let endured = Play(rollout: .podinfo(steps(10, to: 50), threshold: 3), failures: [3, 5]).ticks(40)
    #expect(endured.count == 11)
    #expect(endured[8].line == "50/50 Promoting 1")
    #expect(endured.last?.result.end == .promoted)
    #expect(endured.last?.result.state.failedChecks == 2)

    let once = Play(rollout: .podinfo(steps(10, to: 50), threshold: 1), failures: [2]).ticks(40)
    #expect(once.count == 4)
    #expect(once.last?.events.first == "Rolling back podinfo.default failed checks threshold reached 1")
  }

  @Test func `a rollout tells its story in Flagger's words`() {
    let ticks = Play(rollout: .podinfo(steps(50, to: 50))).ticks(10)
    #expect(
      ticks.map(\.events) == [
        ["New revision detected! Scaling up podinfo.default"],
        ["Starting canary analysis for podinfo.default", "Advance podinfo.default canary weight 50"],
        ["Copying podinfo.default template spec to podinfo-primary.default"],
        ["Routing all traffic to primary"],
        ["Promotion completed! Scaling down podinfo.default"],
      ])
    #expect(
      ticks.map(\.alerts) == [
        ["New revision detected, progressing canary analysis."], [], [], [],
        ["Canary analysis completed successfully, promotion finished."],
      ])
  }

  @Test func `a new revision during the analysis starts it again`() {
    var play = Play(rollout: .podinfo(steps(10, to: 50)), failures: [3])
    play.surroundings = { tick, evidence in
      if tick == 4 { evidence.revisionChanged = true }
    }
    let ticks = play.ticks(6)
    #expect(ticks[3].result.state.failedChecks == 1)
    #expect(ticks[4].events == ["New revision detected! Restarting analysis for podinfo.default"])
    #expect(ticks[4].line == "100/0 Progressing 0")
    var restarted = AnalysisState(phase: .progressing)
    restarted.since = 40_000
    #expect(ticks[4].result.state == restarted)
    #expect(ticks[5].line == "90/10 Progressing 0")
  }

  @Test func `pods that are not ready hold a tick up and are no failed check`() {
    var play = Play(rollout: .podinfo(steps(50, to: 50)))
    play.surroundings = { tick, evidence in
      if tick == 1 { evidence.primary = .notReady("waiting") }
      if tick == 2 { evidence.canary = .notReady("1 of 2 updated replicas are available") }
    }
    let ticks = play.ticks(20)
    #expect(ticks[1].events == ["podinfo-primary.default not ready: waiting"])
    #expect(
      ticks[2].events == [
        "canary deployment podinfo.default not ready: 1 of 2 updated replicas are available"
      ])
    #expect(ticks[2].result.state.failedChecks == 0)
    #expect(ticks[3].line == "50/50 Progressing 0")
    #expect(ticks.last?.result.end == .promoted)

    play.surroundings = { tick, evidence in
      if tick == 2 { evidence.canary = .failed("exceeded its progress deadline") }
    }
    let rolledBack = play.ticks(20)
    #expect(rolledBack.last?.line == "100/0 Failed 0")
    #expect(rolledBack.last?.alerts == [])
    #expect(
      rolledBack.last?.result.end == .rolledBack(.notReady("exceeded its progress deadline")))
  }

  @Test func `a primary that misses its deadline while it is promoted leaves the traffic to the canary`() {
    var play = Play(rollout: .podinfo(steps(50, to: 50)))
    play.surroundings = { tick, evidence in
      if tick == 3 { evidence.primary = .failed("deadline") }
    }
    let last = play.ticks(20).last
    #expect(last?.line == "0/100 Failed 0")
    #expect(last?.result.state.canaryWeight == 100)
    #expect(last?.alerts == ["Promotion failed, primary not ready: deadline"])
    #expect(last?.events == ["Promotion of podinfo.default failed, primary not ready: deadline"])
    #expect(last?.result.end == .promotionFailed("deadline"))
  }

  @Test func `a skipped analysis promotes at once and measures nothing`() {
    var rollout = Rollout.podinfo(steps(10, to: 50), hooks: [.confirmRollout, .preRollout, .postRollout])
    rollout.skipsAnalysis = true
    let ticks = Play(rollout: rollout).ticks(10)
    #expect(ticks.map(\.calls) == [["h-confirm-rollout Initialized"], ["h-post-rollout Succeeded"]])
    #expect(ticks.last?.result.end == .skipped)
    #expect(
      ticks.last?.events == [
        "Copying podinfo.default template spec to podinfo-primary.default",
        "Post-rollout check h-post-rollout passed",
        "Promotion completed! Canary analysis was skipped for podinfo.default",
      ])
    #expect(ticks.last?.alerts == ["Canary analysis was skipped, promotion finished."])
  }

  @Test func `what the router has counts, not what it was told`() {
    var play = Play(rollout: .podinfo(steps(10, to: 50)))
    play.surroundings = { tick, evidence in
      if tick == 0 { evidence.routes = Routes(primary: 60, canary: 40) }
    }
    let ticks = play.ticks(4, from: AnalysisState(phase: .progressing))
    #expect(ticks.first?.events == ["New revision detected! Restarting analysis for podinfo.default"])
    play.surroundings = { tick, evidence in
      evidence.revisionChanged = false
      if tick == 0 { evidence.routes = Routes(primary: 60, canary: 40) }
    }
    let lines = play.ticks(5, from: AnalysisState(phase: .progressing)).map(\.line)
    #expect(
      lines == [
        "50/50 Progressing 1", "50/50 Promoting 1", "100/0 Finalising 0", "100/0 Succeeded 0",
      ])
  }

  @Test func `steps of any size neither trap nor leave the road of 0 to 100`() {
    for step in [Int.max, Int.max - 1, 101, 1 << 40] {
      let ticks = Play(rollout: .podinfo(steps(step))).ticks(10)
      #expect(ticks.last?.result.end == .promoted)
      #expect(ticks.allSatisfy { (0...100).contains($0.result.state.routes.canary) })
    }
    for weights in [[Int.min], [Int.min, 5], [5, Int.min], [Int.max, Int.min]] {
      _ = Play(rollout: .podinfo(steps(weights))).ticks(10)
    }
  }
}
