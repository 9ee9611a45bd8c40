import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let undistinguished = Rule(
    "MT100", "canary-not-told-apart", .error, "nothing in the query tells the canary from the primary",
    why: """
      While a release is analysed the primary answers most requests, with the same metrics. Flagger copies \
      the workload with all labels but the one that selects its pods: the namespace, the container (which \
      has one name in both), the Ingress, the path are the same. A selector that has only these measures \
      both: at a weight of 10, a canary that fails every request is an error rate of 10 %. ingress-nginx \
      says in its label `canary` who answered: `canary!=""`. A label such as `application`, by which an \
      application names itself, is the same in both too, unless the pods are told otherwise: a warning, \
      until a recording shows that it is. A metric without any condition is an error where it counts \
      requests, and a warning where it may be of something that no canary is.
      """,
    fires: [
      .query("sum(rate(r_total{namespace=\"{{ namespace }}\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",container=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(nginx_ingress_controller_requests{namespace=\"test\",ingress=\"{{ ingress }}\"}[1m]))"),
      .query("sum(rate(http_requests_total{code=~\"2..\"}[1m])) / sum(rate(http_requests_total[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",pod=~\".+\"}[1m]))"),
      .query("sum(rate(r_total{namespace=\"test\",application=\"{{ target }}\"}[1m]))"),
      .query("sum(rate(r_total[1m]))"),
    ],
    quiet: [
      .query("sum(rate(r_total{namespace=\"test\",app=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(nginx_ingress_controller_requests{namespace=\"test\",ingress=\"x\",canary!=\"\"}[1m]))"),
      .query("max(rabbitmq_queue_messages_ready{namespace=\"test\",queue=\"orders\"})"),
      .query(
        "sum(rate(r_total{namespace=\"test\"}[1m]) * on (pod) group_left () kube_pod_labels{label_app=\"x\"})"
      ),
      .query("vector(1)"),
      .query("sum(rate(r_total{namespace=\"test\",application=\"{{ target }}-canary\"}[1m]))"),
      .query(
        "sum(rate(r_total{namespace=\"test\",application=\"{{ target }}\"}[1m]))",
        data: "# TYPE r counter\nr_total{namespace=\"test\",application=\"podinfo\"} 1 0\n"
          + "r_total{namespace=\"test\",application=\"podinfo-primary\"} 1 0\n# EOF\n"),
    ],
    .query { query in
      guard query.site.use == .template || query.site.use == .inline, query.isOfCanary,
        let first = query.selectors.first,
        !query.selectors.contains(where: { Telling.mayTell($0) || Telling.isOfOthers($0) }),
        !query.selectors.contains(where: { query.foreignNamespace(of: $0) != nil })
      else { return [] }
      let nginx = query.selectors.first { Telling.isIngressNginx($0) }
      let container = query.selectors.lazy.flatMap { query.written($0) }.first {
        LabelKind.containers.contains($0.matcher.name.plainLabel) && $0.matcher.isPositive
      }
      // Without anything that says where, a metric of something else may be meant.
      let isMeant =
        nginx != nil || container != nil
        || query.selectors.contains { selector in
          selector.matchers.contains { LabelKind.namespaces.contains($0.name.plainLabel) }
            || selector.countsRequests
        }
      let ownName = query.selectors.lazy.flatMap(\.matchers).first {
        LabelKind.ownNames.contains($0.name.plainLabel)
      }
      if let ownName, query.tellsVersions(by: ownName.name) { return [] }
      let isDoubtful = ownName != nil && query.data?.isExposition != false
      var advice = query.advice(
        nginx != nil
          ? "ingress-nginx counts canary and primary under one Ingress: without canary!=\"\" this takes both"
          : ownName.map {
            "\($0.name) is what the application calls itself, in both versions: this takes both"
          } ?? "nothing here tells the canary from the primary: this takes both",
        at: (nginx ?? first).site
      ).with(severity: isMeant && !isDoubtful ? .error : .warning)
      if let container {
        advice = advice.related(query.place(container.range), "the container has this name in both")
      }
      return [
        advice.help(
          nginx != nil
            ? "add canary!=\"\""
            : "select the canary's pods: pod=~\"{{ target }}-[0-9a-z]{1,10}-[0-9a-z]{5}\"")
      ]
    })

  static let otherNamespace = Rule(
    "MT101", "another-namespace", .error, "a selector names a namespace that is not the canary's",
    why: """
      A namespace that is written out stays when a template is copied or shared: the canary in `test` is \
      judged by what happens in `prod`. `{{ namespace }}` is the namespace of the canary that asks.
      """,
    fires: [
      .query("sum(rate(r_total{namespace=\"prod\",app=\"{{ target }}\"}[1m]))"),
      .query("sum(rate(r_total{namespace=~\"prod|staging\"}[1m]))"),
      .query(
        "sum(rate(istio_requests_total{reporter=\"destination\",destination_workload_namespace=\"prod\","
          + "destination_workload=\"{{ target }}\"}[1m]))"),
    ],
    quiet: [
      .query("sum(rate(r_total{namespace=\"{{ namespace }}\",app=\"{{ target }}\"}[1m]))"),
      .query("sum(rate(r_total{namespace=~\"test|prod\",app=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(nginx_ingress_controller_requests{namespace=\"ingress-nginx\",exported_namespace=\"test\","
          + "canary!=\"\"}[1m]))"),
      .query("max(kafka_lag{namespace=\"kafka\",topic=\"orders\"})"),
      .query("sum(kafka_consumergroup_lag{namespace=\"kafka\",consumergroup=\"podinfo\"})"),
      .query("sum(redis_connected_clients{namespace=\"redis\"})"),
    ],
    .query { query in
      guard query.site.use == .template || query.site.use == .inline, let canary = query.site.canary else {
        return []
      }
      return query.selectors.compactMap { selector in
        guard let matcher = query.foreignNamespace(of: selector) else { return nil }
        let written = query.written(selector).first { $0.matcher == matcher }
        return query.advice(
          "\(matcher.description) leaves the canary out, which is in \(canary.namespace)",
          at: written?.range ?? selector.site
        )
        .related(query.site.canaryPlace(canary.metadata.namespace?.range), "the canary's namespace")
        .help("write \(matcher.name)=\"{{ namespace }}\"")
        .fix(
          "write {{ namespace }}",
          matcher.operation == .equal
            ? written.flatMap { query.edit($0.value, "\"{{ namespace }}\"") } : nil)
      }
    })
}

extension QuerySubject {
  /// Whether it is about a workload that Flagger copies.
  fileprivate var isOfCanary: Bool {
    guard let canary = site.canary else { return site.template != nil }
    return !canary.targetsKnative && canary.targetRef.value.kind.value != .service
  }

  /// A matcher on a namespace that leaves the canary's out, where the selector is about the canary or about
  /// nothing else than the namespace.
  fileprivate func foreignNamespace(of selector: SelectorPart) -> LabelMatcher? {
    guard let canary = site.canary, canary.metadata.namespace?.value.isEmpty == false else { return nil }
    let isAboutCanary =
      selector.matchers.contains { Telling.names($0, canary) } || !Telling.mayTell(selector)
    // What the canary depends on lives where it lives.
    guard isAboutCanary, !Telling.isOfOthers(selector) else { return nil }
    let own = selector.matchers.filter { matcher in
      let label = matcher.name.plainLabel
      return LabelKind.namespaces.contains(label) && !LabelKind.callers.contains(label)
    }
    // What an ingress or a mesh exports has its own namespace besides the application's.
    guard !own.contains(where: { $0.isPositive && $0.takes(canary.namespace) }) else { return nil }
    return own.first { matcher in
      !matcher.takes(canary.namespace) && !matcher.value.isEmpty
        && !(isProxy(selector) && ["namespace", "kubernetes_namespace"].contains(matcher.name))
    }
  }

  /// Whether a recording has the names of both versions in a label.
  fileprivate func tellsVersions(by label: String) -> Bool {
    guard let data else { return false }
    return selectors.contains { selector in
      data.values(of: label, in: selector.matchers.filter { $0.name == LabelFacts.metricName }).contains {
        $0.contains("-primary") || $0.contains("-canary")
      }
    }
  }

  private func isProxy(_ selector: SelectorPart) -> Bool {
    let proxies = [
      "nginx_", "traefik_", "envoy_", "istio_", "apisix_", "kong_", "haproxy_", "contour_", "skipper_",
      "gloo_",
    ]
    return proxies.contains { selector.plan.metricName?.hasPrefix($0) ?? true }
  }
}

extension SelectorPart {
  /// Whether its metric is, by its name, about the requests that an application answers.
  fileprivate var countsRequests: Bool {
    guard let name = plan.metricName else { return false }
    let words = Set(name.split(separator: "_"))
    return !words.isDisjoint(with: ["http", "grpc", "rpc", "request", "requests", "response", "responses"])
  }
}
