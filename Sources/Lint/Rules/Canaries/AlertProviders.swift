import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let alertProvider = Rule(
    "MT106", "alert-provider", .warning, "an alert goes to a provider that is not there",
    why: """
      An alert names an AlertProvider, in the canary's namespace unless `providerRef.namespace` says another \
      one. When there is none, Flagger writes a line into its log and sends nothing: of a rollback nobody \
      hears.
      """,
    fires: [
      .manifests(canary("{name: slack}")), .manifests(canary("{name: slack}") + provider("slack", "flagger")),
      .manifests(canary("{name: slak, namespace: flagger}") + provider("slack", "flagger")),
    ],
    quiet: [
      .manifests(canary("{name: slack}") + provider("slack", "test")),
      .manifests(canary("{name: slack, namespace: flagger}") + provider("slack", "flagger")),
    ],
    .canary { canary in
      let providers = canary.manifests.alertProviders
      return canary.analysis.allAlerts.compactMap { alert -> Advice? in
        let reference = alert.value.providerRef.value
        let name = reference.name.value
        let namespace = reference.namespace(from: canary.canary.namespace)
        guard (try? canary.manifests.alertProvider(reference, of: canary.canary)) == nil else { return nil }
        let elsewhere = providers.last { $0.metadata.name.value == name }
        // One without a namespace lands where it is applied to.
        if let elsewhere, elsewhere.metadata.namespace == nil || canary.canary.metadata.namespace == nil,
          reference.namespace == nil
        {
          return nil
        }
        let advice = canary.advice(
          "there is no AlertProvider \(namespace)/\(name) among the manifests: without it the alert "
            + "\(alert.value.name.value) is never sent",
          at: reference.name.range ?? alert.value.providerRef.range, ".spec.analysis.alerts")
        if let elsewhere {
          let other = elsewhere.metadata.effectiveNamespace
          return advice.related(
            elsewhere.origin.map { Place($0.source, elsewhere.metadata.name.range) },
            "it is in namespace \(other)"
          ).help("write namespace: \(other) into providerRef")
        }
        let here = providers.filter { $0.metadata.effectiveNamespace == namespace }.map(\.metadata.name.value)
        guard let nearest = Spelling.nearest(to: name, among: here) else {
          return advice.help(
            providers.isEmpty
              ? "give its file too"
              : "known: "
                + providers.map { "\($0.metadata.effectiveNamespace)/\($0.metadata.name.value)" }.sorted()
                .prefix(10).joined(separator: ", "))
        }
        return advice.help("write \(nearest)").fix(
          "write \(nearest)", canary.edit(reference.name.range, nearest))
      }
    })

  private static func canary(_ reference: String) -> String {
    BuiltInExample.canary(metric: BuiltInExample.successRate).replacing(
      "    metrics:\n",
      with:
        "    alerts:\n    - name: on-call\n      severity: error\n      providerRef: \(reference)\n"
        + "    metrics:\n"
    )
  }

  private static func provider(_ name: String, _ namespace: String) -> String {
    """
    ---
    apiVersion: flagger.app/v1beta1
    kind: AlertProvider
    metadata: {name: \(name), namespace: \(namespace)}
    spec: {type: slack, channel: general, address: "https://hooks.slack.com/services/1"}

    """
  }
}
