import Manifests
import PromQL

extension Rule {
  static let analysisCondition = Rule(
    "MT121", "analysis-condition", .error,
    "a condition of an AnalysisTemplate that no value meets, or every value",
    why: """
      A quotient of a part and its whole lies between 0 and 1. `successCondition: result[0] >= 95` then \
      fails every release, and `failureCondition: result[0] > 5` none: the factor 100 is missing. A \
      condition that takes a high share of failures for a success, or a low share of successes, is the wrong \
      way round. With neither condition every measurement is a success.
      """,
    fires: [
      .manifests(analysis("successCondition: result[0] >= 95", query: succeeded)),
      .manifests(analysis("failureCondition: result[0] > 5", query: failed)),
      .manifests(analysis("successCondition: result[0] >= 0.95", query: "(\(succeeded)) * 100")),
      .manifests(analysis("successCondition: result[0] <= 0.05", query: succeeded)),
      .manifests(analysis("failureCondition: result[0] < 0.9 || result[0] < 0.8", query: failed)),
      .manifests(analysis("successCondition: \"all(result, # <= 100)\"", query: failed)),
      .manifests(
        analysis(
          "successCondition: len(result) == 0 || isNaN(result[0]) || result[0] >= 95", query: succeeded)),
      .manifests(analysis("successCondition: default(result[0], 100) >= 95", query: succeeded)),
      .manifests(analysis("interval: 1m", query: failed)),
    ],
    quiet: [
      .manifests(analysis("successCondition: result[0] >= 0.95", query: succeeded)),
      .manifests(analysis("failureCondition: result[0] > 0.05", query: failed)),
      .manifests(analysis("successCondition: result[0] >= 95", query: "(\(succeeded)) * 100")),
      .manifests(analysis("successCondition: len(result) == 0 || result[0] < 0.05", query: failed)),
      .manifests(analysis("successCondition: isNaN(result[0]) || result[0] >= 0.95", query: succeeded)),
      .manifests(analysis("successCondition: result[0] * 100 >= 95", query: succeeded)),
      .manifests(analysis("successCondition: result[0] < 500", query: "sum(rate(a_total[1m]))")),
    ],
    .query { query in
      guard let judgement = query.site.judgement, let root = query.root else { return [] }
      guard judgement.success != nil || judgement.failure != nil else {
        let place = Place(query.site.source, judgement.name ?? query.site.text.range)
        return [
          query.site.advice("there is no condition: every measurement is a success", at: place)
            .with(severity: .warning).help("add successCondition or failureCondition")
        ]
      }
      let values = root.facts.values
      guard values.lower <= values.upper else { return [] }
      let judged = JudgedCondition.all(of: judgement)
      return judged.compactMap { condition -> Advice? in
        guard let problem = condition.problem(values, root.facts, isAlone: judged.count == 1) else {
          return nil
        }
        let place = Place(query.site.source, condition.text.range ?? query.site.text.range)
        var advice = query.site.advice(problem.message, at: place)
          .related(query.place(root.site), "this is compared")
          .shown(
            "the query yields \(end(values.lower)) to \(end(values.upper))")
        if let help = problem.help { advice = advice.help(help) }
        return advice.with(severity: problem.severity)
      }
    })

  private static func end(_ value: Double) -> String {
    value.isFinite ? Shown.number(value) : value < 0 ? "-Inf" : "+Inf"
  }

  private static let succeeded = "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m]))"
  private static let failed = "sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m]))"

  private static func analysis(_ condition: String, query: String) -> String {
    """
    apiVersion: argoproj.io/v1alpha1
    kind: AnalysisTemplate
    metadata:
      name: errors
    spec:
      metrics:
      - name: errors
        \(condition)
        provider:
          prometheus:
            address: http://prometheus:9090
            query: \(query)

    """
  }
}

/// One of the two conditions of an analysis' metric.
private struct JudgedCondition {
  var isSuccess: Bool
  var text: Located<String>
  var condition: ConditionText

  static func all(of judgement: ForeignQuery.Judgement) -> [JudgedCondition] {
    [(true, judgement.success), (false, judgement.failure)].compactMap { isSuccess, text in
      text.map { JudgedCondition(isSuccess: isSuccess, text: $0, condition: ConditionText($0.value)) }
    }
  }

  private var name: String { isSuccess ? "successCondition" : "failureCondition" }

  /// What is wrong with it; nil for what may decide.
  func problem(
    _ values: ValueFacts, _ facts: VectorFacts, isAlone: Bool
  ) -> (message: String, severity: Diagnostic.Severity, help: String?)? {
    guard !condition.comparisons.isEmpty else { return nil }
    let share = facts.share
    let scale =
      share.flatMap { share in
        !share.isPartOfWhole
          ? nil
          : share.whole == 1
            ? "multiply the query by 100, or write the bound as a share"
            : "write the bound in percent, or leave the factor out"
      }
    switch condition.truth(of: values.lower...values.upper) {
    case .always:
      let effect = isSuccess ? "no measurement fails" : "every measurement fails"
      // What a comparison in the query drops is an error of the measurement.
      guard !isSuccess || facts.empty.isDisjoint(with: [.filtered, .present]) else { return nil }
      let consequence = isSuccess && !isAlone ? "it decides nothing" : effect
      return ("every value meets \(name): \(consequence)", .error, scale)
    case .never:
      let effect =
        isSuccess ? "no measurement succeeds" : isAlone ? "no measurement fails" : "it decides nothing"
      return ("no value meets \(name): \(effect)", .error, scale)
    case .maybe: break
    }
    guard let share, share.isPartOfWhole else { return nil }
    // The best and the worst value of such a share.
    let (best, worst): (Double, Double)
    switch share.kind {
    case .succeeded: (best, worst) = (share.whole, 0)
    case .failed: (best, worst) = (0, share.whole)
    case .other: return nil
    }
    let (atBest, atWorst) = (condition.truth(of: best...best), condition.truth(of: worst...worst))
    let isTurned =
      isSuccess ? atBest == .never && atWorst == .always : atBest == .always && atWorst == .never
    if isTurned {
      let what = share.kind == .succeeded ? "successful" : "failed"
      return (
        "\(name) is the wrong way round: the value is the share of \(what) requests", .error,
        "turn the comparison round"
      )
    }
    if isSuccess, share.kind == .succeeded, share.whole == 100,
      let low = condition.comparisons.first(where: {
        ($0.operation == ">=" || $0.operation == ">") && $0.bound > 0 && $0.bound <= 1
      })
    {
      return (
        "the value is percent, and \(Shown.number(low.bound)) % is enough: a measurement fails only when "
          + "nearly everything does",
        .error, "write \(Shown.number(low.bound * 100)), or leave out the factor 100"
      )
    }
    return nil
  }
}
