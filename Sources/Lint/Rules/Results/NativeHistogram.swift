import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let nativeHistogram = Rule(
    "MT006", "native-histogram", .error, "the query may yield a native histogram",
    why: """
      The answer for a native histogram has `histogram` where Flagger expects `value`: it indexes an empty \
      list, nothing recovers, and the controller dies. Argo Rollouts judges it as 0. \
      `rate(http_request_duration_seconds[1m])` is such a query as soon as the target exposes native \
      histograms; until then it selects nothing, because classic histograms have `_bucket`, `_sum` and \
      `_count` in their names.
      """,
    fires: [.query("sum(rate(http_request_duration_seconds[1m]))")],
    quiet: [
      .query("histogram_quantile(0.9, sum(rate(http_request_duration_seconds[1m])))"),
      .query("sum(rate(http_request_duration_seconds_count[1m]))"),
      .query("sum(rate(process_cpu_seconds_total[1m]))"),
    ],
    .query { query in
      // VictoriaMetrics stores native histograms as buckets.
      guard query.site.isMetric, !query.options.isVictoriaMetrics, let root = query.root,
        root.facts.histograms == .possible,
        let selector = query.selectors(within: root.index).first(where: { query.mayBeHistogram($0) })
      else { return [] }
      let name = selector.plan.metricName ?? ""
      return [
        query.advice("\(name) is a native histogram or nothing: Flagger crashes on it", at: selector.site)
          .help(
            "use histogram_quantile, histogram_avg or histogram_count around it, or \(name)_count of a "
              + "classic histogram"
          )
      ]
    })
}

extension QuerySubject {
  /// Whether the name is that of a histogram, and no part of a classic one.
  fileprivate func mayBeHistogram(_ selector: SelectorPart) -> Bool {
    guard let name = selector.plan.metricName, selector.range != nil else { return false }
    if let type = data?.types[name] { return type == .histogram || type == .gaugehistogram }
    let facts = MetricNameFacts(name)
    guard facts.nature == .unknown, facts.unit != nil else { return false }
    let isRate = ancestors(selector.index).contains { node in
      guard case .vector(let plan, _) = node.content, case .window(let function, _, _) = plan.form else {
        return false
      }
      return function == .rate || function == .increase
    }
    return isRate && ["duration", "latency", "size"].contains { name.contains($0) }
  }
}
