import Gate
import Manifests
import PromQL

extension Rule {
  static let hookCannotFail = Rule(
    "MT064", "hook-cannot-fail", .warning, "a webhook that should hold the rollout back always succeeds",
    why: """
      The load tester answers a webhook of `type: cmd` as soon as it has taken the command, before it ran: \
      as a pre-rollout or confirm hook it never fails. `type: bash` waits for the command and answers with \
      its failure.
      """,
    fires: [.manifests(hooked("cmd")), .manifests(hooked("cmd").replacing("type: cmd, ", with: ""))],
    quiet: [.manifests(hooked("bash"))],
    .canary { canary in
      canary.analysis.allWebhooks.compactMap { hook in
        let kind = hook.value.effectiveType
        switch kind {
        case .preRollout, .confirmRollout, .confirmTrafficIncrease, .confirmPromotion: break
        case .rollout, .postRollout, .event, .rollback, .unset: return nil
        }
        // The load tester takes a command without a type for one that is only started (flagger.md §7.4).
        guard let entries = hook.value.metadata?.value, entries.contains(where: { $0.key.value == "cmd" }),
          (entries.first { $0.key.value == "type" }?.value.value ?? "cmd") == "cmd"
        else { return nil }
        return canary.advice(
          "the \(kind.rawValue) hook \(hook.value.name.value) only starts its command: a failure holds "
            + "nothing back",
          at: hook.value.metadata?.range, ".spec.analysis.webhooks"
        ).help("write type: bash, which waits for the command")
      }
    })

  private static func hooked(_ type: String) -> String {
    BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
      "    metrics:\n",
      with: """
            webhooks:
            - name: acceptance
              type: pre-rollout
              url: http://flagger-loadtester.test/
              timeout: 30s
              metadata:
                type: \(type)
                cmd: "curl -f http://podinfo-canary.test:9898/healthz"
            metrics:

        """)
  }

  static let oneFailure = Rule(
    "MT065", "one-failure", .warning, "a single failed check ends the rollout",
    why: """
      With `threshold: 1` the first check that fails rolls back. A check fails on a late scrape, a server \
      that restarts, a moment without traffic: checked every 15 s for ten minutes, one lost query in forty \
      is enough. From `threshold: 2` on a failure has to happen again.
      """,
    fires: [
      .manifests(
        BuiltInExample.canary(
          metric: BuiltInExample.successRate,
          analysis: "interval: 15s\n    threshold: 1\n    maxWeight: 50\n    stepWeight: 10"))
    ],
    quiet: [
      .manifests(
        BuiltInExample.canary(
          metric: BuiltInExample.successRate,
          analysis: "interval: 15s\n    threshold: 3\n    maxWeight: 50\n    stepWeight: 10"))
    ],
    .canary { canary in
      let tick = canary.analysis.tickInterval
      guard let threshold = canary.analysis.threshold, threshold.value <= 1, tick.milliseconds < 60_000 else {
        return []
      }
      return [
        canary.advice(
          "threshold \(threshold.value) with a check every \(Shown.duration(tick.milliseconds)): one lost "
            + "query rolls back",
          at: threshold.range
        ).help("let a failure happen more than once: threshold: 3")
      ]
    })

  static let teamsConnector = Rule(
    "MT067", "teams-connector", .warning, "an alert goes to a Teams address that no longer answers",
    why: """
      Microsoft has retired the Office 365 connectors of Teams, whose addresses are at `webhook.office.com`. \
      Flagger's messages to them are lost. A Workflows webhook takes their place; Flagger's message format \
      is another one than it wants.
      """,
    fires: [.manifests(provider("https://example.webhook.office.com/webhookb2/1/IncomingWebhook/2"))],
    quiet: [.manifests(provider("https://prod-00.westeurope.logic.azure.com/workflows/1"))],
    .canary { canary in
      canary.analysis.allAlerts.compactMap { alert in
        guard
          let found = try? canary.manifests.alertProvider(alert.value.providerRef.value, of: canary.canary),
          found.type.value == .msteams, let address = found.address, address.value.contains("office.com"),
          let origin = found.origin
        else { return nil }
        var advice = canary.advice(
          "the alert \(alert.value.name.value) goes to a retired connector",
          at: alert.value.providerRef.range, ".spec.analysis.alerts")
        advice = advice.related(Place(origin.source, address.range), "the address of an Office 365 connector")
        return advice.help("use another provider, or a webhook of type event")
      }
    })

  private static func provider(_ address: String) -> String {
    BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
      "    metrics:\n",
      with:
        "    alerts:\n    - name: teams\n      severity: error\n      providerRef: {name: teams}\n    "
        + "metrics:\n"
    )
      + """
      ---
      apiVersion: flagger.app/v1beta1
      kind: AlertProvider
      metadata: {name: teams, namespace: test}
      spec: {type: msteams, address: "\(address)"}

      """
  }
}
