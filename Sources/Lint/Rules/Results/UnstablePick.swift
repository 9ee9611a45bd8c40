import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let unstablePick = Rule(
    "MT039", "unstable-pick", .warning, "one of several series is picked, and not always the same one",
    why: """
      `topk(1, …)`, `bottomk` and `limitk` pass one series on as it is. Which one changes from tick to tick, \
      and `limitk` picks by a hash of the labels. `max(…)` and `min(…)` say the same without the label \
      noise, and yield one series whatever happens.
      """,
    fires: [.query("topk(1, rate(errors_total[1m]))"), .query("limitk(1, queue_length)")],
    quiet: [.query("max(rate(errors_total[1m]))")],
    .query { query in
      guard query.site.isMetric, let root = query.root, case .aggregate(let plan) = root.form else {
        return []
      }
      let instead: String
      switch plan.operation {
      case .topk: instead = "max(…)"
      case .bottomk: instead = "min(…)"
      case .limitk, .limitRatio: instead = "an aggregation of all series"
      case .simple, .quantile, .countValues: return []
      }
      return [
        query.advice("the series that is judged may be another one at each tick", at: root.site).help(
          "use \(instead)")
      ]
    })
}
