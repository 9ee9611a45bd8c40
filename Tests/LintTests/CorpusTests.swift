import Foundation
import Manifests
import PromQL
import Testing

@testable import Lint

/// Manifests with a known verdict.
struct CorpusTests {
  /// A metric, its threshold and its query: all of them do what they say.
  private static let sound: [(name: String, threshold: String, query: String)] = [
    ("not-found", "max: 5",
      #"100 - sum(rate(istio_requests_total{reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="{{ target }}", response_code!="404"}[{{ interval }}])) / sum(rate(istio_requests_total{reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="{{ target }}"}[{{ interval }}])) * 100"#),
    ("istio-latency", "max: 500",
      #"histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload=~"{{ target }}"}[{{ interval }}])) by (le))"#),
    ("nginx-success-rate", "min: 99",
      #"sum(rate(nginx_ingress_controller_requests{namespace="{{ namespace }}", ingress="{{ ingress }}", canary!="", status!~"5.*"}[{{ interval }}])) / sum(rate(nginx_ingress_controller_requests{namespace="{{ namespace }}", ingress="{{ ingress }}", canary!=""}[{{ interval }}])) * 100"#),
    ("linkerd-success-rate", "min: 99",
      #"sum(rate(response_total{namespace="{{ namespace }}", deployment="{{ target }}", classification!="failure", direction="inbound"}[{{ interval }}])) / sum(rate(response_total{namespace="{{ namespace }}", deployment="{{ target }}", direction="inbound"}[{{ interval }}])) * 100"#),
    ("traefik-success-rate", "min: 99",
      #"sum(rate(traefik_service_requests_total{service=~"{{ namespace }}-{{ service }}-canary-[0-9a-zA-Z-]+@kubernetescrd", code!~"5.."}[{{ interval }}])) / sum(rate(traefik_service_requests_total{service=~"{{ namespace }}-{{ service }}-canary-[0-9a-zA-Z-]+@kubernetescrd"}[{{ interval }}])) * 100"#),
    ("latency", "max: 0.5",
      #"histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{kubernetes_namespace="{{ namespace }}", kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{ interval }}])) by (le))"#),
    ("envoy-success-rate", "min: 99",
      #"sum(rate(envoy_cluster_upstream_rq{kubernetes_namespace="{{ namespace }}", kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", envoy_response_code!~"5.*"}[{{ interval }}])) / sum(rate(envoy_cluster_upstream_rq{kubernetes_namespace="{{ namespace }}", kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{ interval }}])) * 100"#),
    ("error-rate", "max: 0.01",
      #"(sum(rate(http_requests_total{namespace="{{ namespace }}", app="{{ target }}", code=~"5.."}[{{ interval }}])) or vector(0)) / sum(rate(http_requests_total{namespace="{{ namespace }}", app="{{ target }}"}[{{ interval }}]))"#),
    ("cpu", "max: 2",
      #"sum(rate(container_cpu_usage_seconds_total{namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", container!=""}[{{ interval }}]))"#),
    ("memory", "max: 500000000",
      #"max(container_memory_working_set_bytes{namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", container!=""})"#),
    ("restarts", "max: 0",
      #"sum(increase(kube_pod_container_status_restarts_total{namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{ interval }}]))"#),
    ("throughput", "min: 1", #"sum(rate(http_requests_total{namespace="{{ namespace }}", app="{{ target }}"}[{{ interval }}]))"#),
    ("mean-latency", "max: 0.5",
      #"sum(rate(http_request_duration_seconds_sum{namespace="{{ namespace }}", app="{{ target }}"}[{{ interval }}])) / sum(rate(http_request_duration_seconds_count{namespace="{{ namespace }}", app="{{ target }}"}[{{ interval }}]))"#),
    ("queue", "max: 100", #"max(rabbitmq_queue_messages_ready{namespace="{{ namespace }}", queue="orders"})"#),
    ("lag", "max: 1000", #"sum(kafka_consumergroup_lag{consumergroup="{{ target }}"})"#),
    ("against-primary", "max: 1.2",
      #"histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket{namespace="{{ namespace }}", app="{{ target }}"}[{{ interval }}]))) / histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket{namespace="{{ namespace }}", app="{{ target }}-primary"}[{{ interval }}])))"#),
    ("fast-share", "min: 0.95",
      #"sum(rate(http_request_duration_seconds_bucket{namespace="{{ namespace }}", app="{{ target }}", le="0.5"}[{{ interval }}])) / sum(rate(http_request_duration_seconds_count{namespace="{{ namespace }}", app="{{ target }}"}[{{ interval }}]))"#),
    ("apdex", "min: 0.9",
      #"(sum(rate(http_request_duration_seconds_bucket{namespace="{{ namespace }}", app="{{ target }}", le="0.3"}[{{ interval }}])) + sum(rate(http_request_duration_seconds_bucket{namespace="{{ namespace }}", app="{{ target }}", le="1.2"}[{{ interval }}]))) / 2 / sum(rate(http_request_duration_seconds_count{namespace="{{ namespace }}", app="{{ target }}"}[{{ interval }}]))"#),
    ("saturation", "max: 90",
      #"100 * max(sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}[{{ interval }}])) / sum by (pod) (kube_pod_container_resource_limits{resource="cpu", namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"}))"#),
    ("up", "min: 1", #"min(up{namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"})"#),
  ]

  /// Alerts and recording rules as people write them.
  private static let soundRules = [
    "up == 0",
    #"(node_filesystem_avail_bytes{fstype!=""} / node_filesystem_size_bytes{fstype!=""} * 100 < 40 and predict_linear(node_filesystem_avail_bytes{fstype!=""}[6h], 24*60*60) < 0)"#,
    "rate(node_network_receive_errs_total[2m]) / rate(node_network_receive_packets_total[2m]) > 0.01",
    #"max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m]) >= 1"#,
    #"absent(up{job="kubelet"} == 1)"#,
    #"histogram_quantile(0.99, sum by (le, verb) (rate(apiserver_request_duration_seconds_bucket{job="apiserver"}[5m]))) > 4"#,
    "changes(process_start_time_seconds[15m]) > 2",
    "time() - process_start_time_seconds < 300",
    "prometheus_tsdb_head_series > 2 * avg_over_time(prometheus_tsdb_head_series[1d] offset 1d)",
    #"1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9"#,
    "vector(1)",
    #"sum(increase(http_requests_total{code=~"5.."}[1h])) by (service) / sum(increase(http_requests_total[1h])) by (service) > (14.4 * 0.001)"#,
    "mysql_global_status_threads_connected / on (instance) mysql_global_variables_max_connections > 0.8",
    "probe_ssl_earliest_cert_expiry - time() < 86400 * 30",
    "max_over_time(rate(x_total[1m])[1h:1m]) > 5",
  ]

  @Test func `sound metric templates have no findings`() {
    let templates = Self.sound.map { metric in
      """
      apiVersion: flagger.app/v1beta1
      kind: MetricTemplate
      metadata: {name: \(metric.name), namespace: test}
      spec:
        provider: {type: prometheus, address: "http://prometheus:9090"}
        query: |
          \(metric.query)
      ---

      """
    }
    let metrics = Self.sound.map { metric in
      """
            - name: \(metric.name)
              templateRef: {name: \(metric.name)}
              thresholdRange: {\(metric.threshold)}
              interval: 1m

      """
    }
    let found = Linting.result(templates.joined() + Self.canary(metrics.joined())).findings
    #expect(found.isEmpty, "\(Linting.summary(found))")
  }

  @Test func `sound rules have no findings`() {
    let rules = Self.soundRules.map { "    - alert: A\n      expr: '\($0)'\n" }.joined()
    let reading = ManifestReading(reading: "groups:\n- name: sound\n  rules:\n" + rules)
    #expect(reading.foreignQueries.count == Self.soundRules.count)
    let found = Linter().lint(reading).findings
    #expect(found.isEmpty, "\(Linting.summary(found))")
  }

  @Test(arguments: MeshProvider.allCases)
  func `the queries that Flagger brings along have no errors`(provider: MeshProvider) {
    let manifest = Self.canary(
      """
            - name: request-success-rate
              thresholdRange: {min: 99}
              interval: 1m
            - name: request-duration
              thresholdRange: {max: 500}
              interval: 1m

      """, provider: provider.rawValue)
    // A query's fault would not be the canary's; whether the canary fits its provider is another matter.
    let found = Linting.result(manifest).findings.filter { $0.severity == .error && $0.query != nil }
    #expect(found.isEmpty, "\(provider): \(Linting.summary(found))")
  }

  @Test func `the three broken templates are found with evidence`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples/broken")
    let reading = ManifestReading(paths: [folder.path])
    #expect(!reading.hasErrors && reading.set.templates.count == 3)
    let found = Linter().lint(reading).findings
    func finding(_ code: String, _ template: String) throws -> Finding {
      try #require(
        found.first { $0.code == code && $0.subject.contains("/\(template),") }, "\(Linting.summary(found))")
    }
    let ratio = try finding("MT007", "error-rate")
    #expect(ratio.evidence == "with 45 bad and 5 good requests a second this yields 0, not 90")
    _ = try finding("MT005", "error-rate")
    let direction = try finding("MT049", "grpc-error-rate")
    #expect(direction.evidence?.contains("all fail         0") == true)
    #expect(direction.related.first?.place.source.name.hasSuffix("canary.yaml") == true)
    let quantile = try finding("MT022", "latency")
    #expect(quantile.message.contains("NaN"))
    #expect([ratio, direction, quantile].allSatisfy { $0.severity == .error })
  }

  @Test func `rules and analysis templates are linted where they stand`() throws {
    let text = """
      groups:
      - name: web
        rules:
        - record: r
          expr: |
            rate(a_ratio{x="1", x="2"}[5m])
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata: {name: p}
      spec:
        groups:
        - name: g
          rules:
          - alert: Broken
            expr: sum(rate(a_total[5m])
      ---
      apiVersion: argoproj.io/v1alpha1
      kind: AnalysisTemplate
      metadata: {name: success}
      spec:
        args:
        - name: service
        - name: window
          value: 5m
        metrics:
        - name: rate
          provider:
            prometheus:
              query: sum(rate(a_total{service="{{args.service}}", service="b"}[{{ args.window }}]))
      """
    let reading = ManifestReading(reading: text, name: "rules.yaml")
    #expect(reading.findings.isEmpty)
    let found = Linter().lint(reading).findings.filter { $0.severity == .error }
    let lines = found.map { PlaceText($0.place).start.line }
    #expect(found.map(\.code) == ["MT031", "MT002", "MT031"], "\(Linting.summary(found))")
    #expect(lines == [6, 16, 30])
    #expect(found.last?.subject == "AnalysisTemplate success, metric rate")
    #expect(found.last?.query?.text == #"sum(rate(a_total{service="service", service="b"}[5m]))"#)
  }

  private static func canary(_ metrics: String, provider: String = "nginx") -> String {
    """
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata: {name: podinfo, namespace: test}
    spec:
      provider: \(provider)
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
      ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
      service: {port: 9898}
      analysis:
        interval: 1m
        threshold: 5
        maxWeight: 50
        stepWeight: 10
        metrics:

    """ + metrics
  }
}
