import Manifests
import PromQL

extension Rule {
  static let invertedAverage = Rule(
    "MT123", "average-upside-down", .warning, "the count of a histogram over its sum",
    why: """
      The average of what a histogram or a summary observes is its `_sum` over its `_count`. The other way \
      round it is requests per second of work: it falls while requests get slower, and a `max` on it passes \
      the slowest release.
      """,
    fires: [
      .query("sum(rate(latency_seconds_count[1m])) / sum(rate(latency_seconds_sum[1m]))"),
      .rule("record: a:latency:avg\nexpr: rate(latency_seconds_count[5m]) / rate(latency_seconds_sum[5m])"),
    ],
    quiet: [
      .query("sum(rate(latency_seconds_sum[1m])) / sum(rate(latency_seconds_count[1m]))"),
      .query("sum(rate(a_seconds_count[1m])) / sum(rate(b_seconds_sum[1m]))"),
    ],
    .query { query in
      query.vectors.compactMap { part -> Advice? in
        guard case .arithmetic(.divide, let lhs, let rhs, _) = part.form,
          let above = CountedPart(lhs, query.facts.selections)?.metric,
          let below = CountedPart(rhs, query.facts.selections)?.metric,
          above.hasSuffix("_count"), below.hasSuffix("_sum"), above.dropLast(6) == below.dropLast(4)
        else { return nil }
        return query.advice(
          "this falls while what is observed rises: the average is the other way round", at: part.site
        ).help("write \(below) above and \(above) below")
      }
    })
}
