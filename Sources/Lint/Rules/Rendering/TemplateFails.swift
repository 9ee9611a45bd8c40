import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let templateFails = Rule(
    "MT001", "template-fails", .error, "a template yields no query",
    why: """
      The query is a Go template. When it cannot be read or rendered, Flagger has nothing to ask: the check \
      fails at every tick, and after `threshold` ticks a healthy release is rolled back. Only `name`, \
      `namespace`, `target`, `service`, `ingress`, `route`, `interval` and `variables` exist besides Go's \
      own functions, all in lower case, none with a dot in front.
      """,
    fires: [
      .query("sum(rate(http_requests_total{namespace=\"{{ Namespace }}\"}[1m]))"),
      .query("sum(x{a=\"{{ variables.limit }}\"})"),
    ],
    quiet: [
      .query("sum(rate(http_requests_total{namespace=\"{{ namespace }}\"}[{{ interval }}]))"),
      .query(
        "sum(x{a=\"{{ variables.limit }}\"})",
        metric: "templateVariables: {limit: a}\nthresholdRange: {max: 500}"),
    ],
    .failure { site, failure, _ in
      guard case .unrendered(let error) = failure else { return [] }
      let place = Place(site.source, site.text.fileRange(error.range) ?? site.text.range)
      var advice = site.advice(error.message, at: place)
      if let key = StandInValues.missingKey(error.message) {
        advice = advice.related(
          site.canaryPlace(site.metric?.value.name.range), "this metric has no such variable"
        )
        .help("add \(key) to the metric's templateVariables")
      } else if let name = error.message.split(separator: "\"").dropFirst().first,
        let nearest = FlaggerFunctionNames.nearest(to: String(name))
      {
        advice = advice.help("write {{ \(nearest) }}")
      }
      return [advice]
    })
}

/// The functions that Flagger adds to Go's.
enum FlaggerFunctionNames {
  static let all = ["name", "namespace", "target", "service", "ingress", "route", "interval", "variables"]

  static func nearest(to name: String) -> String? {
    let word = name.lowercased()
    return all.first { $0 == word } ?? all.first { $0.hasPrefix(word.prefix(5)) && word.count >= 5 }
  }
}
