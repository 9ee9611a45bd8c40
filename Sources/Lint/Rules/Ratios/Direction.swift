import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let direction = Rule(
    "MT049", "wrong-direction", .error, "the threshold bounds the good side",
    why: """
      A success rate needs a `min`, an error rate a `max`. The other way round the check fails when all is \
      well and passes when everything fails. It happens when `100 -` is put in front of an error rate, or \
      when a threshold is copied from another metric: with `100 - errors/all * 100` and `max: 5`, 2 % of \
      errors yield 98 and fail, 100 % of errors yield 0 and pass. It does not matter what marks a success: \
      `code!~"4.."`, `status!="error"`, `success="true"`, `grpc_code="OK"`, being fast enough for a bucket. \
      A quantile of durations wants a `max` as well.
      """,
    fires: [
      .query(
        "sum(rate(apisix_http_status{code!~\"4..\"}[1m])) / sum(rate(apisix_http_status[1m])) * 100",
        metric: "thresholdRange: {max: 5}"),
      .query(
        "max(sum by (pod) (rate(r_total{success=\"true\"}[1m])) / sum by (pod) (rate(r_total[1m])))",
        metric: "thresholdRange: {max: 0.05}"),
      .query(
        "100 - sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m])) * 100",
        metric: "thresholdRange: {max: 5}"),
      .query(
        "sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m]))",
        metric: "thresholdRange: {min: 0.99}"),
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[1m])))",
        metric: "thresholdRange: {min: 0.5}"),
    ],
    quiet: [
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[1m])))",
        metric: "thresholdRange: {min: 0.01, max: 0.5}"),
      .query("min(time() - process_start_time_seconds)", metric: "thresholdRange: {min: 60}"),
      .query(
        "100 - sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m])) * 100",
        metric: "thresholdRange: {min: 95}"),
      .query(
        "sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m]))",
        metric: "thresholdRange: {max: 0.01}"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root else { return [] }
      guard let share = root.facts.share else {
        guard let limits = query.site.limits, limits.max == nil, let min = limits.min, root.isDuration else {
          return []
        }
        return [
          query.advice(
            "this is how long requests take, and the threshold has only a min: fast releases fail, slow ones "
              + "pass",
            at: root.site
          )
          .related(query.site.canaryPlace(min.range), "min bounds the good side").help("write max")
        ]
      }
      switch (share.kind, query.site.limits) {
      case (.succeeded, let limits?):
        guard limits.min == nil, let max = limits.max else { return [] }
        return [Self.advice(query, root, "a success rate", "min", max.range)]
      case (.failed, let limits?):
        guard limits.max == nil, let min = limits.min else { return [] }
        return [Self.advice(query, root, "an error rate", "max", min.range)]
      case (.succeeded, nil), (.failed, nil), (.other, _): return Self.misnamed(query, root, share)
      }
    })

  private static func advice(
    _ query: QuerySubject, _ root: VectorPart, _ what: String, _ wanted: String, _ limit: SourceRange?
  ) -> Advice {
    let wrong = wanted == "min" ? "max" : "min"
    return query.advice(
      "this is \(what), and the threshold has only a \(wrong): good releases fail, bad ones pass",
      at: root.site
    )
    .related(query.site.canaryPlace(limit), "\(wrong) bounds the good side")
    .shown(Simulation(query).table)
    .help("write \(wanted), or turn the query round")
  }

  /// Without a threshold the name says what is meant.
  private static func misnamed(_ query: QuerySubject, _ root: VectorPart, _ share: RequestShare) -> [Advice] {
    guard query.site.use == .template, query.site.metric == nil, let template = query.site.template,
      let meant = RequestMeaning.kind(ofName: template.name), meant != share.kind, share.kind != .other
    else { return [] }
    let (said, yielded) =
      meant == .failed ? ("an error rate", "a success rate") : ("a success rate", "an error rate")
    return [
      query.advice("the template is called \(template.name), and yields \(yielded)", at: root.site)
        .related(
          template.origin.map { Place($0.source, template.metadata.name.range) }, "the name says \(said)"
        )
        .shown(Simulation(query).table).help("turn the query round, or rename the template")
    ]
  }
}

extension VectorPart {
  /// Whether it is a quantile of durations, perhaps in another unit, or the largest of several.
  fileprivate var isDuration: Bool {
    guard facts.unit?.dimension == .time else { return false }
    var plan = form
    while true {
      switch plan {
      case .histogramQuantile: return true
      case .pinned(let inner), .plus(let inner), .sort(let inner, _): plan = inner.form
      case .scalarArithmetic(let operation, let inner, .number(let number), _):
        guard number > 0, operation == .multiply || operation == .divide else { return false }
        plan = inner.form
      case .aggregate(let aggregation):
        guard case .simple(let operation) = aggregation.operation, [.max, .min, .avg].contains(operation)
        else {
          return false
        }
        plan = aggregation.vector.form
      default: return false
      }
    }
  }
}
