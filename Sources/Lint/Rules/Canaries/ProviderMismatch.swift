import Gate
import Manifests
import PromQL

extension Rule {
  static let providerMismatch = Rule(
    "MT126", "provider-mismatch", .warning,
    "a canary lacks what its provider needs, or asks what it cannot do",
    why: """
      ingress-nginx and Skipper are told which Ingress to copy by `ingressRef`, APISIX which route by \
      `routeRef`: without one Flagger reports an error at every tick, and the \
      canary is never initialised. `sessionAffinity` is for Istio and Gateway API; others take no notice of \
      it. Without a mesh or an ingress (provider `kubernetes`) nobody tells requests apart: `match` is \
      dropped, and the A/B test is a blue/green rollout.
      """,
    fires: [
      .manifests(BuiltInExample.canary(metric: BuiltInExample.successRate, spec: "provider: nginx")),
      .manifests(
        provided("linkerd", "sessionAffinity: {cookieName: canary}\n    maxWeight: 50\n    stepWeight: 10")),
      .manifests(provided("kubernetes", "iterations: 5\n    match: [{headers: {x-user: {exact: test}}}]")),
    ],
    quiet: [
      .manifests(
        BuiltInExample.canary(
          metric: BuiltInExample.successRate,
          spec:
            "provider: nginx\n  ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}")
      ),
      .manifests(
        provided("istio", "sessionAffinity: {cookieName: canary}\n    maxWeight: 50\n    stepWeight: 10")),
      .manifests(provided("istio", "iterations: 5\n    match: [{headers: {x-user: {exact: test}}}]")),
    ],
    .canary { canary in
      guard let provider = canary.canary.provider, provider.value != .knative else { return [] }
      let facts = provider.value.facts
      var found: [Advice] = []
      if let needed = facts.requiredReference, !canary.canary.has(needed) {
        found.append(
          canary.advice(
            "\(facts.title) needs \(needed.rawValue): without it the canary is never initialised",
            at: provider.range, ".spec.provider"
          ).help("add \(needed.rawValue)"))
      }
      if let affinity = canary.analysis.sessionAffinity, !facts.hasSessionAffinity {
        found.append(
          canary.advice(
            "\(facts.title) takes no notice of sessionAffinity", at: affinity.range,
            ".spec.analysis.sessionAffinity"
          ).related(canary.place(provider.range), "the provider").help("remove it"))
      }
      if let match = canary.analysis.match, !match.value.isEmpty, !facts.routesTraffic {
        found.append(
          canary.advice(
            "\(facts.title) cannot tell requests apart: match is dropped, and the rollout is blue/green",
            at: match.range, ".spec.analysis.match"
          ).related(canary.place(provider.range), "the provider").help("remove match"))
      }
      return found
    })

  static let oldVersionTested = Rule(
    "MT124", "old-version-tested", .warning, "a test before the rollout asks the version that is running",
    why: """
      When `confirm-rollout` and `pre-rollout` webhooks are called, no request goes to the canary yet: the \
      service `NAME` leads to the primary's pods, as `NAME-primary` does. A test of these says how the old \
      version is. The new one answers at `NAME-canary`.
      """,
    fires: [
      .manifests(tested("curl -sf http://podinfo.test:9898/healthz")),
      .manifests(tested("curl -sf http://podinfo-primary.test:9898/ | grep ok")),
    ],
    quiet: [
      .manifests(tested("curl -sf http://podinfo-canary.test:9898/healthz")),
      .manifests(tested("curl -sf http://podinfo.test/a && curl -sf http://podinfo-canary.test/b")),
      .manifests(tested("curl -sf https://app.example.com/healthz")), .manifests(tested("./acceptance.sh")),
      .manifests(tested("curl -sf http://podinfo.test:9898/healthz", hook: "confirm-promotion")),
    ],
    .canary { canary in
      canary.analysis.allWebhooks.compactMap { hook in
        let kind = hook.value.effectiveType
        guard kind == .preRollout || kind == .confirmRollout, let command = hook.value.command else {
          return nil
        }
        let hosts = hook.value.hosts
        let services = hosts.compactMap { canary.serviceName($0) }
        let old = [canary.canary.apexServiceName, canary.canary.primaryServiceName]
        guard let first = services.first, services.count == hosts.count, services.allSatisfy(old.contains)
        else {
          return nil
        }
        return canary.advice(
          "the \(kind.rawValue) hook \(hook.value.name.value) asks \(first), which is the running version",
          at: command.range, ".spec.analysis.webhooks"
        ).help("ask \(canary.canary.canaryServiceName)")
      }
    })

  static let hookAddress = Rule(
    "MT125", "hook-address", .error, "a webhook cannot be called",
    why: """
      An address without `http://` or `https://` is refused by Flagger's client before anything is sent. A \
      webhook that cannot be called counts as one that says no: the rollout never starts, or is rolled back.
      """,
    fires: [.manifests(addressed("flagger-loadtester.test/"))],
    quiet: [
      .manifests(addressed("http://flagger-loadtester.test/")), .manifests(addressed("${LOADTESTER}/")),
    ],
    .canary { canary in
      canary.analysis.allWebhooks.compactMap { hook in
        let address = hook.value.url.value
        let start = address.lowercased()
        guard !start.hasPrefix("http://"), !start.hasPrefix("https://"), !address.contains("$"),
          !address.contains("{")
        else { return nil }
        return canary.advice(
          "\(address) is no http or https address: the webhook \(hook.value.name.value) always fails",
          at: hook.value.url.range, ".spec.analysis.webhooks"
        ).help("write http://\(address)")
          .fix(
            "write http://\(address)",
            address.contains("://") ? nil : canary.edit(hook.value.url.range, "http://\(address)"))
      }
    })

  private static func provided(_ provider: String, _ analysis: String) -> String {
    BuiltInExample.canary(
      metric: BuiltInExample.successRate, analysis: "interval: 1m\n    threshold: 5\n    \(analysis)",
      spec: "provider: \(provider)")
  }

  private static func tested(_ command: String, hook: String = "pre-rollout") -> String {
    hooked(hook, "http://flagger-loadtester.test/", "\n      metadata: {type: bash, cmd: \"\(command)\"}")
  }

  private static func addressed(_ address: String) -> String {
    hooked("confirm-rollout", address, "")
  }

  private static func hooked(_ kind: String, _ address: String, _ lines: String) -> String {
    BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
      "    metrics:\n",
      with:
        "    webhooks:\n    - name: test\n      type: \(kind)\n      url: \"\(address)\"\(lines)\n"
        + "    metrics:\n"
    )
  }
}

extension Canary {
  fileprivate func has(_ reference: MeshProviderFacts.RequiredReference) -> Bool {
    switch reference {
    case .ingress: ingressRef != nil
    case .route: routeRef != nil
    case .upstream: upstreamRef != nil
    }
  }
}
