import Gate
import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let stuck = Rule(
    "MT051", "never-ends", .error, "the rollout never ends",
    why: """
      Some configurations are valid and never get anywhere: no step at all, step weights that do not rise, \
      mirroring by weights on a router that cannot mirror. Flagger goes on ticking for ever. It is found \
      here by stepping the analysis itself, every check passing.
      """,
    fires: [
      .manifests(
        BuiltInExample.canary(
          metric: BuiltInExample.successRate,
          analysis: "interval: 1m\n    threshold: 5\n    stepWeights: [10, 20, 20, 50]"))
    ],
    quiet: [
      .manifests(
        BuiltInExample.canary(
          metric: BuiltInExample.successRate,
          analysis: "interval: 1m\n    threshold: 5\n    stepWeights: [10, 20, 50]"))
    ],
    .canary { canary in
      guard let endless = canary.forecast.endless, endless != .suspended else { return [] }
      let analysis = canary.analysis
      let range: SourceRange? =
        switch endless {
        case .stepNotLarger: analysis.stepWeights?.range
        case .limitAboveTotal: analysis.maxWeight?.range
        case .mirrorNotHeld: analysis.mirror?.range
        case .negativePromotionStep: analysis.stepWeightPromotion?.range
        case .suspended, .noStep, .standstill: analysis.interval?.range
        }
      return [canary.advice(endless.message(in: canary.rollout), at: range)]
    })

  static let steps = Rule(
    "MT052", "steps", .warning, "the steps are not what they seem",
    why: """
      With `maxWeight: 50` and `stepWeight: 20` the weights are 20, 40 and 60: the last step overshoots. \
      `stepWeights` above 100 are cut. `match` without `iterations` does nothing: the rollout goes by \
      weights.
      """,
    fires: [
      .manifests(
        BuiltInExample.canary(
          metric: BuiltInExample.successRate,
          analysis: "interval: 1m\n    threshold: 5\n    maxWeight: 50\n    stepWeight: 20"))
    ],
    quiet: [.manifests(BuiltInExample.canary(metric: BuiltInExample.successRate))],
    .canary { canary in
      let analysis = canary.analysis
      var found: [Advice] = []
      if let step = analysis.stepWeight, step.value > 0, analysis.effectiveStepWeights.isEmpty,
        analysis.effectiveIterations == 0,
        analysis.effectiveMaxWeight % step.value != 0, analysis.effectiveMaxWeight <= 100
      {
        let last = (analysis.effectiveMaxWeight / step.value + 1) * step.value
        found.append(
          canary.advice(
            "maxWeight \(analysis.effectiveMaxWeight) is no multiple of stepWeight \(step.value): the last "
              + "step is \(min(100, last))",
            at: step.range))
      }
      if let weights = analysis.stepWeights, let last = weights.value.last, last.value > 100 {
        found.append(canary.advice("a weight is at most 100, not \(last.value)", at: last.range))
      }
      if let match = analysis.match, !match.value.isEmpty, analysis.effectiveIterations == 0 {
        found.append(
          canary.advice("match does nothing without iterations: the rollout goes by weights", at: match.range)
            .help("add iterations for an A/B test, or remove match"))
      }
      return found
    })

  static let observer = Rule(
    "MT056", "built-in-query-mismatch", .warning, "the built-in queries do not fit the target",
    why: """
      With a target of kind Service every provider but Istio falls through to Istio's queries, which find \
      nothing. NGINX counts the canary's requests by its own label, which has no traffic while a blue/green \
      rollout checks. Neither says why: there are no values.
      """,
    fires: [
      .manifests(
        BuiltInExample.canary(metric: BuiltInExample.successRate, spec: "provider: linkerd", kind: "Service"))
    ],
    quiet: [.manifests(BuiltInExample.canary(metric: BuiltInExample.successRate, spec: "provider: linkerd"))],
    .canary { canary in
      guard let metric = canary.analysis.allMetrics.first(where: { $0.value.builtIn != nil }) else {
        return []
      }
      let choice = ObserverChoice(for: canary.canary, globalProvider: canary.options.meshProvider)
      let name = metric.value.name
      if choice.isFallback, choice.providerName.hasSuffix(":service"), !choice.providerName.hasPrefix("istio")
      {
        return [
          canary.advice(
            "for a Service of \(choice.providerName.dropLast(8)) Flagger asks Istio's queries, which find "
              + "nothing",
            at: name.range, ".spec.analysis.metrics"
          )
          .with(severity: .error).related(
            canary.place(canary.canary.targetRef.range), "the target is a Service"
          ).help("write a MetricTemplate")
        ]
      }
      if choice.observer == .nginx, case .blueGreen = canary.rollout.advance {
        return [
          canary.advice(
            "during a blue/green rollout ingress-nginx sends the canary nothing: the built-in queries have "
              + "no value",
            at: name.range, ".spec.analysis.metrics"
          )
          .help("write a MetricTemplate over the application's own metrics")
        ]
      }
      return []
    })

  static let alerts = Rule(
    "MT057", "alerts", .warning, "an alert is never sent",
    why:
      "An alert without a severity passes nothing on: the documentation says `info`, the code compares "
      + "with the empty text.",
    fires: [
      .manifests(
        BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
          "    metrics:\n",
          with: "    alerts:\n    - name: slack\n      providerRef: {name: slack}\n    metrics:\n"))
    ],
    quiet: [
      .manifests(
        BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
          "    metrics:\n",
          with:
            "    alerts:\n    - name: slack\n      severity: error\n      providerRef: {name: slack}\n    "
            + "metrics:\n"
        ))
    ],
    .canary { canary in
      canary.analysis.allAlerts.compactMap { alert in
        guard alert.value.severity == nil || alert.value.severity?.value == .unset else { return nil }
        return canary.advice(
          "the alert \(alert.value.name.value) has no severity: nothing is ever sent",
          at: alert.value.name.range, ".spec.analysis.alerts"
        ).help("add severity: info, warn or error")
      }
    })

  static let hooks = Rule(
    "MT058", "webhooks", .warning, "webhooks take longer than the time between two checks",
    why:
      "Webhooks of type rollout run one after the other within a tick. When their timeouts, with retries, "
      + "exceed the interval, ticks are late and windows no longer meet the steps.",
    fires: [
      .manifests(
        BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
          "    metrics:\n",
          with:
            "    webhooks:\n    - name: load\n      url: http://load.test/\n      timeout: 2m\n    metrics:\n"
        ))
    ],
    quiet: [
      .manifests(
        BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
          "    metrics:\n",
          with:
            "    webhooks:\n    - name: load\n      url: http://load.test/\n      timeout: 5s\n    metrics:\n"
        ))
    ],
    .canary { canary in
      let hooks = canary.analysis.allWebhooks.filter { $0.value.effectiveType == .rollout }
      let longest = hooks.reduce(0) { total, hook in
        let timeout = (try? hook.value.attemptTimeout().seconds) ?? 10
        return total + timeout * Double(hook.value.effectiveRetries + 1)
      }
      let tick = canary.analysis.tickInterval.seconds
      guard longest > tick, let first = hooks.first else { return [] }
      return [
        canary.advice(
          "the webhooks of a tick may take \(Shown.number(longest)) s, a tick is every "
            + "\(Shown.number(tick)) s",
          at: first.value.timeout?.range ?? first.value.name.range, ".spec.analysis.webhooks"
        ).help("shorten their timeouts")
      ]
    })

  static let address = Rule(
    "MT043", "provider-address", .error, "a template's provider cannot be asked",
    why: """
      `prometheus:9090` without a scheme is taken for the scheme `prometheus`, and every request fails. What \
      stands behind `?` in an address is dropped.
      """,
    fires: [.manifests(AddressExample.template("prometheus:9090"))],
    quiet: [.manifests(AddressExample.template("http://prometheus:9090"))],
    .template { template in
      guard template.template.isPrometheus else { return [] }
      let provider = template.template.provider
      guard let address = provider.value.address, !address.value.isEmpty else {
        return [
          template.advice("the provider has no address", at: provider.value.type.range, ".spec.provider")
            .help("add address: http://…")
        ]
      }
      let text = address.value
      guard text.lowercased().hasPrefix("http://") || text.lowercased().hasPrefix("https://"),
        text.contains("://"), !text.hasSuffix("://")
      else {
        return [
          template.advice(
            "\(text) is no http or https address: every request fails", at: address.range,
            ".spec.provider.address"
          ).help("write http://\(text)")
            .fix(
              "write http://\(text)",
              text.contains("://")
                ? nil
                : address.range.flatMap { range in
                  template.template.origin.map { Fix.Edit($0.source, range, "http://\(text)") }
                })
        ]
      }
      guard text.contains("?") || text.contains("#") else { return [] }
      return [
        template.advice(
          "what stands behind ? or # in the address is dropped", at: address.range, ".spec.provider.address"
        ).with(severity: .warning)
      ]
    })
}

enum AddressExample {
  static func template(_ address: String) -> String {
    """
    apiVersion: flagger.app/v1beta1
    kind: MetricTemplate
    metadata:
      name: check
      namespace: test
    spec:
      provider:
        type: prometheus
        address: \(address)
      query: sum(rate(requests_total[1m]))

    """
  }
}
