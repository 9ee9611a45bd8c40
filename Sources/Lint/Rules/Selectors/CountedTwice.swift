import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let countedTwice = Rule(
    "MT109", "counted-twice", .warning, "a metric says the same several times, and all of it is added up",
    why: """
      Istio's proxies report a request at both ends (`reporter`), Linkerd's what comes in and what goes out \
      (`direction`), cAdvisor a pod's containers and the pod as a whole (`container=""`), kube-state-metrics \
      cores and bytes in one metric (`resource`), APISIX and Kong three latencies (`type`). A sum without a \
      condition on the label counts twice or mixes what has no common unit; a quantile is one of both ends' \
      latencies.
      """,
    fires: [
      .query("sum(rate(istio_requests_total{destination_workload=\"{{ target }}\"}[1m]))"),
      .query("sum(rate(response_total{deployment=\"{{ target }}\",classification=\"success\"}[1m]))"),
      .query("sum(rate(container_cpu_usage_seconds_total{pod=~\"x-.*\"}[1m]))"),
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket"
          + "{destination_workload=\"x\"}[1m])))"),
      .query("sum(kube_pod_container_resource_limits{pod=~\"x-.*\"})"),
    ],
    quiet: [
      .query(
        "sum(rate(istio_requests_total{reporter=\"destination\",destination_workload=\"x\"}[1m]))"),
      .query("sum(rate(istio_requests_total{reporter!=\"source\",destination_workload=\"x\"}[1m]))"),
      .query(
        "sum(rate(response_total{deployment=\"x\",classification=\"success\",direction=\"inbound\"}[1m]))"
      ),
      .query("sum(rate(response_total{dst_deployment=\"x\",classification=\"success\"}[1m]))"),
      .query("sum(rate(container_cpu_usage_seconds_total{pod=~\"x-.*\",container!=\"\"}[1m]))"),
      .query("sum(rate(container_cpu_usage_seconds_total{pod=~\"x-.*\",container=\"app\"}[1m]))"),
      .query("max(container_memory_working_set_bytes{pod=~\"x-.*\"})"),
      .query("sum(rate(container_network_receive_bytes_total{pod=~\"x-.*\"}[1m]))"),
      .query("sum(rate(response_total{job=\"x\"}[1m]))"),
    ],
    .query { query in
      guard query.site.isMetric, query.site.use != .builtIn else { return [] }
      let provider = query.site.canary?.provider?.value.rawValue ?? query.options.meshProvider
      var seen: Set<String> = []
      return query.selectors.compactMap { selector in
        guard let name = selector.plan.metricName,
          let dialect = MetricDialect.of(name, selector.matchers, provider: provider),
          !dialect.isMet(by: selector.matchers), query.addsUp(selector, over: dialect.label),
          // Both sides of a share are one fault.
          seen.insert(name).inserted
        else { return nil }
        return query.advice(dialect.why, at: selector.site).help(dialect.help)
      }
    })
}

extension QuerySubject {
  /// Whether the series of a selector that differ in a label are added or averaged: by the innermost
  /// aggregation that does not keep the label.
  fileprivate func addsUp(_ selector: SelectorPart, over label: String) -> Bool {
    for node in ancestors(selector.index) {
      guard case .vector(let plan, _) = node.content, case .aggregate(let aggregation) = plan.form else {
        continue
      }
      switch aggregation.grouping {
      case .by(let labels) where labels.contains(label): continue
      case .without(let labels) where !labels.contains(label): continue
      case .by, .without: break
      }
      switch aggregation.operation {
      case .simple(.sum), .simple(.avg), .quantile: return true
      case .simple, .countValues: return false
      case .topk, .bottomk, .limitk, .limitRatio: continue
      }
    }
    return false
  }
}
