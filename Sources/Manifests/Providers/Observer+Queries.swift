/// The built-in queries of an observer, and the unit of its durations.
struct ObserverQueries {
  var successRate: String
  var duration: String
  var unit: BuiltInQuery.DurationUnit = .milliseconds
  var statistic: BuiltInQuery.DurationStatistic = .percentile99
}

extension Observer {
  /// One row an observer, as flagger.md §3.2 prints them. Commas at the end of a selector are part of
  /// what Flagger sends.
  var queries: ObserverQueries {
    switch self {
    case .appMesh:
      ObserverQueries(
        successRate: successShare(
          of: "envoy_cluster_upstream_rq", where: Self.pods,
          succeeding: #"envoy_response_code!~"5.*""#),
        duration: percentile99(of: "envoy_cluster_upstream_rq_time_bucket", where: Self.pods))
    case .contour: envoy(#"envoy_cluster_name=~"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+""#)
    case .gloo:
      envoy(
        #"envoy_cluster_name=~"{{ namespace }}-{{ target }}-canaryupstream"#
          + #"-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+""#)
    case .kuma: envoy(#"service=~"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+""#)
    case .knative: envoy(#"envoy_cluster_name=~"{{ namespace }}/{{ route }}""#)
    case .istio: istio
    case .linkerd: linkerd
    case .nginx: nginx
    case .http: http
    case .skipper: skipper
    case .traefik: traefik
    case .osm: osm
    case .apisix: apisix
    }
  }

  private static let pods =
    #"kubernetes_namespace="{{ namespace }}", "#
    + #"kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)""#

  private func envoy(_ selector: String) -> ObserverQueries {
    ObserverQueries(
      successRate: successShare(
        of: "envoy_cluster_upstream_rq", where: selector,
        succeeding: #"envoy_response_code!~"5.*""#, endsInComma: true),
      duration: percentile99(of: "envoy_cluster_upstream_rq_time_bucket", where: selector + ","))
  }

  private var istio: ObserverQueries {
    let workload =
      #"reporter="destination", destination_workload_namespace="{{ namespace }}", "#
      + #"destination_workload=~"{{ target }}""#
    return ObserverQueries(
      successRate: successShare(
        of: "istio_requests_total", where: workload, succeeding: #"response_code!~"5.*""#),
      duration: percentile99(of: "istio_request_duration_milliseconds_bucket", where: workload))
  }

  private var linkerd: ObserverQueries {
    let deployment = #"namespace="{{ namespace }}", deployment=~"{{ target }}""#
    let inbound = #"direction="inbound""#
    return ObserverQueries(
      successRate: successShare(
        of: "response_total", where: deployment, succeeding: #"classification!="failure""#,
        and: inbound),
      duration: percentile99(of: "response_latency_ms_bucket", where: "\(deployment), \(inbound)"))
  }

  private var nginx: ObserverQueries {
    let canary = #"namespace="{{ namespace }}", ingress="{{ ingress }}", canary!="""#
    let histogram = "nginx_ingress_controller_response_duration_seconds"
    return ObserverQueries(
      successRate: successShare(
        of: "nginx_ingress_controller_requests", where: canary, succeeding: #"status!~"5.*""#),
      duration: sumOfRates(of: "\(histogram)_sum", where: canary) + " / "
        + sumOfRates(of: "\(histogram)_count", where: canary) + " * 1000",
      statistic: .average)
  }

  private var http: ObserverQueries {
    ObserverQueries(
      successRate: successShare(
        of: "http_request_duration_seconds_count", where: Self.pods, succeeding: #"status!~"5.*""#),
      duration: percentile99(of: "http_request_duration_seconds_bucket", where: Self.pods),
      unit: .seconds)
  }

  private var skipper: ObserverQueries {
    let route =
      #"{{ $route := printf "kube(ew)?_%s__%s_canary__.*__%s_canary(_[0-9]+)?" "#
      + "namespace ingress service }}"
    func rates(_ series: String, _ further: String = "") -> String {
      "sum(rate(\(series){route=~\"{{ $route }}\"\(further)}[{{ interval }}]))"
    }
    let responses = "skipper_response_duration_seconds_bucket"
    let serving = "skipper_serve_route_duration_seconds"
    return ObserverQueries(
      successRate: route + "\n" + rates(responses, #",code!~"5..",le="+Inf""#) + " / "
        + rates(responses, #",le="+Inf""#) + " * 100",
      duration: route + "\n" + rates("\(serving)_sum") + " / " + rates("\(serving)_count") + " * 1000",
      statistic: .average)
  }

  private var traefik: ObserverQueries {
    let service = #"service=~"{{ namespace }}-{{ target }}-canary-[0-9a-zA-Z-]+@kubernetescrd""#
    let histogram = "traefik_service_request_duration_seconds_bucket"
    return ObserverQueries(
      successRate: successShare(
        of: histogram, where: service, succeeding: #"code!~"5..""#, and: #"le="+Inf""#),
      duration: percentile99(of: histogram, where: service) + " * 1000")
  }

  private var osm: ObserverQueries {
    let destination =
      #"destination_namespace="{{ namespace }}", destination_kind="Deployment", "#
      + #"destination_name="{{ target }}""#
    return ObserverQueries(
      successRate: successShare(
        of: "osm_request_total", where: destination, succeeding: #"response_code!~"5.*""#),
      duration: percentile99(of: "osm_request_duration_ms_bucket", where: destination))
  }

  private var apisix: ObserverQueries {
    let route = #"route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+""#
    return ObserverQueries(
      successRate: successShare(of: "apisix_http_status", where: route, succeeding: #"code!~"5..""#),
      duration: percentile99(of: "apisix_http_latency_bucket", where: #"type=~"request", "# + route))
  }

  // The shapes that the rows share. Each begins with a line feed: Flagger sends a blank in front.

  private func rate(of series: String, where selector: String) -> String {
    "rate( \(series){ \(selector) }[{{ interval }}] )"
  }

  private func sumOfRates(of series: String, where selector: String) -> String {
    "\nsum( \(rate(of: series, where: selector)) )"
  }

  /// Percent of the counter's growth that `succeeding` selects.
  private func successShare(
    of counter: String, where selector: String, succeeding: String, and further: String? = nil,
    endsInComma: Bool = false
  ) -> String {
    let rest = further.map { ", \($0)" } ?? ""
    let all = selector + rest + (endsInComma ? "," : "")
    return sumOfRates(of: counter, where: "\(selector), \(succeeding)\(rest)") + " / "
      + sumOfRates(of: counter, where: all) + " * 100"
  }

  private func percentile99(of buckets: String, where selector: String) -> String {
    "\nhistogram_quantile( 0.99, sum( \(rate(of: buckets, where: selector)) ) by (le) )"
  }
}
