import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let subqueryWindow = Rule(
    "MT122", "subquery-step-too-long", .error, "the steps of a subquery are longer than its range",
    why: """
      A subquery is evaluated at multiples of its step. With `[5m:10m]` five of ten minutes hold no such \
      multiple, and there is no value then; with `[5m:5m]` there is exactly one, and an average of one value \
      is that value. A rate needs two.
      """,
    fires: [
      .query("avg_over_time(sum(rate(a_total[1m]))[5m:10m])"),
      .query("max_over_time(sum(rate(a_total[1m]))[5m:5m])"),
      .query("deriv(sum(queue_length)[5m:3m])"),
      .rule("alert: Busy\nexpr: avg_over_time(sum(rate(a_total[1m]))[5m:10m]) > 5"),
    ],
    quiet: [
      .query("max_over_time(sum(rate(a_total[1m]))[5m:1m])"), .query("deriv(sum(queue_length)[5m:30s])"),
      .query("last_over_time(sum(rate(a_total[1m]))[5m:5m])"),
    ],
    .query { query in
      query.vectors.compactMap { part -> Advice? in
        guard case .window(let function, let windows, _) = part.form,
          case .subquery(let subquery) = windows.form
        else { return nil }
        let (range, step) = (subquery.range, subquery.step)
        let written = "[\(Shown.duration(range)):\(Shown.duration(step))]"
        let name = query.slice(part.site).prefix { $0 != "(" && $0 != " " }
        let advice: Advice
        if step > range {
          advice = query.advice(
            "\(written) holds a value \(Shown.duration(range)) out of \(Shown.duration(step)): "
              + "otherwise there is none",
            at: windows.site)
        } else if function.needsTwoSamples {
          guard range < 2 * step else { return nil }
          advice = query.advice(
            "\(written) holds \(range == step ? "one value" : "one value or two"), and \(name) needs two",
            at: windows.site)
        } else {
          guard range == step, function.foldsValues else { return nil }
          advice = query.advice("\(written) holds one value: \(name) changes nothing", at: windows.site)
            .with(severity: .warning)
        }
        return advice.help("make the step a fraction of the range")
      }
    })
}

extension WindowFunction {
  /// Whether it has no value with one sample.
  var needsTwoSamples: Bool {
    [.rate, .increase, .delta, .irate, .idelta, .deriv, .predictLinear].contains(self)
  }

  /// Whether of one value it makes that value.
  fileprivate var foldsValues: Bool {
    [.avgOverTime, .maxOverTime, .minOverTime, .sumOverTime, .quantileOverTime].contains(self)
  }
}
