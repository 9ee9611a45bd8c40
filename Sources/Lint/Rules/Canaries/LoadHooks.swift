import Gate
import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let indifferentCommand = Rule(
    "MT107", "check-cannot-fail", .warning, "a webhook that should check runs a command that never fails",
    why: """
      `hey`, `wrk`, `ab`, `fortio`, `ghz` and their kind make load and print what came back: they end with 0 \
      when every request failed, and so does `curl` without `-f` on an answer of 500. As a pre-rollout or \
      confirm hook, or as the only thing that a rollout checks, such a command lets every release through. \
      The same for a command whose status is lost: behind it stands `; true`, `|| echo`, a `sleep` in a \
      loop, `&`, or a pipe to `jq`, `tee` or `head`, whose status is then the pipe's (`set -o pipefail` \
      changes that). \
      What should decide is `curl -f`, a test of what was printed (`… | grep`), or a metric. A load test \
      beside metrics is what they are for: nothing is said of that, unless it is waited for as a check is, \
      with `type: bash`.
      """,
    fires: [
      .manifests(hooked("hey -n 100 http://podinfo-canary.test/", type: "bash", hook: "pre-rollout")),
      .manifests(
        hooked("curl -s http://podinfo-canary.test/healthz", type: "bash", hook: "confirm-promotion")),
      .manifests(hooked("wrk -d30s http://podinfo-canary.test/", type: "bash", hook: "rollout")),
      .manifests(hooked("curl -sf http://podinfo-canary.test/ | jq .", type: "bash", hook: "pre-rollout")),
      .manifests(
        hooked(
          "for i in 1 2 3; do curl -sf http://podinfo-canary.test/ && break; sleep 1; done", type: "bash",
          hook: "confirm-rollout")),
      .manifests(
        hooked("hey -z 1m http://podinfo-canary.test/", type: "cmd", hook: "rollout").replacing(
          /\n    metrics:\n.*/.dotMatchesNewlines(), with: "\n")),
    ],
    quiet: [
      .manifests(hooked("hey -z 1m http://podinfo-canary.test/", type: "cmd", hook: "rollout")),
      .manifests(hooked("curl -sf http://podinfo-canary.test/", type: "bash", hook: "pre-rollout")),
      .manifests(
        hooked(
          "curl -sd test http://podinfo-canary.test/token | grep token", type: "bash", hook: "pre-rollout")),
      .manifests(hooked("bats /tests/acceptance.bats", type: "bash", hook: "rollout")),
      .manifests(hooked("hey http://x/ && curl -f http://x/", type: "bash", hook: "pre-rollout")),
      .manifests(
        hooked("set -o pipefail; curl -sf http://x/ | jq -e .ok | tee log", type: "bash", hook: "pre-rollout")
      ),
      .manifests(
        hooked("until curl -sf http://x/; do sleep 1; done", type: "bash", hook: "confirm-rollout")),
    ],
    .canary { canary in
      let hooks = canary.analysis.allWebhooks
      let checks = hooks.filter { $0.value.effectiveType == .rollout }
      // What runs beside the analysis decides nothing; alone it is all that there is.
      let isAllThereIs =
        canary.analysis.allMetrics.isEmpty && !canary.canary.skipsAnalysis && !checks.isEmpty
        && checks.allSatisfy { $0.value.indifference != nil || $0.value.isOnlyStarted }
      return hooks.compactMap { hook in
        let kind = hook.value.effectiveType
        let why: String
        switch kind {
        case .preRollout, .confirmRollout, .confirmTrafficIncrease, .confirmPromotion:
          // What is only started has a rule of its own.
          guard !hook.value.isOnlyStarted, let reason = hook.value.indifference else { return nil }
          why = reason
        case .rollout, .unset:
          if hook.value.isOnlyStarted {
            guard isAllThereIs else { return nil }
            why = "the load tester answers before the command has run, and nothing else is checked"
          } else {
            guard let reason = hook.value.indifference else { return nil }
            why = reason
          }
        case .postRollout, .event, .rollback: return nil
        }
        return canary.advice(
          "the \(kind.rawValue) hook \(hook.value.name.value) cannot fail: \(why)",
          at: hook.value.command?.range ?? hook.value.name.range, ".spec.analysis.webhooks"
        )
        .with(severity: isAllThereIs ? .error : .warning)
        .help("check what is answered: curl -f, a command that compares what is printed, or a metric")
      }
    })

  static let strayLoad = Rule(
    "MT108", "load-not-measured", .warning, "the load test never reaches what is measured",
    why: """
      With NGINX, Contour, Gloo, Skipper, Traefik and APISIX the ingress counts the requests, by the route \
      that Flagger moves: load on `NAME-canary`, or on `NAME`, goes around it, and the metrics have no \
      value. Load on the ingress' own service needs the host that it routes by (`-host`), else it answers \
      404. Without mesh and ingress (provider `kubernetes`) the services `NAME` and `NAME-primary` lead to \
      the primary's pods only: the canary gets nothing.
      """,
    fires: [
      .manifests(loaded("hey -z 1m http://podinfo-canary.test/", provider: "nginx")),
      .manifests(loaded("hey -z 1m http://podinfo.test:9898/", provider: "kubernetes")),
      .manifests(loaded("hey -z 1m http://traefik.traefik/", provider: "traefik")),
      .manifests(loaded("hey -z 1m http://podinfo-primary.test:9898/", provider: "istio")),
    ],
    quiet: [
      .manifests(loaded("hey -z 1m http://app.example.com/", provider: "nginx")),
      .manifests(loaded("hey -z 1m -host app.example.com http://traefik.traefik/", provider: "traefik")),
      .manifests(loaded("hey -z 1m http://podinfo-canary.test:9898/", provider: "kubernetes")),
      .manifests(loaded("hey -z 1m http://podinfo-canary.test:9898/", provider: "istio")),
      .manifests(loaded("hey -z 1m http://podinfo.test:9898/", provider: "linkerd")),
    ],
    .canary { canary in
      let loads = canary.analysis.allWebhooks.filter { $0.value.effectiveType == .rollout }.flatMap { hook in
        hook.value.loads.map { (hook: hook, load: $0) }
      }
      guard !loads.isEmpty else { return [] }
      let faults = loads.map { canary.fault(of: $0.load) }
      // One that arrives is enough.
      guard faults.allSatisfy({ $0 != nil }), let first = loads.first, let fault = faults.first ?? nil else {
        return []
      }
      return [
        canary.advice(
          "the load of \(first.hook.value.name.value) goes to \(first.load.host): \(fault.why)",
          at: first.hook.value.command?.range ?? first.hook.value.name.range, ".spec.analysis.webhooks"
        ).help(fault.help)
      ]
    })

  private static func hooked(_ command: String, type: String, hook: String) -> String {
    loaded(command, provider: "istio").replacing("type: cmd", with: "type: \(type)")
      .replacing("type: rollout", with: "type: \(hook)")
  }

  private static func loaded(_ command: String, provider: String) -> String {
    BuiltInExample.canary(metric: BuiltInExample.successRate, spec: "provider: \(provider)").replacing(
      "    metrics:\n",
      with: """
            webhooks:
            - name: test
              type: rollout
              url: http://flagger-loadtester.test/
              timeout: 30s
              metadata:
                type: cmd
                cmd: "\(command)"
            metrics:

        """)
  }
}
