import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let noThreshold = Rule(
    "MT011", "threshold-missing", .error, "a metric has no usable threshold",
    why: """
      Without `thresholdRange` and without the old `threshold`, Flagger compares with 0: a template's value \
      above 0 fails, every success rate passes. An empty range, `{}`, passes everything. A `min` above the \
      `max` fails everything.
      """,
    fires: [
      .query("sum(rate(a_total[1m]))", metric: ""),
      .query("sum(rate(a_total[1m]))", metric: "thresholdRange: {}"),
      .query("sum(rate(a_total[1m]))", metric: "thresholdRange: {min: 5, max: 1}"),
    ],
    quiet: [
      .query("sum(rate(a_total[1m]))", metric: "thresholdRange: {min: 1, max: 5}"),
      .query("sum(rate(a_total[1m]))", metric: "threshold: 5"),
    ],
    .metric { metric in
      let value = metric.value
      guard let range = value.thresholdRange else {
        guard value.threshold == nil else { return [] }
        let effect: String
        switch value.builtIn {
        case .requestSuccessRate?: effect = "every success rate passes"
        case .requestDuration?: effect = "every request that takes a millisecond fails"
        case nil: effect = "every value above 0 fails"
        }
        return [
          metric.advice("the metric has no threshold: \(effect)", at: nil).help(
            "add thresholdRange with min or max")
        ]
      }
      guard let min = range.value.min?.value, let max = range.value.max?.value else {
        guard range.value.min == nil, range.value.max == nil else { return [] }
        return [
          metric.advice("the range is empty: every value passes", at: range.range, ".thresholdRange").help(
            "add min or max")
        ]
      }
      guard min > max else { return [] }
      return [
        metric.advice(
          "min \(Shown.number(min)) is above max \(Shown.number(max)): every value fails", at: range.range,
          ".thresholdRange"
        )
        .help("swap them")
      ]
    })

  static let durationThreshold = Rule(
    "MT050", "duration-threshold", .error, "a bound of request-duration is cut to whole milliseconds",
    why: """
      `request-duration` is compared in milliseconds, cut to whole ones: `max: 0.5`, half a second to its \
      author, becomes 0 ms, and every request is too slow.
      """,
    fires: [
      .manifests(
        BuiltInExample.canary(
          metric: "- name: request-duration\n      interval: 1m\n      thresholdRange: {max: 0.5}"))
    ],
    quiet: [
      .manifests(
        BuiltInExample.canary(
          metric: "- name: request-duration\n      interval: 1m\n      thresholdRange: {max: 500}"))
    ],
    .metric { metric in
      guard metric.value.builtIn == .requestDuration else { return [] }
      let bounds = [
        metric.value.thresholdRange?.value.max, metric.value.thresholdRange?.value.min,
        metric.value.threshold,
      ].compactMap { $0 }
      return bounds.compactMap { bound in
        guard bound.value != bound.value.rounded(.towardZero) else { return nil }
        let whole = Shown.number(bound.value.rounded(.towardZero))
        let advice = metric.advice(
          "request-duration is in milliseconds: \(Shown.number(bound.value)) is cut to \(whole) ms",
          at: bound.range, ".thresholdRange")
        guard bound.value.magnitude < 1 else { return advice.with(severity: .warning).help("write \(whole)") }
        return advice.help("write \(Shown.number(bound.value * 1000)) if seconds were meant")
      }
    })

  static let oldThreshold = Rule(
    "MT053", "deprecated-threshold", .warning,
    "`threshold` is deprecated, and its direction depends on the metric",
    why: """
      `threshold: 99` is a minimum for `request-success-rate` and a maximum for everything else. With \
      `thresholdRange` beside it, it is ignored.
      """,
    fires: [.query("sum(rate(a_total[1m]))", metric: "threshold: 5")],
    quiet: [.query("sum(rate(a_total[1m]))", metric: "thresholdRange: {max: 5}")],
    .metric { metric in
      guard let threshold = metric.value.threshold else { return [] }
      if metric.value.thresholdRange != nil {
        return [
          metric.advice(
            "thresholdRange is there too: threshold is ignored", at: threshold.range, ".threshold"
          ).help("remove it")
        ]
      }
      let side = (metric.value.builtIn?.thresholdSide ?? .ofQueries).rawValue
      let replacement = "thresholdRange: {\(side): \(Shown.number(threshold.value))}"
      return [
        metric.advice("threshold is deprecated, and means \(side) here", at: threshold.range, ".threshold")
          .help("write \(replacement)")
          .fix(
            "write \(replacement)", isSafe: true,
            metric.key("threshold", before: threshold.range).map { Fix.Edit($0.0, $0.1, replacement) })
      ]
    })
}

extension MetricSubject {
  /// From a key to the end of its value; nil when the key does not stand right before it.
  fileprivate func key(_ key: String, before value: SourceRange?) -> (ManifestSource, SourceRange)? {
    guard let source = canary.canary.origin?.source, let value else { return nil }
    let prefix = Array("\(key):".utf8)
    var start = value.start
    while start > 0, source.bytes[start - 1] == 0x20 { start -= 1 }
    start -= prefix.count
    guard start >= 0, source.bytes[start..<start + prefix.count].elementsEqual(prefix) else { return nil }
    return (source, SourceRange(start, value.end))
  }
}

/// A canary for examples, without templates.
enum BuiltInExample {
  static func canary(
    metric: String,
    analysis: String = "interval: 1m\n    threshold: 5\n    maxWeight: 50\n    stepWeight: 10",
    spec: String = "provider: istio",
    kind: String = "Deployment", name: String = "podinfo"
  ) -> String {
    """
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata:
      name: \(name)
      namespace: test
    spec:
      \(spec)
      targetRef:
        apiVersion: \(kind == "Service" ? "v1" : "apps/v1")
        kind: \(kind)
        name: \(name)
      service:
        port: 9898
      analysis:
        \(analysis)
        metrics:
        \(metric)

    """
  }

  static let successRate = "- name: request-success-rate\n      interval: 1m\n      thresholdRange: {min: 99}"
}
