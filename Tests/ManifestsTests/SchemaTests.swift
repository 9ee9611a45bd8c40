import Manifests
import PromQL
import Testing

private let service = "  service:\n    port: 80\n"

@Test func `everything below the service is checked`() {
  let cases: [(String, [String])] = [
    ("    trafficDistribution: PreferSameNode\n    headless: true\n    delegation: false\n", []),
    (
      "    trafficDistribution: preferclose\n",
      [
        "manifest-value spec.service.trafficDistribution must be one of PreferClose, PreferSameZone, PreferSameNode"
      ]
    ),
    ("    targetPort: 80.5\n", ["manifest-value spec.service.targetPort must be a whole number"]),
    ("    gatewayRefs: [{name: gw, namespace: infra, port: 443}]\n", []),
    (
      "    gatewayRefs: [{namespace: infra}]\n",
      ["manifest-missing-key spec.service.gatewayRefs[0] needs the key name"]
    ),
    (
      "    gatewayRefs: [{name: gw, port: 0}]\n",
      ["manifest-value spec.service.gatewayRefs[0].port must be at least 1"]
    ),
    (
      "    gatewayRefs: [{name: gw, port: 65536}]\n",
      ["manifest-value spec.service.gatewayRefs[0].port must be at most 65535"]
    ),
    (
      "    gatewayRefs: [{name: gw, namespace: In_fra}]\n",
      ["manifest-value spec.service.gatewayRefs[0].namespace must be small letters"]
    ),
    (
      "    gatewayRefs: [{name: \"\"}]\n",
      ["manifest-value spec.service.gatewayRefs[0].name must not be empty"]
    ),
    (
      "    gatewayRefs: [" + Array(repeating: "{name: a}", count: 33).joined(separator: ", ") + "]\n",
      ["manifest-value spec.service.gatewayRefs has 33 items: at most 32 may be"]
    ),
    ("    retries: {attempts: 3, perTryTimeout: 1s, retryOn: 5xx}\n", []),
    (
      "    retries: {attempts: 2.5}\n",
      ["manifest-value spec.service.retries.attempts must be a whole number of 32 bits"]
    ),
    ("    match: [{uri: {prefix: /}, headers: {a: {exact: b}}, queryParams: {q: {}}}]\n", []),
    (
      "    match: [{uri: {prefix: /, regex: a}}]\n",
      ["manifest-exclusive-keys spec.service.match[0].uri has prefix and regex"]
    ),
    (
      "    match: [{method: {suffix: T}}]\n",
      ["manifest-unknown-key spec.service.match[0].method.suffix is no key"]
    ),
    (
      "    headers: {request: {add: {a: 5}, remove: [b]}}\n",
      ["manifest-type spec.service.headers.request.add.a must be a text"]
    ),
    (
      "    corsPolicy: {allowOrigin: \"*\"}\n",
      ["manifest-type spec.service.corsPolicy.allowOrigin must be a list, not a text"]
    ),
    (
      "    corsPolicy: {allowOrigins: [{}]}\n",
      [
        "manifest-missing-key spec.service.corsPolicy.allowOrigins[0] needs one of the keys exact, prefix, regex"
      ]
    ),
    ("    mirror: [{backendRef: {name: shadow, port: 80}}]\n", []),
    ("    mirror: [{backendRef: {name: shadow, group: x.io, kind: Other}}]\n", []),
    (
      "    mirror: [{backendRef: {name: shadow}}]\n",
      ["manifest-missing-key spec.service.mirror[0].backendRef needs the key port"]
    ),
    ("    trafficPolicy: {loadBalancer: {simple: RANDOM}, tls: {mode: DISABLE}}\n", []),
    ("    trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}\n", []),
    // What the CRD's two alternatives come to.
    ("    trafficPolicy: {loadBalancer: {simple: RANDOM, consistentHash: {}}}\n", []),
    (
      "    trafficPolicy: {loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}}}\n",
      ["manifest-exclusive-keys spec.service.trafficPolicy.loadBalancer has simple and consistentHash"]
    ),
    (
      "    trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: a, useSourceIp: true}}}\n",
      [
        "manifest-exclusive-keys spec.service.trafficPolicy.loadBalancer.consistentHash has httpHeaderName and useSourceIp"
      ]
    ),
    (
      "    trafficPolicy: {loadBalancer: {}}\n",
      [
        "manifest-missing-key spec.service.trafficPolicy.loadBalancer needs one of the keys simple, consistentHash"
      ]
    ),
    (
      "    trafficPolicy: {tls: {mode: NONE}}\n",
      ["manifest-value spec.service.trafficPolicy.tls.mode must be one of DISABLE"]
    ),
    ("    apex: {labels: {a: b}}\n    unmanagedMetadata: {labels: [a]}\n", []),
    (
      "    canary: {annotations: {a: true}}\n",
      ["manifest-type spec.service.canary.annotations.a must be a text"]
    ),
    ("    hosts: [a, ~]\n", ["manifest-type spec.service.hosts[1] has no value: a cluster refuses it"]),
  ]
  for (lines, expected) in cases {
    let answers = findings(canaryText(spec: service + lines))
      .map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
    #expect(answers.count == expected.count, "\(lines)\n\(answers)")
    for (answer, beginning) in zip(answers, expected) { #expect(answer.hasPrefix(beginning), "\(lines)") }
  }
}

@Test func `a status is dropped before it is looked at, but for keys that nobody knows`() {
  let known = "status: {phase: Sleeping, failedChecks: x, conditions: [{}]}\n"
  #expect(findings(canaryText() + known) == [])
  let unknown = findings(canaryText() + "status: {fase: Failed, conditions: [{typ: a}], phase: {a: b}}\n")
  #expect(
    unknown.map { $0.split(separator: " ")[2] } == [
      "status.fase", "status.conditions[0].typ", "status.phase.a",
    ])
  let template = "apiVersion: flagger.app/v1beta1\nkind: AlertProvider\nmetadata: {name: a}\nstatus: {}\n"
  #expect(
    findings(template + "spec: {type: slack, address: x}\n").map { $0.split(separator: " ")[2] } == ["status"]
  )
}

@Test func `a key without a value is no key`() throws {
  let analysis = """
        interval: 1m
        threshold: 5
        stepWeight: 5
        iterations:
        metrics: ~
        webhooks:
        - {name: a, url: b, type: , timeout: null, metadata: {a: , b: c}}
    """
  let reading = ManifestReading(reading: canaryText(spec: "  suspend:\n", analysis: analysis))
  #expect(!reading.hasErrors)
  #expect(
    described(reading.findings).map { $0.split(separator: " ").prefix(6).joined(separator: " ") } == [
      "8:3 manifest-empty-value spec.suspend has no value:",
      "17:5 manifest-empty-value spec.analysis.iterations has no value:",
      "18:5 manifest-empty-value spec.analysis.metrics has no value:",
      "20:25 manifest-empty-value spec.analysis.webhooks[0].type has no value:",
      "20:33 manifest-empty-value spec.analysis.webhooks[0].timeout has no value:",
      "20:59 manifest-empty-value spec.analysis.webhooks[0].metadata.a has no value:",
    ])
  let canary = try reading.set.canary()
  #expect(canary.suspend == nil && canary.analysis.value.metrics == nil)
  #expect(canary.analysis.value.emptyMetrics != nil && canary.analysis.value.iterations == nil)
  let hook = canary.analysis.value.allWebhooks[0].value
  #expect(hook.type == nil && hook.timeout == nil && hook.metadata?.value.map(\.key.value) == ["b"])
  // What is needed is missing then, and a default takes its place where there is one.
  let cases: [(String, [String])] = [
    (canaryText(spec: "  service: {port: }\n"), ["manifest-empty-value", "manifest-missing-key"]),
    (
      canaryText(analysis: "    interval: 1m\n    threshold:\n    stepWeight: 1\n"),
      ["manifest-empty-value", "manifest-missing-key"]
    ),
    (
      canaryText(spec: service + "    mirror: [{backendRef: {name: a, kind: , port: 8}}]\n"),
      ["manifest-empty-value"]
    ),
    (
      canaryText(spec: service + "    mirror: [{backendRef: {name: a, kind: }}]\n"),
      ["manifest-empty-value", "manifest-missing-key"]
    ),
  ]
  for (text, codes) in cases {
    #expect(ManifestReading(reading: text).findings.map(\.diagnostic.code) == codes, "\(findings(text))")
  }
}

@Test func `a key that a cluster prunes is an error where a rollout goes another way without it`() {
  let base = "    interval: 1m\n    threshold: 5\n    stepWeight: 5\n"
  func metric(_ lines: String) -> String { base + "    metrics:\n    - name: request-success-rate\n" + lines }
  let cases: [(String, String?)] = [
    // The nearest spelling, absent at home.
    (base + "    maxWieght: 50\n", "spec.analysis.maxWeight is 100"),
    (base + "    maxWieght: 100\n", nil),
    (base + "    stepWeightPromotoin: 50\n", "spec.analysis.stepWeightPromotion is not set"),
    (base + "    stepWeightPromotoin: 0\n", nil),
    (base + "    mirorr: true\n", "spec.analysis.mirror is not set"),
    (base + "    mirorr: false\n", nil),
    (base + "    mirorr: ~\n", nil),
    (metric("      thresholdrange: {min: 99}\n"), "spec.analysis.metrics[0].thresholdRange is not set"),
    (
      metric("      thresholdRange: {mni: 99, max: 100}\n"),
      "spec.analysis.metrics[0].thresholdRange.min is not set"
    ),
    (
      metric("      templateRef: {name: a, namesapce: b}\n"),
      "spec.analysis.metrics[0].templateRef.namespace is not set"
    ),
    (
      base + "    webhooks: [{name: a, url: b, tpye: pre-rollout}]\n",
      "spec.analysis.webhooks[0].type is rollout"
    ),
    (base + "    webhooks: [{name: a, url: b, tpye: rollout}]\n", nil),
    (base + "    webhooks: [{name: a, url: b, timout: 30s}]\n", "spec.analysis.webhooks[0].timeout is 10s"),
    (
      base + "    alerts: [{name: a, severtiy: error, providerRef: {name: b}}]\n",
      "spec.analysis.alerts[0].severity is not set"
    ),
    // Another value stands there.
    (base + "    stepWieght: 10\n", "spec.analysis.stepWeight stays 5"),
    (base + "    stepWieght: 5\n", nil),
    // Indented too far, or not far enough.
    (metric("      thresholdRange: {min: 99, query: up}\n"), "spec.analysis.metrics[0].query is not set"),
    (metric("      min: 99\n"), "spec.analysis.metrics[0].thresholdRange.min is not set"),
    (base + "    webhooks: [{name: a, url: b, iterations: 3}]\n", "spec.analysis.iterations is not set"),
    // Nothing that it could have been meant for.
    (base + "    owner: me\n", nil),
    (base + "    description: {en: text}\n", nil),
    (metric("      thresholdRange: {min: 99, metrics: 3}\n"), nil),
    // A built-in query reads the interval.
    (
      metric("      thresholdRange: {min: 99, interval: 30s}\n"),
      "spec.analysis.metrics[0].interval is not set"
    ),
    (metric("      thresholdRange: {min: 99, interval: 1m}\n"), nil),
    (metric("      intervall: 5m\n"), "spec.analysis.metrics[0].interval is not set"),
  ]
  for (analysis, loss) in cases {
    let reading = ManifestReading(reading: canaryText(analysis: analysis))
    let unknown = reading.findings.filter { $0.diagnostic.code == ManifestCode.unknownKey }
    #expect(unknown.count == 1, "\(analysis)\(described(reading.findings))")
    let message = unknown.first?.diagnostic.message ?? ""
    #expect(unknown.first?.diagnostic.severity == (loss == nil ? .warning : .error), "\(analysis)\(message)")
    if let loss { #expect(message.hasSuffix(", and then \(loss)"), "\(message)") }
    // The cluster has the resource all the same.
    #expect(reading.set.canaries.count == 1, "\(analysis)")
  }
  let namespaces: [(String, Bool)] = [("test", false), ("other", true)]
  for (namespace, isError) in namespaces {
    let text = canaryText().replacing(
      "    kind: Deployment\n", with: "    kind: Deployment\n    namespace: \(namespace)\n")
    #expect(ManifestReading(reading: text).hasErrors == isError, "\(findings(text))")
  }
}

@Test func `a lost interval matters where the template reads it`() {
  func manifests(_ query: String, _ lines: String) -> String {
    canaryText(
      analysis: "    interval: 1m\n    threshold: 5\n    stepWeight: 5\n    metrics:\n    - name: latency\n"
        + "      templateRef: {name: latency}\n" + lines)
        + """
        ---
        apiVersion: flagger.app/v1beta1
        kind: MetricTemplate
        metadata: {name: latency, namespace: test}
        spec:
          provider: {type: prometheus, address: "http://p:9090"}
          query: \(query)

        """
  }
  let misplaced = "      thresholdRange: {max: 1, interval: 1m}\n"
  let misspelt = "      interval: 1m\n      thresholdRange: {max: 1}\n      templateVariable: {a: b}\n"
  let cases: [(String, Bool)] = [
    (manifests("rate(x[1m])", misplaced), false),
    (manifests("rate(x[{{ interval }}])", misplaced), true),
    (manifests("rate(x[{{interval}}])", misplaced.replacing("interval: 1m", with: "interval: \"\"")), false),
    (manifests("rate(x[1m])", misspelt), false),
    (manifests("rate(x{a=\"{{ variables.a }}\"}[1m])", misspelt), true),
    (
      manifests("rate(x[{{ interval }}])", misplaced).replacing(
        "name: latency, namespace", with: "name: other, namespace"), false
    ),
  ]
  for (text, isError) in cases {
    let reading = ManifestReading(reading: text)
    #expect(reading.hasErrors == isError, "\(text)\n\(described(reading.findings))")
    // In two texts as in one, whatever their order.
    let parts = text.split(separator: "---\n").map(String.init)
    for order in [[0, 1], [1, 0]] {
      var both = ManifestReading()
      for part in order { both.add(ManifestReading(reading: parts[part], name: "\(part).yaml")) }
      #expect(both.hasErrors == isError, "\(text)")
    }
  }
}

@Test func `what is merged wins over what stands before it, as in a cluster`() {
  let cases: [(String, Int)] = [
    ("{<<: {threshold: 1}, threshold: 2}", 2), ("{threshold: 2, <<: {threshold: 1}}", 1),
    ("{<<: [{threshold: 1}, {threshold: 2}]}", 1), ("{<<: {threshold: 1}, <<: {threshold: 2}}", 2),
  ]
  for (written, expected) in cases {
    let analysis = written.dropLast() + ", interval: 1m, stepWeight: 5}"
    let text = canaryText().split(separator: "  analysis:\n")[0] + "  analysis: \(analysis)\n"
    #expect(
      ManifestReading(reading: String(text)).set.canaries.first?.analysis.value.threshold?.value == expected,
      "\(written): \(findings(String(text)))")
  }
}
