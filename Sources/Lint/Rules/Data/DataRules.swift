import Evaluator
import Manifests
import PromQL
package import TimeSeries

extension Rule {
  static let neverSeen = Rule(
    "MT062", "never-seen", .error, "the recording has no such series",
    why: """
      A metric's name or a label's value that the recording never saw is most often a typo, or another \
      version of the exporter. The check has no value, and fails at every tick. Without a recording nobody \
      can know.
      """,
    fires: [.query("sum(rate(http_request_total[1m]))", data: requests)],
    quiet: [
      .query("sum(rate(http_requests_total[1m]))", data: requests),
      .query("sum(rate(http_requests_total{code=~\"5..\"}[1m])) or vector(0)", data: requests),
    ],
    .query { query in
      guard let data = query.data else { return [] }
      return query.selectors.compactMap { selector in
        guard !data.has(data.decidable(selector.matchers)), let name = selector.plan.metricName else {
          return nil
        }
        let nameOnly = [LabelMatcher(LabelFacts.metricName, equals: name)]
        guard data.has(nameOnly) else {
          let nearest = Spelling.nearest(to: name, among: data.names)
          return query.advice("the recording has no metric \(name)", at: selector.site).help(
            nearest.map { "did you mean \($0)?" } ?? "check the name")
        }
        guard query.site.isMetric else { return nil }
        for written in query.written(selector) where written.matcher.name != LabelFacts.metricName {
          guard data.isDecidable(written.matcher, of: nameOnly) else { continue }
          guard !data.has(nameOnly + [written.matcher]) else { continue }
          let values = data.values(of: written.matcher.name, in: nameOnly)
          // A status that no request has had yet is no mistake.
          let isOutcome = RequestMeaning.values(of: written.matcher.name) != nil
          if isOutcome, !values.isEmpty, query.hasFallback(selector) { continue }
          let seen =
            values.isEmpty
            ? "the label \(written.matcher.name) is never there"
            : "seen: \(values.prefix(8).joined(separator: ", "))"
          return query.advice("no series of \(name) has \(written.matcher)", at: written.range)
            .with(severity: isOutcome && !values.isEmpty ? .warning : .error).shown(seen)
        }
        if query.hasFallback(selector) { return nil }
        return query.advice("no series of \(name) has all of these labels together", at: selector.site).with(
          severity: .warning)
      }
    })

  static let resultCount = Rule(
    "MT063", "result-count", .error, "over the recording the query does not yield exactly one series",
    why: "With a recording the query is evaluated at its newest sample: a gate wants exactly one number.",
    subsumes: ["MT005"],
    fires: [.query("sum by (pod) (rate(http_requests_total[1m]))", data: requests)],
    quiet: [.query("sum(rate(http_requests_total[1m]))", data: requests)],
    .query { query in
      guard let data = query.data, !data.isExposition, query.site.isMetric, query.root != nil,
        let result = try? QueryEngine().instant(query.expression.text, at: data.time, over: data.source),
        case .vector(_, let samples) = result.value
      else { return [] }
      switch samples.count {
      case 1: return []
      case 0:
        // What is missing altogether is said by its selector.
        guard query.selectors.allSatisfy({ data.has($0.matchers) }) else { return [] }
        return [
          query.advice("over the recording the query yields nothing at \(data.timeText)", at: query.whole)
            .with(severity: .warning).help("promgate explain --data says which part is empty, and why")
        ]
      default:
        let shown =
          samples.prefix(3).map(\.labels.description).joined(separator: "\n")
          + (samples.count > 3 ? "\n…" : "")
        return [
          query.advice("over the recording the query yields \(samples.count) series", at: query.whole).shown(
            shown
          ).help("aggregate them")
        ]
      }
    })

  static let largestBucket = Rule(
    "MT023", "threshold-above-buckets", .error, "the threshold is above the largest finite bucket",
    why: """
      A quantile that falls into the bucket `+Inf` is reported as the bound of the bucket before it. With \
      buckets up to 10 s the quantile is never more than 10: a `max` of 10 or above never fails, however \
      slow the release.
      """,
    fires: [
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[1m])))",
        metric: "thresholdRange: {max: 30}", data: buckets)
    ],
    quiet: [
      .query(
        "histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[1m])))",
        metric: "thresholdRange: {max: 0.5}", data: buckets)
    ],
    .query { query in
      guard let data = query.data, query.site.isMetric, let max = query.site.limits?.max,
        let (quantile, factor) = query.rootQuantile
      else { return [] }
      let bounds = query.selectors(within: quantile.index).flatMap { data.values(of: "le", in: $0.matchers) }
        .compactMap(Double.init).filter(\.isFinite)
      guard let largest = bounds.max(), max.value >= largest * factor else { return [] }
      return [
        query.advice(
          "the largest finite bucket is \(Shown.number(largest)): the value never exceeds "
            + "\(Shown.number(largest * factor)), and the check never fails",
          at: quantile.site
        )
        .related(query.site.canaryPlace(max.range), "above every value").help(
          "lower the threshold, or add buckets above it")
      ]
    })

  private static let requests =
    "# TYPE http_requests counter\n"
    + (0..<20).flatMap { step in
      ["a", "b"].map { "http_requests_total{code=\"200\",pod=\"\($0)\"} \(step) \(step * 15)\n" }
    }.joined() + "# EOF\n"

  private static let buckets =
    "# TYPE latency_seconds histogram\n"
    + (0..<20).flatMap { step in
      ["0.1", "1.0", "10.0", "+Inf"].map { "latency_seconds_bucket{le=\"\($0)\"} \(step) \(step * 15)\n" }
    }.joined() + "# EOF\n"
}

extension QuerySubject {
  /// Whether something stands in for a selector's series while there are none.
  fileprivate func hasFallback(_ selector: SelectorPart) -> Bool {
    ancestors(selector.index).contains { node in
      if case .vector(let plan, _) = node.content, case .set(.or, _, _, _) = plan.form { true } else { false }
    }
  }

  /// The quantile that the query yields, and by what it is multiplied.
  fileprivate var rootQuantile: (VectorPart, Double)? {
    guard var part = root else { return nil }
    var factor = 1.0
    while true {
      let inner: VectorPlan
      switch part.form {
      case .histogramQuantile: return (part, factor)
      case .scalarArithmetic(.multiply, let plan, .number(let number), _):
        factor *= number
        inner = plan
      case .scalarArithmetic(.divide, let plan, .number(let number), .right):
        factor /= number
        inner = plan
      default: return nil
      }
      guard factor > 0, factor.isFinite,
        let next = vectors.last(where: { $0.site == inner.site && $0.index < part.index })
      else { return nil }
      part = next
    }
  }
}

extension LintData {
  /// Whether any series satisfies the matchers, at any time.
  func has(_ matchers: [LabelMatcher]) -> Bool { !labels(matchers).isEmpty }

  /// The matchers that can be looked up: a target that is asked directly lacks the labels that a scrape adds.
  func decidable(_ matchers: [LabelMatcher]) -> [LabelMatcher] {
    let names = matchers.filter { $0.name == LabelFacts.metricName }
    return matchers.filter { isDecidable($0, of: names) }
  }

  func isDecidable(_ matcher: LabelMatcher, of metric: [LabelMatcher]) -> Bool {
    !isExposition || matcher.name == LabelFacts.metricName || !values(of: matcher.name, in: metric).isEmpty
  }

  private func labels(_ matchers: [LabelMatcher]) -> [Labels] {
    (try? source.select(Selection(matchers: matchers, after: .min, through: .max)).labels) ?? []
  }

  /// The names of the labels of some series, in order; without the metric's own.
  package func labelNames(in matchers: [LabelMatcher]) -> [String] {
    Set(labels(matchers).flatMap { $0.pairs.map(\.name) }).subtracting([LabelFacts.metricName]).sorted()
  }

  /// The values of a label, ascending.
  package func values(of label: String, in matchers: [LabelMatcher]) -> [String] {
    Set(labels(matchers).compactMap { $0[label] }).sorted()
  }

  /// The names of all metrics.
  package var names: Set<String> {
    guard let any = try? LabelMatcher(LabelFacts.metricName, .notEqual, "") else { return [] }
    return Set(labels([any]).compactMap(\.metricName))
  }

  var timeText: String { CalendarTime.rfc3339(milliseconds: time) }
}
