import Gate
import Manifests
import PromQL

extension Rule {
  static let matchesAll = Rule(
    "MT120", "match-without-condition", .error, "an A/B test has no condition on who gets the canary",
    why: """
      A cluster drops keys without a value: `match:` left empty is no match at all, and the A/B test becomes \
      a blue/green rollout, in which all requests go over at once. `headers:` left empty is a match that has \
      no condition: each entry of `match` is enough for a request to go to the canary, so that all of them \
      do. ingress-nginx takes headers only, and without one it sends nothing.
      """,
    fires: [
      .manifests(tested("match:\n    - headers:")), .manifests(tested("match:")),
      .manifests(tested("match:\n    - {}")),
      .manifests(tested("match:\n    - headers: {x-user: {exact: test}}\n    - headers: {x-user: }")),
    ],
    quiet: [
      .manifests(tested("match:\n    - headers: {x-user: {exact: test}}")),
      .manifests(tested("match:\n    - sourceLabels: {app: web}")),
      .manifests(tested("mirror: false")),
    ],
    .canary { canary in
      let analysis = canary.analysis
      guard analysis.effectiveIterations > 0 else { return [] }
      if let range = analysis.emptyMatch {
        return [
          canary.advice(
            "match is left empty: this is no A/B test, all requests go to the canary at once", at: range,
            ".spec.analysis.match"
          ).help("add a condition: headers: {x-canary: {exact: insider}}, or remove match")
        ]
      }
      return (analysis.match?.value ?? []).compactMap { match in
        guard match.value.isUnconditional else { return nil }
        let observer = ObserverChoice(for: canary.canary, globalProvider: canary.options.meshProvider)
          .observer
        return canary.advice(
          observer == .nginx
            ? "this match has no condition: no request goes to the canary"
            : "this match has no condition: every request goes to the canary",
          at: match.range, ".spec.analysis.match"
        ).help("add a condition: headers: {x-canary: {exact: insider}}")
      }
    })

  private static func tested(_ match: String) -> String {
    BuiltInExample.canary(
      metric: BuiltInExample.successRate,
      analysis: "interval: 1m\n    threshold: 5\n    iterations: 10\n    \(match)")
  }
}
