import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let selectorProbe = Rule(
    "MT008", "selects-other-pods", .error, "a selector does not catch the canary, or catches the primary",
    why: """
      Flagger calls the primary `NAME-primary` and leaves the canary its name. `pod=~"NAME-.*"` takes both: \
      nine of ten requests are the primary's, and hide what the canary does. The documented pattern \
      `NAME-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)` takes the canary of a Deployment; of a DaemonSet it takes the \
      primary only, because its pods have one part less; with a name of 39 to 46 characters both, because a \
      cluster cuts the names of pods, and from 50 on none. The names that a cluster would give are made, and \
      the selector is asked. It is an error for labels that discovery or a mesh sets (`pod`, `deployment`, \
      `destination_workload`). `service`, `job` or `app` are just as often the application's own, and alike \
      on both: a warning without a recording, which decides. Istio's `destination_service` and \
      `destination_service_name` name the service whose pods answer: of the canary's that is `NAME-canary`, \
      never `NAME`, by which callers ask. Contour, Kuma, Gloo and Traefik put the service's name into longer \
      ones, `test_podinfo-canary_9898`: `test_podinfo_.+` finds nothing of the canary.
      """,
    fires: [
      .query("sum(rate(r_total{namespace=\"test\",pod=~\"{{ target }}-.*\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",pod=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(r_total{namespace=\"test\",pod=~\"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\"}[1m]))",
        kind: "DaemonSet"),
      .query(
        "sum(rate(istio_requests_total{reporter=\"source\",destination_service_namespace=\"test\","
          + "destination_service_name=\"{{ service }}\"}[1m]))"),
      .query(
        "sum(rate(istio_requests_total{reporter=\"source\","
          + "destination_service=~\"podinfo.test.svc.cluster.local\"}[1m]))"),
      .query(
        "sum(rate(envoy_cluster_upstream_rq{"
          + "envoy_cluster_name=~\"{{ namespace }}_{{ target }}_[0-9]+\"}[1m]))"),
      .query(
        "sum(rate(traefik_service_requests_total{"
          + "service=~\"{{ namespace }}-{{ target }}-.+@kubernetescrd\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",service=\"{{ service }}\"}[1m]))"),
    ],
    quiet: [
      .query("sum(rate(r_total{namespace=\"test\",pod=~\"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",job=\"{{ target }}-canary\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",app=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(istio_requests_total{reporter=\"source\","
          + "destination_service=~\"podinfo-canary.test.svc.+\"}[1m]))"),
      .query(
        "sum(rate(envoy_cluster_upstream_rq{"
          + "envoy_cluster_name=~\"{{ namespace }}_{{ target }}-canary_[0-9]+\"}[1m]))"),
      .query(
        "sum(rate(r_total{namespace=\"test\",pod=~\"{{ target }}-primary-.*\"}[1m])) / "
          + "sum(rate(r_total{namespace=\"test\",deployment=\"{{ target }}\"}[1m]))"
      ),
      .query("sum(rate(r_total{pod=~\"other-.*\",namespace=\"test\"}[1m]))"),
    ],
    .query { query in
      guard query.site.isMetric, let canary = query.site.canary, !canary.targetsKnative,
        canary.targetRef.value.kind.value != .service
      else { return [] }
      let domain = Identity.domain(in: query.selectors.flatMap(\.matchers))
      let probes = query.selectors.compactMap { selector in
        let cluster = ClusterName(of: selector, canary)
        let identities = Identity.all(of: canary, domain: domain ?? "cluster.local", cluster: cluster)
        return SelectorProbe(
          of: cluster?.renamed(selector) ?? selector.matchers, identities: identities
        ).map { (selector, $0) }
      }
      // A comparison with the primary is meant so when the canary is selected too, or ought to be.
      let seesCanary = probes.contains { $0.1.takes(.canary) && !$0.1.takes(.primary) }
      let meansCanary = probes.contains { selector, probe in
        probe.takes(.canary) || (!probe.takes(.primary) && Self.isAboutTarget(selector, probe, canary))
      }
      return probes.compactMap { selector, probe in
        guard
          let verdict = Self.verdict(
            selector, probe, canary, seesCanary: seesCanary, meansCanary: meansCanary),
          probe.isCertain || query.data.map({ Self.tellsApart($0, selector, probe) }) ?? true
        else { return nil }
        let isKnown = probe.isCertain || query.data?.isExposition == false
        let written = query.written(selector).first { probe.labels.contains($0.matcher.name) }
        // A label of the application's own would be alike on both.
        let doubt = "if \(probe.labels[0]) is a name that the cluster gives, "
        return query.advice((isKnown ? "" : doubt) + verdict.message, at: written?.range ?? selector.site)
          .with(severity: isKnown ? .error : .warning)
          .related(
            query.site.canaryPlace(canary.targetRef.range),
            "\(canary.targetRef.value.kind.value.rawValue) \(canary.targetName)"
          )
          .shown(probe.table)
          .help(
            isKnown
              ? verdict.help
              : verdict.help
                + "; if \(probe.labels[0]) is the application's own label, select its pods by pod")
      }
    })

  /// Whether the label has the names of Kubernetes' objects in a recording: then it is no label of the
  /// application's own.
  private static func tellsApart(_ data: LintData, _ selector: SelectorPart, _ probe: SelectorProbe) -> Bool {
    if data.isExposition { return true }
    let metric = selector.matchers.filter { $0.name == LabelFacts.metricName }
    let names = probe.rows.map(\.identity.name).filter { $0.hasSuffix("-primary") || $0.hasSuffix("-canary") }
    return probe.labels.contains { label in
      data.values(of: label, in: metric).contains(where: names.contains)
    }
  }

  /// Whether its names begin like the target's, and not like its primary's.
  private static func isAboutTarget(_ selector: SelectorPart, _ probe: SelectorProbe, _ canary: Canary)
    -> Bool
  {
    // Names of other shapes (of a mesh, of another application) are none of ours.
    let own = [canary.targetName, canary.serviceName]
    return selector.matchers.contains { matcher in
      switch Identity.Kind(label: matcher.name) {
      case .pod, .workload:
        own.contains { matcher.value.hasPrefix($0) }
          && !matcher.value.hasPrefix("\(canary.targetName)-primary")
      case .service, .host, .cluster, .application, nil: false
      }
    }
  }

  private static func verdict(
    _ selector: SelectorPart, _ probe: SelectorProbe, _ canary: Canary, seesCanary: Bool,
    meansCanary: Bool
  ) -> (message: String, help: String)? {
    let isPod = probe.kinds.contains(.pod)
    let help =
      isPod
      ? canary.targetRef.value.kind.value == .daemonSet
        ? "match one part behind the name: {{ target }}-[0-9a-z]{5}"
        : "match two parts behind the name: {{ target }}-[0-9a-z]{1,10}-[0-9a-z]{5}"
      : !probe.kinds.isDisjoint(with: [.service, .host, .cluster])
        ? "the canary's service is \(canary.canaryServiceName)"
        : "the canary keeps the name \(canary.targetName)"
    switch (probe.takes(.canary), probe.takes(.primary)) {
    case (true, false): return nil
    case (true, true): return ("the selector takes the primary too", help)
    case (false, true):
      return meansCanary ? nil : ("the selector takes the primary, not the canary", help)
    case (false, false):
      return isAboutTarget(selector, probe, canary) && !seesCanary
        ? ("the selector takes neither the canary nor the primary: it finds nothing, ever", help) : nil
    }
  }
}
