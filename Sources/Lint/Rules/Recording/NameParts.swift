import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let recordedLevel = Rule(
    "MT117", "recorded-level", .info,
    "the name of a recorded metric says a label that its series do not have",
    why: """
      By convention the name of a recorded metric begins with the labels that are left: \
      `job_instance:http_requests:rate5m`. When `instance` was aggregated away, whoever reads the name asks \
      for a label that is not there. Only expressions over metrics of targets, names of three parts and \
      labels with one meaning everywhere are looked at.
      """,
    fires: [
      .rule("record: job_instance:requests:rate5m\nexpr: sum by (job) (rate(requests_total[5m]))"),
      .rule("record: instance:requests:rate5m\nexpr: sum without (instance) (rate(requests_total[5m]))"),
    ],
    quiet: [
      .rule("record: job:requests:rate5m\nexpr: sum by (job) (rate(requests_total[5m]))"),
      .rule("record: cluster:requests:rate5m\nexpr: sum(rate(requests_total[5m]))"),
      .rule(
        "record: namespace:requests:rate5m\nexpr: sum by (exported_namespace) (rate(requests_total[5m]))"),
      .rule("record: job:requests:rate5m\nexpr: sum(rate(requests_total[5m]))\nlabels: {job: api}"),
      .rule("record: instance:requests\nexpr: sum(rate(requests_total[5m]))"),
    ],
    .rules { rules in
      rules.rules.compactMap { rule in
        let parts = rule.name.split(separator: ":", omittingEmptySubsequences: false)
        guard rule.alerting == nil, parts.count == 3, let query = rule.query,
          let labels = query.facts.rootVector?.labels
        else { return nil }
        // What other rules recorded is called as it is.
        guard !query.selectors.contains(where: { $0.plan.metricName?.contains(":") ?? true }) else {
          return nil
        }
        let added = rule.written.rule.labels.map(\.name)
        let there = labels.known.filter { $0.value != .absent }.keys + added
        let word = parts[0].split(separator: "_").map(String.init).first { word in
          // Part of another label's name, such as exported_namespace.
          Self.levels.contains(word) && labels.lost(word) && !there.contains { $0.contains(word) }
        }
        guard let word else { return nil }
        let shown =
          labels.hasOthers
          ? "" : ": they have \(there.isEmpty ? "none" : there.sorted().joined(separator: ", "))"
        return rule.advice("the series have no label \(word)\(shown)", at: rule.written.name)
          .related(query.place(query.whole), "the expression")
          .help("keep \(word) in the expression, or leave it out of the name")
      }
    })

  /// Labels with one meaning; `cluster`, `node` or `service` often name what is summed up as a whole.
  private static let levels: Set<String> = [
    "job", "instance", "namespace", "pod", "container", "code", "method", "handler", "path", "device",
    "mountpoint",
  ]

  static let recordedOperation = Rule(
    "MT118", "recorded-operation", .info,
    "the name of a recorded metric says an operation that is not applied",
    why: """
      By convention the name of a recorded metric ends with what was done, the latest first: \
      `job:http_requests:rate5m`, `job:latency_seconds:avg`. Where the name says `rate` and the expression \
      takes an increase, or says `avg` over a sum, dashboards show another number than they say.
      """,
    fires: [
      .rule("record: job:requests:rate5m\nexpr: sum by (job) (increase(requests_total[5m]))"),
      .rule("record: job:depth:avg\nexpr: max by (job) (depth)"),
    ],
    quiet: [
      .rule("record: job:requests:rate5m\nexpr: sum by (job) (rate(requests_total[5m]))"),
      .rule("record: job:requests:sum_rate5m\nexpr: sum by (job) (rate(requests_total[5m]))"),
      .rule("record: job:depth:avg\nexpr: avg by (job) (depth)"),
      .rule("record: job:depth:avg\nexpr: sum by (job) (depth) / count by (job) (depth)"),
      .rule("record: job:depth:max\nexpr: max_over_time(depth[5m])"),
      .rule("record: job:cpus:sum\nexpr: count by (job) (cpu_info)"),
      .rule("record: job:requests:increase30d\nexpr: avg_over_time(job:requests:increase1h[30d]) * 24 * 30"),
    ],
    .rules { rules in
      rules.rules.compactMap { rule in
        let parts = rule.name.split(separator: ":", omittingEmptySubsequences: false)
        guard rule.alerting == nil, parts.count == 3, let query = rule.query else { return nil }
        for word in parts[2].split(separator: "_") {
          guard let applied = query.otherOperation(than: String(word.prefix { !$0.isNumber })) else {
            continue
          }
          return rule.advice("the name says \(word), the expression has \(applied)", at: rule.written.name)
            .related(query.place(query.whole), "the expression").help("make both the same")
        }
        return nil
      }
    })
}

extension QuerySubject {
  /// The operation that is applied where a name says another one of its kind; nil where the one that it says
  /// may be in the expression, or none of the kind is.
  fileprivate func otherOperation(than word: String) -> String? {
    let rates: Set<String> = ["rate", "irate", "increase", "delta", "deriv"]
    let aggregations: Set<String> = ["sum", "avg", "min", "max", "count"]
    guard rates.contains(word) || aggregations.contains(word) else { return nil }
    // What is selected may have been made by it.
    let isSelected = selectors.contains { selector in
      guard let name = selector.plan.metricName else { return true }
      return name.split { $0 == "_" || $0 == ":" }.contains { $0.hasPrefix(word) }
    }
    guard !isSelected else { return nil }
    var used: [String] = []
    var divides = false
    for part in vectors {
      switch part.form {
      case .window(let function, _, _): used.append(FunctionFamily.window(function).name)
      case .aggregate(let plan):
        if case .simple(let operation) = plan.operation {
          used.append(operation.rawValue)
        } else {
          return nil
        }
      case .arithmetic, .scalarArithmetic: divides = true
      case .foreign, .reading: return nil
      default: break
      }
    }
    guard !used.contains(word), !used.contains(word + "_over_time") else { return nil }
    if rates.contains(word) { return used.first { rates.contains($0) } }
    // An average may be a quotient, a count of ones a sum.
    let others = used.filter { aggregations.contains($0) }
    guard !divides, let last = others.last else { return nil }
    return Set([word, last]) == ["sum", "count"] ? nil : last
  }
}
