import PromQL
import TimeSeries

/// Metrics that say one thing several times, in series that a label tells apart: without a condition on
/// the label a sum counts twice.
struct MetricDialect {
  /// Of the metrics; with an asterisk, by a prefix.
  var names: [String]
  var label: String
  /// Of the label: a condition has to leave one of them out.
  var values: [String]
  /// What is counted twice, as a sentence.
  var why: String
  var help: String
  /// Labels that only one of the kinds has, so that a condition on them does too; with an asterisk, by a
  /// prefix.
  var alike: [String] = []
  /// Labels or providers that tell that a metric of a common name is of this dialect; empty where
  /// the name does.
  var signs: [String] = []

  /// Whether the series of a selector are told apart by it.
  func isMet(by matchers: [LabelMatcher]) -> Bool {
    let own = matchers.filter { $0.name == label }
    if values.contains(where: { value in own.contains { !$0.takes(value) } }) { return true }
    return matchers.contains { matcher in
      !matcher.acceptsEmpty
        && alike.contains { $0.hasSuffix("*") ? matcher.name.hasPrefix($0.dropLast()) : matcher.name == $0 }
    }
  }

  /// The dialect of a metric; nil for one that says everything once.
  static func of(_ metric: String, _ matchers: [LabelMatcher], provider: String) -> MetricDialect? {
    table.first { dialect in
      dialect.names.contains { $0.hasSuffix("*") ? metric.hasPrefix($0.dropLast()) : metric == $0 }
        && (dialect.signs.isEmpty
          || dialect.signs.contains { sign in
            sign == provider || matchers.contains { $0.name == sign }
          })
    }
  }

  static let table: [MetricDialect] = [
    MetricDialect(
      names: [
        "istio_requests_total", "istio_request_duration_*", "istio_request_bytes*", "istio_response_bytes*",
        "istio_request_messages_total", "istio_response_messages_total", "istio_tcp_*",
      ], label: "reporter", values: ["source", "destination"],
      why: "the proxies of both ends report each request: without reporter it counts twice",
      help: "add reporter=\"destination\" (or \"source\", where a gateway or Gateway API reports)"),
    MetricDialect(
      names: ["response_latency_ms*", "route_response_latency_ms*"], label: "direction",
      values: ["inbound", "outbound"], why: Self.bothDirections, help: Self.inbound, alike: ["dst_*"]),
    MetricDialect(
      names: ["response_total", "request_total", "route_response_total", "route_request_total"],
      label: "direction",
      values: ["inbound", "outbound"], why: Self.bothDirections, help: Self.inbound, alike: ["dst_*"],
      signs: ["classification", "linkerd", "rt_route", "target_addr", "deployment", "authority"]),
    MetricDialect(
      names: [
        "container_cpu_*", "container_memory_*", "container_fs_*", "container_processes", "container_threads",
      ],
      label: "container", values: [""],
      why:
        "cAdvisor exports the containers of a pod and the pod as a whole: without container!=\"\" it counts "
        + "twice",
      help: "add container!=\"\"",
      alike: ["image", "container_name", "container_label_io_kubernetes_container_name", "name"]),
    MetricDialect(
      names: ["kube_pod_container_resource_requests", "kube_pod_container_resource_limits"],
      label: "resource",
      values: ["cpu", "memory"], why: "without resource the cores of CPU are added to the bytes of memory",
      help: "add resource=\"cpu\" or resource=\"memory\"", alike: ["unit"]),
    MetricDialect(
      names: ["apisix_http_latency*", "kong_latency*"], label: "type", values: ["request", "upstream"],
      why:
        "the latency of a request, of the upstream and of the gateway itself are series of their own: "
        + "without type each request counts three times",
      help: "add type=\"request\""),
  ]

  private static let bothDirections =
    "a proxy reports what comes in and what goes out: without direction a pod's own calls are counted in"
  private static let inbound = "add direction=\"inbound\""
}
