import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let ratioWindows = Rule(
    "MT068", "ratio-of-windows", .error,
    "the sides of a ratio are counted over different windows or in different ways",
    why: """
      `increase(errors[1m]) / increase(requests[5m])` counts the errors of one minute and the requests of \
      five: with half of the requests failing it yields 0.1. `rate` over `increase` is off by the length of \
      the window in seconds. Two rates over different windows are of the same scale, but speak of different \
      times: after a change they disagree. The same for a part of one metric, `r{code=~"5.."}[1m]` over \
      `r[5m]`, whatever label selects it, and for a share whose sides have different offsets; one metric \
      without a condition more compares now with a while ago, and may.
      """,
    fires: [
      .query("sum(increase(errors_total[1m])) / sum(increase(requests_total[5m]))"),
      .query("sum(rate(errors_total[1m])) / sum(increase(requests_total[1m]))"),
      .query("sum(rate(errors_total[1m])) / sum(rate(requests_total[5m]))"),
      .query("sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[5m]))"),
      .query("sum(rate(r_total{tenant=\"a\"}[1m])) / sum(rate(r_total[5m]))"),
      .query("sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m] offset 5m))", interval: "5m"),
    ],
    quiet: [
      .query("sum(increase(errors_total[5m])) / sum(increase(requests_total[5m]))"),
      .query("sum(rate(latency_seconds_sum[1m])) / sum(rate(latency_seconds_count[1m]))"),
      .query("sum(rate(requests_total[1m])) / sum(workers)"),
      // Now against a while ago.
      .query("sum(rate(requests_total[5m])) / sum(rate(requests_total[1h]))", interval: "5m"),
      .query("sum(rate(requests_total[5m])) / sum(rate(requests_total[5m] offset 1d))", interval: "5m"),
      .query(
        "sum(rate(r_total{pod=~\"a.+\"}[5m])) / sum(rate(r_total{pod=~\"b.+\"}[5m] offset 1h))",
        interval: "5m"),
    ],
    .query { query in
      query.vectors.compactMap { part -> Advice? in
        guard case .arithmetic(.divide, let lhs, let rhs, _) = part.form,
          let numerator = CountedPart(lhs, query.facts.selections),
          let denominator = CountedPart(rhs, query.facts.selections),
          let above = numerator.counting.function, let below = denominator.counting.function,
          let window = numerator.counting.range, let other = denominator.counting.range
        else { return nil }
        // One metric over two windows compares now with before, unless it is a share of it.
        let isSameMetric =
          numerator.metric == denominator.metric && numerator.extra(beyond: denominator).isEmpty
        let isMoved =
          above == below && window == other && numerator.counting.time != denominator.counting.time
        if isMoved, numerator.isShare(of: denominator) {
          return query.advice(
            "the sides count at different times: this is no share of the same requests", at: part.site
          )
          .with(severity: .warning)
          .related(query.place(lhs.site), "at one time").related(query.place(rhs.site), "at another")
          .help("write the same offset on both sides, or none")
        }
        let counts = [above, below].contains(.increase)
        guard above != below && counts || (window != other && above == below && !isSameMetric) else {
          return nil
        }
        let message =
          above == below
          ? "the sides count over \(Shown.duration(window)) and over \(Shown.duration(other))"
          : "one side counts per second and the other one over its window: \(above) and "
            + "\(below)"
        return query.advice(message, at: part.site)
          .with(severity: counts ? .error : .warning)
          .related(query.place(lhs.site), "\(above) over \(Shown.duration(window))")
          .related(query.place(rhs.site), "\(below) over \(Shown.duration(other))")
          .help("write one function and one window on both sides")
      }
    })
}

extension CountedPart {
  /// Whether it counts some of what another part counts, apart from the time: of one metric by a condition
  /// more, of two by what their names say.
  fileprivate func isShare(of whole: CountedPart) -> Bool {
    guard metric == whole.metric else {
      return metric.flatMap { RequestMeaning.kind(ofName: $0) }
        != whole.metric.flatMap { RequestMeaning.kind(ofName: $0) }
    }
    return isPart(of: whole) && !extra(beyond: whole).isEmpty
  }
}
