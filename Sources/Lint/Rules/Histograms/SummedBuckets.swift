import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let summedBuckets = Rule(
    "MT103", "buckets-summed", .error, "the buckets of a histogram are added to each other",
    why: """
      Buckets hold what smaller ones hold too: a request of 20 ms is in `le="0.05"`, in `le="0.1"` and in \
      every larger one. A sum over `le` counts it once for each of them, fast requests ten times and slow \
      ones once. `_count`, or the bucket `le="+Inf"`, has each request once; a quantile wants the buckets \
      apart, `sum by (le)`. In a share of such sums the factors do not cancel: failures that are answered at \
      once weigh more than slow successes.
      """,
    fires: [
      .query("sum(rate(latency_seconds_bucket[1m]))"),
      .query("sum(latency_seconds_bucket)"),
      .query("sum by (pod) (rate(latency_seconds_bucket{pod=\"a\"}[1m]))"),
      .query(
        "sum(rate(latency_seconds_bucket{code!~\"5..\"}[1m])) / sum(rate(latency_seconds_bucket[1m])) * 100",
        metric: "thresholdRange: {min: 99}"),
      .query("sum(rate(latency_seconds_bucket{le=~\"0.1|0.5\"}[1m])) / sum(rate(latency_seconds_count[1m]))"),
    ],
    quiet: [
      .query("histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[1m])))"),
      .query("sum(rate(latency_seconds_bucket{le=\"0.5\"}[1m])) / sum(rate(latency_seconds_count[1m]))"),
      .query(
        "sum(rate(latency_seconds_bucket{le=~\"1(\\\\.0)?\"}[1m])) / sum(rate(latency_seconds_count[1m]))"),
      .query("max(rate(latency_seconds_bucket[1m]))"), .query("sum(rate(latency_seconds_count[1m]))"),
    ],
    .query { query in
      var found = query.selectors.compactMap { selector in
        query.sumOfBuckets(selector).map { (selector, $0) }
      }
      var advice: [Advice] = []
      // Both sides of a share are one fault.
      for part in query.vectors {
        guard case .arithmetic(.divide, let lhs, let rhs, _) = part.form else { continue }
        let both = [lhs, rhs].flatMap { side in
          found.filter { side.site.start <= $0.1.site.start && $0.1.site.end <= side.site.end }
        }
        guard both.count == 2, both[0].1.index != both[1].1.index,
          both[0].0.plan.metricName == both[1].0.plan.metricName
        else { continue }
        found.removeAll { one in both.contains { $0.1.index == one.1.index } }
        advice.append(
          query.advice(
            "both sides add the buckets up: a request counts once for every bucket that holds it, so that "
              + "fast ones weigh most",
            at: part.site
          ).with(severity: .warning).help("add le=\"+Inf\" on both sides, or use the histogram's _count"))
      }
      for (selector, sum) in found {
        let name = selector.plan.metricName ?? ""
        advice.append(
          query.advice(
            "the buckets are added up: a request counts once for every bucket that holds it", at: sum.site
          )
          .related(query.place(selector.site), "buckets hold what smaller ones hold too")
          .help("use \(name.dropLast(7))_count, or one bucket, or sum by (le) inside histogram_quantile"))
      }
      return advice
    })

  static let bucketsTwice = Rule(
    "MT105", "buckets-counted-twice", .warning, "a sum of buckets over their count can exceed the whole",
    why: """
      Of an Apdex, those within T count whole and those within 4T half. The bucket of 4T holds those of T \
      too, so that the formula is `(b(T) + b(4T)) / 2 / count`: 0 ≤ b(T) ≤ b(4T) ≤ count keeps it between 0 \
      and 1. Without the half it reaches 2, and `b(T) + b(4T) / 2` reaches 1.5: a threshold that is meant \
      for a share passes releases that it should stop.
      """,
    fires: [
      .query(apdex("(", ") /"), metric: "thresholdRange: {min: 0.9}"),
      .query(apdex("(", " / 2) /"), metric: "thresholdRange: {min: 0.9}"),
      .query("100 * " + apdex("(", ") /"), metric: "thresholdRange: {min: 90}"),
    ],
    quiet: [
      .query(apdex("(", ") / 2 /"), metric: "thresholdRange: {min: 0.9}"),
      .query("50 * " + apdex("(", ") /"), metric: "thresholdRange: {min: 90}"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root, let share = root.facts.share, share.whole > 1,
        abs(share.whole - 100) > 1e-9, share.isPartOfWhole
      else { return [] }
      for part in query.vectors {
        guard case .arithmetic(.divide, let lhs, let rhs, _) = part.form,
          let sum = BucketTerms(lhs, rhs, query.facts.selections), let least = sum.bounds.first,
          let most = sum.bounds.last
        else { continue }
        return [
          query.advice(
            "this reaches \(Shown.number(share.whole)): what is in the bucket \(Shown.number(least)) is in "
              + "the bucket \(Shown.number(most)) too, and counts twice",
            at: lhs.site
          ).help("an Apdex is (b(T) + b(4T)) / 2 / count")
        ]
      }
      return []
    })

  private static func apdex(_ before: String, _ behind: String) -> String {
    before
      + "sum(rate(latency_seconds_bucket{le=\"0.3\"}[1m])) + "
      + "sum(rate(latency_seconds_bucket{le=\"1.2\"}[1m]))"
      + behind + " sum(rate(latency_seconds_count[1m]))"
  }
}

extension QuerySubject {
  /// Whether a name that ends in `_bucket` is a histogram's: it is taken for a counter, or its name says what
  /// is observed.
  private func isOfBuckets(_ selector: SelectorPart) -> Bool {
    if needsTwoSamples(selector) || selector.matchers.contains(where: { $0.name == "le" }) { return true }
    return ["seconds", "duration", "latency", "bytes", "size", "time"].contains {
      selector.plan.metricName?.contains($0) ?? false
    }
  }

  /// The aggregation that adds the buckets of a selector to each other; nil where none does.
  fileprivate func sumOfBuckets(_ selector: SelectorPart) -> VectorPart? {
    guard let name = selector.plan.metricName, name.hasSuffix("_bucket"),
      isOfBuckets(selector), !selector.matchers.contains(where: { $0.name == "vmrange" }),
      BucketBound.value(selector.matchers) == nil, LabelFacts(matchers: selector.matchers)["le"] != .absent
    else { return nil }
    if let type = data?.types[String(name.dropLast(7))], type != .histogram, type != .gaugehistogram {
      return nil
    }
    if let type = data?.types[name], type != .histogram { return nil }
    var around: [VectorPart] = []
    var next = facts.nodes[selector.index].parent
    while let at = next {
      if case .vector(let plan, let known) = facts.nodes[at].content {
        around.append(VectorPart(index: at, site: plan.site, form: plan.form, facts: known))
      }
      next = facts.nodes[at].parent
    }
    // Quantiles have words of their own for buckets without le.
    let hasQuantile = around.contains { part in
      switch part.form {
      case .histogramQuantile, .histogramQuantiles, .histogramFraction, .absent: true
      default: false
      }
    }
    guard !hasQuantile else { return nil }
    for part in around {
      guard case .aggregate(let plan) = part.form else { continue }
      switch plan.grouping {
      case .by(let labels) where labels.contains("le"): continue
      case .without(let labels) where !labels.contains("le"): continue
      case .by, .without: break
      }
      switch plan.operation {
      case .simple(.sum), .simple(.avg), .simple(.stddev), .simple(.stdvar), .quantile: return part
      case .simple, .countValues: return nil
      case .topk, .bottomk, .limitk, .limitRatio: continue
      }
    }
    return nil
  }
}
