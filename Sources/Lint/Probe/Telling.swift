import Manifests
import PromQL
import TimeSeries

/// Whether a matcher can tell the canary from the primary. Flagger copies the canary's workload: all labels
/// stay what they are but the one that selects its pods, and the names (field-study.md §1.9).
enum Telling {
  /// Whether a selector may take one of the two and leave the other. A label that we do not know may.
  static func mayTell(_ selector: SelectorPart) -> Bool {
    if isIngressNginx(selector) { return selector.matchers.contains { tellsByNginx($0) } }
    return selector.matchers.contains { mayTell($0) }
  }

  private static func mayTell(_ matcher: LabelMatcher) -> Bool {
    let label = matcher.name.plainLabel
    if LabelKind.namespaces.contains(label) || takesAnything(matcher, missingToo: isNamed(label)) {
      return false
    }
    if isNamed(label) || isNamed(matcher.value) { return true }
    if LabelKind.ownNames.contains(label) { return false }
    if matcher.name == LabelFacts.metricName || RequestMeaning.values(of: matcher.name) != nil {
      return false
    }
    if label == "job", matcher.operation == .equal, LabelKind.scrapeJobs.contains(matcher.value) {
      return false
    }
    return !LabelKind.shared.contains(label)
  }

  /// Whether it names the canary's workload, service or pods, or the primary's.
  static func names(_ matcher: LabelMatcher, _ canary: Canary) -> Bool {
    let label = matcher.name.plainLabel
    guard !LabelKind.namespaces.contains(label), !LabelKind.shared.contains(label), !takesAnything(matcher),
      matcher.name != LabelFacts.metricName
    else { return false }
    return Set([canary.targetName, canary.serviceName]).contains { name in
      matcher.value.hasPrefix(name) || (matcher.isPositive && matcher.takes(name))
        || matcher.value.contains("\(name)-canary") || matcher.value.contains("\(name)-primary")
    }
  }

  /// Whether a metric is of something that no canary is: of nodes, of databases, of clouds.
  static func isOfOthers(_ selector: SelectorPart) -> Bool {
    guard let name = selector.plan.metricName else { return false }
    return others.contains { name.hasPrefix($0) }
  }

  private static let others = [
    "node_", "kube_node", "kubelet_", "apiserver_", "etcd_", "coredns_", "prometheus_", "alertmanager_",
    "mysql_",
    "pg_", "redis_", "kafka_", "rabbitmq_", "mongodb_", "elasticsearch_", "aws_", "gcp_", "stackdriver_",
    "azure_",
    "cloudwatch_", "probe_", "blackbox_", "windows_", "ALERTS", "flagger_",
  ]

  /// ingress-nginx counts the requests of both under the names of the main Ingress: the label `canary` says
  /// who answered.
  static func isIngressNginx(_ selector: SelectorPart) -> Bool {
    selector.plan.metricName?.hasPrefix("nginx_ingress_controller_") ?? false
  }

  private static func tellsByNginx(_ matcher: LabelMatcher) -> Bool {
    guard !LabelKind.namespaces.contains(matcher.name.plainLabel) else { return false }
    return (matcher.name == "canary" && !takesAnything(matcher, missingToo: true)) || isNamed(matcher.value)
  }

  private static func isNamed(_ value: String) -> Bool {
    value.contains("canary") || value.contains("primary")
  }

  /// `pod=~".+"`, `pod!=""`: whoever has the label.
  private static func takesAnything(_ matcher: LabelMatcher, missingToo: Bool = false) -> Bool {
    guard matcher.pattern != nil || matcher.value.isEmpty else { return false }
    if LabelValues.acceptsAll(matcher) { return true }
    guard !missingToo, let isThere = try? LabelMatcher(matcher.name, .notEqual, "") else { return false }
    return LabelValues.imply([isThere], matcher) == true
  }
}

/// What labels are about, by their names as `plainLabel` writes them.
enum LabelKind {
  static let namespaces: Set<String> = [
    "namespace", "kubernetesnamespace", "k8snamespace", "k8snamespacename", "namespacename", "podnamespace",
    "destinationworkloadnamespace", "destinationservicenamespace", "destinationnamespace", "dstnamespace",
    "sourceworkloadnamespace", "sourcenamespace", "kubernetesnamespacename",
  ]

  /// Namespaces of who asks, not of who answers.
  static let callers: Set<String> = ["sourceworkloadnamespace", "sourcenamespace"]

  static let containers: Set<String> = [
    "container", "containername", "kubernetescontainername", "k8scontainername",
  ]

  /// Of requests: the same application answers them, in both versions.
  static let requests: Set<String> = [
    "method", "verb", "path", "uri", "url", "handler", "endpoint", "operation", "httpmethod", "httproute",
    "httptarget", "requestmethod", "grpcmethod", "grpcservice", "grpctype", "rpcmethod", "rpcservice", "host",
    "authority",
  ]

  /// Where something runs.
  private static let places: Set<String> = [
    "cluster", "clustername", "clusterid", "k8scluster", "k8sclustername", "region", "zone", "env",
    "environment", "deploymentenvironment", "stage", "datacenter", "dc", "tenant", "tenantid",
  ]

  /// Of whom something is counted, or by whom: never how it went.
  static let scopes: Set<String> = containers.union(places).union([
    "reporter", "direction", "instance", "node", "version", "revision", "image", "podtemplatehash",
  ])

  /// The same for canary and primary.
  static let shared: Set<String> = containers.union(requests).union(places).union([
    "protocol", "requestprotocol", "scheme", "le", "quantile", "reporter", "direction", "tls",
    "connectionsecuritypolicy", "type", "spankind", "sourceworkload", "sourceapp", "responseflags",
    "prometheus", "prometheusreplica", "monitor", "team", "appkubernetesioinstance",
    "appkubernetesiopartof", "appkubernetesiocomponent", "appkubernetesiomanagedby", "release",
    "helmrelease", "chart", "metricspath", "resource", "unit", "mode",
  ])

  /// What an application calls itself: Flagger copies it with the rest.
  static let ownNames: Set<String> = [
    "application", "applicationname", "appname", "springapplicationname", "micrometerapplication",
  ]

  /// Jobs of the usual configurations that scrape everything.
  static let scrapeJobs: Set<String> = [
    "kubernetes-pods", "kubernetes-service-endpoints", "kubernetes-cadvisor", "kubernetes-nodes-cadvisor",
    "kubernetes-nodes", "kubelet", "cadvisor", "kube-state-metrics", "istio-mesh", "envoy-stats",
    "istio-proxy",
    "linkerd-proxy", "appmesh-envoy", "node-exporter",
  ]
}
