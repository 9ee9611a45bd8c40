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
      the selector is asked.
      """,
    fires: [
      .query("sum(rate(r_total{namespace=\"test\",pod=~\"{{ target }}-.*\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",pod=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(r_total{namespace=\"test\",pod=~\"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\"}[1m]))",
        kind: "DaemonSet"),
      .query("sum(rate(r_total{namespace=\"test\",service=\"{{ service }}\"}[1m]))"),
    ],
    quiet: [
      .query("sum(rate(r_total{namespace=\"test\",pod=~\"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",job=\"{{ target }}-canary\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",app=\"{{ target }}\"}[1m]))"),
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
      let identities = Identity.all(of: canary)
      let probes = query.selectors.compactMap { selector in
        SelectorProbe(selector.matchers, identities: identities).map { (selector, $0) }
      }
      // A comparison with the primary is meant so when the canary is selected too.
      let seesCanary = probes.contains { $0.1.takes(.canary) && !$0.1.takes(.primary) }
      return probes.compactMap { selector, probe in
        guard let verdict = Self.verdict(selector, probe, canary, seesCanary: seesCanary) else { return nil }
        let written = query.written(selector).first { probe.labels.contains($0.matcher.name) }
        return query.advice(verdict.message, at: written?.range ?? selector.site).with(
          severity: verdict.severity
        )
        .related(
          query.site.canaryPlace(canary.targetRef.range),
          "\(canary.targetRef.value.kind.value.rawValue) \(canary.targetName)"
        )
        .shown(probe.table).help(verdict.help)
      }
    })

  private static func verdict(
    _ selector: SelectorPart, _ probe: SelectorProbe, _ canary: Canary, seesCanary: Bool
  ) -> (message: String, severity: Diagnostic.Severity, help: String)? {
    let isPod = probe.kinds.contains(.pod)
    let help =
      isPod
      ? canary.targetRef.value.kind.value == .daemonSet
        ? "match one part behind the name: {{ target }}-[0-9a-z]{5}"
        : "match two parts behind the name: {{ target }}-[0-9a-z]{1,10}-[0-9a-z]{5}"
      : probe.kinds.contains(.service)
        ? "the canary's service is \(canary.canaryServiceName)"
        : "the canary keeps the name \(canary.targetName)"
    switch (probe.takes(.canary), probe.takes(.primary)) {
    case (true, false): return nil
    case (true, true): return ("the selector takes the primary too", .error, help)
    case (false, true):
      guard !seesCanary else { return nil }
      let isJob = probe.labels == ["job"]
      return ("the selector takes the primary, not the canary", isJob ? .warning : .error, help)
    case (false, false):
      // Names of other shapes (of a mesh, of another application) are none of ours.
      let own = [canary.targetName, canary.serviceName]
      let isAboutTarget = selector.matchers.contains { matcher in
        switch Identity.Kind(label: matcher.name) {
        case .pod, .workload:
          own.contains { matcher.value.hasPrefix($0) }
            && !matcher.value.hasPrefix("\(canary.targetName)-primary")
        case .service, .application, nil: false
        }
      }
      return isAboutTarget && !seesCanary
        ? ("the selector takes neither the canary nor the primary: it finds nothing, ever", .error, help)
        : nil
    }
  }
}
