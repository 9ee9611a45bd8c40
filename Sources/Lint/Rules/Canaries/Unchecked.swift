import Gate
import Manifests
import PromQL

extension Rule {
  static let nothingChecked = Rule(
    "MT130", "nothing-checked", .error, "nothing is checked, and every new version is promoted",
    why: """
      Without metrics, and without a webhook of `type: rollout` that can fail, there is nothing that could \
      stop a rollout: Flagger goes through the steps and promotes. `metrics:` left empty is the same to a \
      cluster as no `metrics` at all. A load test is no check: the load tester answers a webhook of \
      `type: cmd` before the command ran. Hooks that hold back the start or the promotion make it a warning: \
      nothing looks at the canary while it has traffic.
      """,
    fires: [
      .manifests(unchecked("    metrics:\n")),
      .manifests(unchecked(hook("load", type: "rollout", command: "cmd"))),
      .manifests(unchecked(hook("acceptance", type: "pre-rollout", command: "bash"))),
    ],
    quiet: [
      .manifests(BuiltInExample.canary(metric: BuiltInExample.successRate)),
      .manifests(unchecked(hook("acceptance", type: "rollout", command: "bash"))),
      .manifests(unchecked("    metrics:\n  skipAnalysis: true\n")),
    ],
    .canary { canary in
      guard !canary.canary.skipsAnalysis, canary.forecast.endless == nil else { return [] }
      let analysis = canary.analysis
      guard analysis.allMetrics.isEmpty else {
        guard canary.forecast.checkRounds == 0 else { return [] }
        return [
          canary.advice(
            "the rollout is over before a metric is asked: every new version is promoted",
            at: analysis.metrics?.range, ".spec.analysis.metrics"
          ).help("make smaller steps, or more iterations")
        ]
      }
      let hooks = analysis.allWebhooks.map(\.value).filter(\.canFail)
      guard !hooks.contains(where: { $0.effectiveType == .rollout }) else { return [] }
      let hasGates = hooks.contains { $0.effectiveType.holdsBack }
      let what =
        analysis.emptyMetrics == nil ? "there are no metrics" : "metrics is left empty"
      return [
        canary.advice(
          hasGates
            ? "\(what), and no rollout webhook can fail: nothing is checked while the canary has traffic"
            : "\(what), and no webhook can fail: every new version is promoted unchecked",
          at: analysis.emptyMetrics ?? analysis.metrics?.range, ".spec.analysis.metrics"
        )
        .with(severity: hasGates && analysis.emptyMetrics == nil ? .warning : .error)
        .help("add metrics such as request-success-rate; skipAnalysis: true says that none is wanted")
      ]
    })

  static let skippedAnalysis = Rule(
    "MT131", "analysis-skipped", .warning, "the analysis is skipped, and its metrics are never asked",
    why: """
      With `skipAnalysis: true` Flagger promotes every new version at once, whatever the analysis says. It \
      is meant for an emergency, and easily left behind.
      """,
    fires: [
      .manifests(BuiltInExample.canary(metric: BuiltInExample.successRate, spec: "skipAnalysis: true"))
    ],
    quiet: [
      .manifests(BuiltInExample.canary(metric: BuiltInExample.successRate, spec: "skipAnalysis: false"))
    ],
    .canary { canary in
      let count = canary.analysis.allMetrics.count
      guard canary.canary.skipsAnalysis, count > 0 else { return [] }
      let metrics = count == 1 ? "its metric is" : "its \(count) metrics are"
      return [
        canary.advice(
          "the analysis is skipped: \(metrics) never asked, and every new version is promoted",
          at: canary.canary.skipAnalysis?.range, ".spec.skipAnalysis"
        ).help("remove skipAnalysis once the emergency is over")
      ]
    })

  private static func unchecked(_ lines: String) -> String {
    BuiltInExample.canary(metric: "").replacing("    metrics:\n    \n", with: lines)
  }

  private static func hook(_ name: String, type: String, command: String) -> String {
    """
        webhooks:
        - name: \(name)
          type: \(type)
          url: http://flagger-loadtester.test/
          metadata:
            type: \(command)
            cmd: "curl -f http://podinfo-canary.test:9898/"

    """
  }
}

extension CanaryWebhook {
  /// Whether its answer can be a refusal: the load tester only takes a command of type `cmd`, its default,
  /// and runs it afterwards.
  fileprivate var canFail: Bool {
    let entries = metadata?.value ?? []
    guard entries.contains(where: { $0.key.value == "cmd" }) else { return true }
    let type = entries.first { $0.key.value == "type" }?.value.value ?? "cmd"
    return type != "cmd"
  }
}

extension CanaryWebhook.Kind {
  /// Whether a refusal holds a rollout back before it has traffic, or before it gets more.
  fileprivate var holdsBack: Bool {
    switch self {
    case .confirmRollout, .preRollout, .confirmTrafficIncrease, .confirmPromotion: true
    case .unset, .rollout, .postRollout, .event, .rollback: false
    }
  }
}
