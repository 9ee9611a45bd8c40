import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let widerSide = Rule(
    "MT102", "sides-of-different-width", .error,
    "one side of a share counts more than the other besides what it is a share of",
    why: """
      The share of the canary's failures is its failures over *its* requests. With the requests of the whole \
      namespace below, a canary that fails every request at a weight of 10 is a share of 0.1; with the \
      failures of the whole namespace above, the primary's are counted against the canary. Both sides want \
      the same selectors but for what marks a failure.
      """,
    fires: [
      .query(
        "sum(rate(r_total{namespace=\"test\",app=\"{{ target }}\",code=~\"5..\"}[1m])) / "
          + "sum(rate(r_total{namespace=\"test\"}[1m]))"),
      .query(
        "sum(rate(r_total{namespace=\"test\",code!~\"5..\"}[1m])) / "
          + "sum(rate(r_total{namespace=\"test\",app=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(r_total{app=\"{{ target }}\",path=\"/pay\",code=~\"5..\"}[1m])) / "
          + "sum(rate(r_total{app=\"{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(nginx_ingress_controller_requests{ingress=\"x\",canary!=\"\",status=~\"5..\"}[1m])) / "
          + "sum(rate(nginx_ingress_controller_requests{ingress=\"x\"}[1m]))"),
    ],
    quiet: [
      .query(
        "sum(rate(r_total{app=\"{{ target }}\",code=~\"5..\"}[1m])) / "
          + "sum(rate(r_total{app=\"{{ target }}\"}[1m]))"
      ),
      .query(
        "sum(rate(r_total{app=~\"{{ target }}\",code=~\"5..\"}[1m])) / "
          + "sum(rate(r_total{app=\"{{ target }}\"}[1m]))"
      ),
      // Which part of the traffic the canary gets.
      .query(
        "sum(rate(r_total{app=\"{{ target }}\"}[1m])) / "
          + "sum(rate(r_total{app=~\"{{ target }}(-primary)?\"}[1m]))"
      ),
    ],
    .query { query in
      guard query.site.use == .template || query.site.use == .inline, let canary = query.site.canary else {
        return []
      }
      return query.vectors.compactMap { part -> Advice? in
        guard case .arithmetic(.divide, let lhs, let rhs, _) = part.form,
          let numerator = CountedPart(lhs, query.facts.selections),
          let denominator = CountedPart(rhs, query.facts.selections), numerator.counting.function != nil,
          numerator.isMarked(beyond: denominator)
        else { return nil }
        let sides = [(numerator, denominator, true), (denominator, numerator, false)]
        for (narrow, wide, isBelow) in sides {
          guard let matcher = narrow.narrowing(beyond: wide, canary) else { continue }
          let isRequest = LabelKind.requests.contains(matcher.name.plainLabel)
          return query.advice(
            "\(isBelow ? "the divisor" : "the numerator") counts what \(matcher.description) leaves out "
              + "\(isBelow ? "above" : "below"): this is no share of the same requests",
            at: part.site
          )
          .with(severity: isRequest ? .warning : .error)
          .related(query.place(narrow.selectorSite), "with \(matcher.description)")
          .related(query.place(wide.selectorSite), "without")
          .help("write the same selectors on both sides, but for what marks a failure")
        }
        return nil
      }
    })
}

extension CountedPart {
  /// Whether it counts requests that went one way, of those that the whole counts.
  fileprivate func isMarked(beyond whole: CountedPart) -> Bool {
    if complement != nil { return true }
    let marks = matchers.filter { matcher in
      RequestMeaning.kind(of: matcher).map { $0 != .other } ?? false && !whole.matchers.contains(matcher)
    }
    if !marks.isEmpty { return true }
    let named = metric.flatMap { RequestMeaning.kind(ofName: $0) }
    return named != nil && named != whole.metric.flatMap { RequestMeaning.kind(ofName: $0) }
  }

  /// A condition on whose requests are counted that another part has not; of one metric on anything that
  /// requests are told by.
  fileprivate func narrowing(beyond wide: CountedPart, _ canary: Canary) -> LabelMatcher? {
    let isSameMetric = metric == wide.metric
    guard isSameMetric || !wide.matchers.contains(where: { Telling.names($0, canary) }) else { return nil }
    return matchers.first { matcher in
      let label = matcher.name.plainLabel
      guard RequestMeaning.values(of: matcher.name) == nil, matcher.name != LabelFacts.metricName,
        Telling.names(matcher, canary)
          || (isSameMetric
            && (matcher.tellsByCanary || LabelKind.namespaces.contains(label)
              || LabelKind.scopes.contains(label)
              || LabelKind.requests.contains(label) || Identity.Kind(label: matcher.name) != nil))
      else { return false }
      return LabelValues.imply(wide.matchers, matcher) == false
    }
  }
}

extension LabelMatcher {
  /// Whether it is about the canary by its label, as ingress-nginx's `canary!=""`, or by its value.
  fileprivate var tellsByCanary: Bool { name == "canary" || value.contains("canary") }
}
