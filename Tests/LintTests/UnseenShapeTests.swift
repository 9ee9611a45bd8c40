import Lint
import PromQL
import Testing

/// Shapes that once passed unseen: each is a file, and a code with a part of its message that must come.
struct UnseenShapeTests {
  private static func canary(_ spec: String, name: String = "podinfo", group: String = "flagger.app")
    -> String
  {
    """
    apiVersion: \(group)/v1beta1
    kind: Canary
    metadata: {name: \(name), namespace: test}
    spec:
      provider: istio
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
      service: {port: 9898}
      analysis:
        interval: 1m
        threshold: 5
        iterations: 5
        metrics:
        - {name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}
    \(spec)
    """
  }

  private static func hook(_ lines: String) -> String {
    canary(
      "    webhooks:\n    - name: h\n      type: pre-rollout\n      url: http://loadtester.test/\n      \(lines)\n"
    )
  }

  private static func rules(_ rules: String) -> String { "groups:\n- name: g\n  rules:\n\(rules)\n" }

  private static let list = """
    apiVersion: v1
    kind: List
    items:
    - {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
    - apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata: {name: a, namespace: b}
      spec: {groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]}

    """

  private static let broken: [(String, String, String)] = [
    (list, "rule", "could not parse expression"),
    (
      list.replacing("v1\nkind: List", with: "monitoring.coreos.com/v1\nkind: PrometheusRuleList"), "rule",
      "parse"
    ),
    (canary("", name: "Podinfo"), "manifest-value", "lower-case"),
    (canary("", group: "flaggerr.app"), "manifest-kind", "not served"),
    (canary("", group: "flagger"), "manifest-kind", "not served"),
    (canary("    match:\n    - uri: {prefix: /beta}\n"), "manifest-unknown-key", "nothing is left of"),
    (hook("cmd: hey http://x/"), "manifest-unknown-key", "is not sent"),
    (hook("metadata: {cmd: 'curl -sf http://podinfo-canary.test/'}"), "MT064", "only starts its command"),
    (
      hook("metadata: {type: bash, cmd: \"sh -c 'hey http://podinfo-canary.test/'\"}"), "MT107", "cannot fail"
    ),
    (
      hook("metadata: {type: bash, cmd: 'curl -sf http://podinfo-canary.test/ &'}"), "MT107", "background"
    ),
    (
      rules(
        "  - {record: 'x:z:sum', expr: 'sum(z{a=\"1\"})'}\n  - {record: 'x:z:sum', expr: 'sum(z{a=\"2\"})'}"),
      "MT079", ""
    ),
    (rules("  - {alert: A, expr: 'rate(cpu_usage_ratio[5m]) > 1'}"), "MT025", "no counter"),
    (rules("  - {alert: A, expr: 'x{code=~\"5\"} > 1'}"), "MT030", "anchored"),
    (
      rules("  - {alert: A, expr: 'sum(rate(x_total{code=~\"2..\"}[5m])) / sum(rate(x_total[5m])) < 95'}"),
      "MT070", "holds for every value"
    ),
  ]

  @Test(arguments: broken.indices) func `what is broken is told`(number: Int) {
    let (text, code, message) = Self.broken[number]
    let findings = Linting.result(text).findings
    #expect(
      findings.contains { $0.code == code && $0.severity != .info && $0.message.contains(message) },
      "\(text): \(Linting.summary(findings))")
  }

  private static let sound: [(String, String)] = [
    (canary("", name: "${APP}"), "manifest-value"), (canary("", group: "example.com"), "manifest-kind"),
    (hook("metadata: {type: bash, cmd: 'set -e; curl -sf http://podinfo-canary.test/; echo ok'}"), "MT107"),
    (
      rules(
        "  - {record: 'x:z:sum', expr: 'sum by (a) (z{a=\"1\"})'}\n  - {record: 'x:z:sum', expr: 'sum by (a) (z{a=\"2\"})'}"
      ),
      "MT079"
    ),
    (rules("  - {alert: A, expr: 'x{code=~\"5..|4..\"} > 1'}"), "MT030"),
    (rules("  - {alert: A, expr: 'x{grpc_code=~\"4\"} > 1'}"), "MT030"),
  ]

  @Test(arguments: sound.indices) func `what is sound is left alone`(number: Int) {
    let (text, code) = Self.sound[number]
    let findings = Linting.result(text).findings
    #expect(!findings.contains { $0.code == code }, "\(text): \(Linting.summary(findings))")
  }
}
