import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let resultType = Rule(
    "MT004", "result-type", .error, "the query yields no instant vector",
    why: """
      Flagger reads the answers of instant vectors only. A number (`scalar(…)`, `time()`, `1`) or a text \
      cannot be read: the check fails at every tick. A range vector (`a[5m]`) is refused as "multiple \
      values". VictoriaMetrics answers a number as a vector, so the same query works there.
      """,
    fires: [.query("scalar(sum(rate(a[1m])))"), .query("rate_errors[1m]"), .query("time() - 5")],
    quiet: [.query("vector(1)"), .query("sum(rate(a[1m]))")],
    .query { query in
      guard query.site.isMetric else { return [] }
      switch query.plan.root {
      case .vector: return []
      case .scalar:
        guard !query.options.isVictoriaMetrics else { return [] }
        return [
          query.advice(
            "the query yields a number without a series, which Flagger cannot read", at: query.whole
          )
          .help("wrap it: vector(…)").fix(
            "wrap it in vector()", edits: query.wrap(query.whole, "vector(", ")"))
        ]
      case .windows:
        return [
          query.advice("the query yields a window of samples, which Flagger refuses", at: query.whole)
            .help("use a function of the window, such as rate or avg_over_time")
        ]
      case .string:
        return [query.advice("the query yields a text, which Flagger cannot read", at: query.whole)]
      }
    })
}

extension Advice {
  func fix(_ message: String, edits: [Fix.Edit]?) -> Advice {
    guard let edits else { return self }
    var copy = self
    copy.fixes.append(Fix(message, isSafe: false, edits))
    return copy
  }
}
