import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let unitOfThreshold = Rule(
    "MT021", "unit-of-threshold", .warning, "the threshold looks like another unit",
    why: """
      `http_request_duration_seconds` yields seconds: `max: 500` lets a request take more than eight \
      minutes. A metric in milliseconds with `max: 0.5` fails at half a millisecond. Names say the unit; \
      factors of 1000 in the query change it.
      """,
    fires: [
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))",
        metric: "thresholdRange: {max: 500}"),
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(latency_milliseconds_bucket[1m])))",
        metric: "thresholdRange: {max: 0.5}"),
      .query(
        "sum(rate(request_ms_sum[1m])) / sum(rate(request_ms_count[1m])) * 1000",
        metric: "thresholdRange: {max: 500}"),
    ],
    quiet: [
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))",
        metric: "thresholdRange: {max: 0.5}"),
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[1m]))) * 1000",
        metric: "thresholdRange: {max: 500}"),
    ],
    .query { query in
      guard query.site.isMetric, query.site.use != .builtIn, let root = query.root,
        let unit = root.facts.unit, unit.dimension == .time,
        !unit.isRate, let name = unit.name, let max = query.site.limits?.max, max.value > 0, query.isLatency
      else { return [] }
      let seconds = max.value * unit.scale
      guard seconds >= 50 || seconds < 0.001 else { return [] }
      let long = seconds >= 50
      return [
        query.advice(
          "the value is \(name), and \(Shown.number(max.value)) \(name) is "
            + "\(long ? "very long" : "very short") for a request",
          at: root.site
        )
        .related(query.site.canaryPlace(max.range), "\(Shown.number(max.value)) \(name)")
        .help(
          long
            ? "write \(Shown.number(max.value / 1000)) if milliseconds were meant"
            : "check the unit: the name and the factors of the query make it \(name)")
      ]
    })
}

extension QuerySubject {
  /// Whether it is about how long something took: a quantile of buckets, or a sum over a count.
  var isLatency: Bool {
    vectors.contains { part in
      switch part.form {
      case .histogramQuantile: true
      case .arithmetic(.divide, let lhs, let rhs, _):
        CountedPart(lhs, facts.selections)?.metric?.hasSuffix("_sum") ?? false
          && CountedPart(rhs, facts.selections)?.metric?.hasSuffix("_count") ?? false
      default: false
      }
    }
  }
}
