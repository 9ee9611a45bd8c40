import Manifests
import Testing

private let values = TemplateValues(
  name: "nm", namespace: "ns", target: "app", service: "svc", ingress: "ing", route: "rt", interval: "2m")

private func sent(_ metric: BuiltInMetric, _ observer: Observer) throws -> String {
  try BuiltInQuery(metric, of: observer).render(values).sent
}

/// `sum( rate( NAME{ SELECTOR }[2m] ) )`
private func rates(_ name: String, _ selector: String) -> String {
  "sum( rate( \(name){ \(selector) }[2m] ) )"
}

private func share(_ name: String, good: String, all: String) -> String {
  " " + rates(name, good) + " / " + rates(name, all) + " * 100"
}

private func p99(_ name: String, _ selector: String) -> String {
  " histogram_quantile( 0.99, \(rates(name, selector)) by (le) )".replacing(") ) by", with: ") ) by")
}

@Test func `every observer asks what Flagger asks`() throws {
  let pods = #"kubernetes_namespace="ns", kubernetes_pod_name=~"app-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)""#
  let istio = #"reporter="destination", destination_workload_namespace="ns", destination_workload=~"app""#
  let nginx = #"namespace="ns", ingress="ing", canary!="""#
  let osm = #"destination_namespace="ns", destination_kind="Deployment", destination_name="app""#
  let route = #"route=~"ns_rt-app-canary_.+""#
  let traefik = #"service=~"ns-app-canary-[0-9a-zA-Z-]+@kubernetescrd""#
  let seconds = "nginx_ingress_controller_response_duration_seconds"
  let traefikBuckets = "traefik_service_request_duration_seconds_bucket"
  var cases: [(Observer, String, String)] = [
    (
      .appMesh,
      share("envoy_cluster_upstream_rq", good: pods + #", envoy_response_code!~"5.*""#, all: pods),
      p99("envoy_cluster_upstream_rq_time_bucket", pods)
    ),
    (
      .istio,
      share("istio_requests_total", good: istio + #", response_code!~"5.*""#, all: istio),
      p99("istio_request_duration_milliseconds_bucket", istio)
    ),
    (
      .linkerd,
      share(
        "response_total",
        good: #"namespace="ns", deployment=~"app", classification!="failure", direction="inbound""#,
        all: #"namespace="ns", deployment=~"app", direction="inbound""#),
      p99("response_latency_ms_bucket", #"namespace="ns", deployment=~"app", direction="inbound""#)
    ),
    (
      .nginx,
      share("nginx_ingress_controller_requests", good: nginx + #", status!~"5.*""#, all: nginx),
      " " + rates("\(seconds)_sum", nginx) + " / " + rates("\(seconds)_count", nginx) + " * 1000"
    ),
    (
      .http,
      share("http_request_duration_seconds_count", good: pods + #", status!~"5.*""#, all: pods),
      p99("http_request_duration_seconds_bucket", pods)
    ),
    (
      .traefik,
      share(
        traefikBuckets, good: traefik + #", code!~"5..", le="+Inf""#, all: traefik + #", le="+Inf""#),
      p99(traefikBuckets, traefik) + " * 1000"
    ),
    (
      .osm,
      share("osm_request_total", good: osm + #", response_code!~"5.*""#, all: osm),
      p99("osm_request_duration_ms_bucket", osm)
    ),
    (
      .apisix,
      share("apisix_http_status", good: route + #", code!~"5..""#, all: route),
      p99("apisix_http_latency_bucket", #"type=~"request", "# + route)
    ),
  ]
  let envoys: [(Observer, String)] = [
    (.contour, #"envoy_cluster_name=~"ns_svc-canary_[0-9a-zA-Z-]+""#),
    (.gloo, #"envoy_cluster_name=~"ns-app-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+""#),
    (.kuma, #"service=~"app-canary_ns_svc_[0-9a-zA-Z-]+""#),
    (.knative, #"envoy_cluster_name=~"ns/rt""#),
  ]
  for (observer, selector) in envoys {
    cases.append(
      (
        observer,
        share(
          "envoy_cluster_upstream_rq", good: selector + #", envoy_response_code!~"5.*""#,
          all: selector + ","),
        p99("envoy_cluster_upstream_rq_time_bucket", selector + ",")
      ))
  }
  for (observer, success, duration) in cases {
    #expect(try sent(.requestSuccessRate, observer) == success, "\(observer)")
    #expect(try sent(.requestDuration, observer) == duration, "\(observer)")
  }
  #expect(cases.count == Observer.allCases.count - 1, "Skipper has a test of its own")
}

@Test func `Skipper's names lose what is no word character`() throws {
  let odd = TemplateValues(
    name: "a", namespace: "n-s", target: "t", service: "s.é", ingress: "i/1", route: "r", interval: "1m")
  let query = try BuiltInQuery(.requestSuccessRate, of: .skipper).render(odd)
  let route = #"route=~"kube(ew)?_n_s__i_1_canary__.*__s___canary(_[0-9]+)?""#
  let buckets = "skipper_response_duration_seconds_bucket"
  #expect(
    query.sent == " sum(rate(\(buckets){\(route),code!~\"5..\",le=\"+Inf\"}[1m])) / "
      + "sum(rate(\(buckets){\(route),le=\"+Inf\"}[1m])) * 100")
  let duration = try BuiltInQuery(.requestDuration, of: .skipper).render(odd)
  let serving = "skipper_serve_route_duration_seconds"
  #expect(
    duration.sent
      == " sum(rate(\(serving)_sum{\(route)}[1m])) / sum(rate(\(serving)_count{\(route)}[1m])) * 1000")
}

@Test func `every answer says what its number means`() {
  for observer in Observer.allCases {
    #expect(BuiltInQuery(.requestSuccessRate, of: observer).answer == .percent)
    guard case .duration(let unit, let statistic) = BuiltInQuery(.requestDuration, of: observer).answer else {
      Issue.record("\(observer)")
      continue
    }
    #expect(unit == (observer == .http ? .seconds : .milliseconds), "\(observer)")
    let isAverage = observer == .nginx || observer == .skipper
    #expect(statistic == (isAverage ? .average : .percentile99), "\(observer)")
  }
}

@Test func `the observer follows from the providers and the target`() throws {
  let cases: [(String?, String, String, String, Observer)] = [
    (nil, "istio", "Deployment", "istio", .istio),
    (nil, "crossover:x", "Deployment", "crossover", .istio),
    ("nginx", "istio", "Deployment", "nginx", .nginx),
    ("nginx", "linkerd", "Deployment", "linkerd", .linkerd),
    ("nginx", "istio", "Service", "nginx:service", .istio),
    ("kubernetes", "istio", "Service", "kubernetes:service", .istio),
    ("gloo", "istio", "Service", "gloo:service", .gloo),
    ("appmesh:v1beta2", "istio", "DaemonSet", "appmesh:v1beta2", .appMesh),
    ("gatewayapi:v1", "istio", "Deployment", "gatewayapi:v1", .http),
    ("gatewayapi:v1beta1", "istio", "Service", "gatewayapi:v1beta1:service", .http),
    ("smi:v1alpha2", "istio", "Deployment", "smi:v1alpha2", .istio),
    ("kubernetes", "istio", "Deployment", "kubernetes", .http),
    ("skipper", "istio", "Deployment", "skipper", .skipper),
    ("traefik", "istio", "Deployment", "traefik", .traefik),
    ("contour", "istio", "Deployment", "contour", .contour),
    ("kuma", "istio", "Deployment", "kuma", .kuma),
    ("osm", "istio", "Deployment", "osm", .osm),
    ("apisix", "istio", "Deployment", "apisix", .apisix),
    ("knative", "istio", "Deployment", "knative", .knative),
    ("linkerd", "istio", "Deployment", "linkerd", .linkerd),
  ]
  for (provider, global, kind, name, observer) in cases {
    let text = canaryText(provider: provider).replacing("Deployment", with: kind)
    let canary = try ManifestReading(reading: text).set.canary()
    let choice = ObserverChoice(for: canary, globalProvider: global)
    #expect(
      choice.providerName == name && choice.observer == observer, "\(provider ?? "-") \(global) \(kind)")
  }
}

@Test func `an absent interval is a minute for built-in queries and nothing for templates`() throws {
  let canary = try ManifestReading(reading: canaryText()).set.canary()
  let metric = CanaryMetric(name: Located("m"))
  #expect(TemplateValues(canary: canary, metric: metric, pass: .builtInOrInline).interval == "1m")
  #expect(TemplateValues(canary: canary, metric: metric, pass: .template).interval == "")
  let source = ManifestText("rate(x[{{ interval }}])")
  let values = TemplateValues(canary: canary, metric: metric, pass: .template)
  #expect(try QueryTemplate(parsing: source).render(values).sent == "rate(x[])")
  #expect(TemplateValues(canary: canary, metric: metric, pass: .template, revision: "rev-1").route == "rev-1")
}
