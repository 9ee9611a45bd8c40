import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let subqueryStep = Rule(
    "MT036", "subquery-without-step", .info, "the step of a subquery is left to the server",
    why: """
      `[5m:]` takes the server's evaluation interval for its step, one minute unless configured. The same \
      query yields other numbers elsewhere, and in a replay.
      """,
    fires: [.query("max_over_time(sum(rate(a_total[1m]))[5m:])")],
    quiet: [.query("max_over_time(sum(rate(a_total[1m]))[5m:30s])")],
    .query { query in
      // In VictoriaMetrics it is the query's.
      guard query.site.isMetric, !query.options.isVictoriaMetrics else { return [] }
      return query.expression.nodes.compactMap { node in
        guard case .subquery(let subquery) = node.form, subquery.step == nil else { return nil }
        return query.advice("the step is the server's evaluation interval", at: node.range).help(
          "write it: [5m:30s]")
      }
    })

  static let featureFlag = Rule(
    "MT037", "needs-a-flag", .warning, "a query uses what a server has switched off",
    why: """
      Prometheus keeps new parts of the language behind flags. Without the flag the server answers with \
      status 400, at every tick.
      """,
    fires: [.query("max(mad_over_time(latency_seconds[1m]))"), .query("sum(rate(a_total[1m] anchored))")],
    quiet: [
      .query("max(stddev_over_time(latency_seconds[1m]))"), .query("sum(rate(a_total[1m * 2]))"),
      .query("max(mad_over_time(latency_seconds[1m]))").with { $0.features = [.experimentalFunctions] },
    ],
    .query { query in
      guard query.site.isMetric, !query.options.isVictoriaMetrics else { return [] }
      let ordinary = query.options.languageFeatures
      let feature: LanguageFeature?
      if (try? Expression.parse(query.expression.text, features: ordinary)) == nil {
        feature = LanguageFeature.allCases.filter { !ordinary.contains($0) }.first { feature in
          let others = LanguageFeatures.all.subtracting([feature])
          return (try? Expression.parse(query.expression.text, features: others)) == nil
        }
      } else {
        feature = nil
      }
      guard let feature else { return [] }
      return [
        query.advice(
          "a server without --enable-feature=\(feature.rawValue) refuses this query", at: query.whole
        )
        .help("make sure that the server has the flag, or write the query without it")
      ]
    })

  static let smoothedNow = Rule(
    "MT038", "smoothed-now", .warning, "`smoothed` needs samples of the future",
    why: """
      `smoothed` interpolates between the samples around both ends of the window. A gate asks for now: there \
      is no sample behind the end, so that the last stretch is guessed, and the same query gives another \
      number a minute later.
      """,
    fires: [.query("sum(rate(a_total[1m] smoothed))")], quiet: [.query("sum(rate(a_total[1m] anchored))")],
    .query { query in
      guard query.site.isMetric else { return [] }
      return query.selectors.compactMap { selector in
        guard selector.plan.edges == .smoothed else { return nil }
        return query.advice(
          "at the time of a check there is no sample behind the end of the window", at: selector.site
        ).help("use anchored, or neither")
      }
    })

  static let otherTime = Rule(
    "MT041", "other-time", .warning, "the query looks at another time than now",
    why: """
      `@` pins a query to one instant: every tick of every rollout judges the same numbers. An offset on \
      everything that is selected judges what was there before the canary, and a negative one what is yet to \
      come. In a rule a negative offset finds nothing either: rules are evaluated now.
      """,
    fires: [
      .query("sum(rate(a_total[1m] @ 1700000000))"), .query("sum(rate(a_total[1m] offset 1h))"),
      .query("sum(rate(a_total[1m] offset -5m))"), .rule("alert: Down\nexpr: up offset -5m == 0"),
    ],
    quiet: [
      .query("sum(rate(a_total[1m])) / sum(rate(a_total[1m] offset 1h))"), .query("sum(rate(a_total[1m]))"),
      .rule("alert: Few\nexpr: a < 0.5 * a offset 1d"),
      .rule("record: job:a:old\nexpr: sum by (job) (a offset 1d)"),
      .rule("alert: Few\nexpr: max_over_time((a offset -5m)[1h:] offset 1h) < 1"),
    ],
    .query { query in
      if query.site.isRule {
        return query.selectors.filter { selector in
          selector.plan.time.at == nil && selector.plan.time.offset < 0
            && !query.ancestors(selector.index).contains { $0.isSubquery }
        }.map {
          query.advice("a negative offset looks at what is yet to come: there is nothing", at: $0.site)
            .help("leave it out")
        }
      }
      guard query.site.isMetric else { return [] }
      let selectors = query.selectors
      var found: [Advice] = []
      for selector in selectors {
        if selector.plan.time.at != nil, query.slice(selector.site).contains("@"),
          !query.slice(selector.site).contains("end()"), !query.slice(selector.site).contains("start()")
        {
          found.append(
            query.advice(
              "@ pins the check to one instant: it judges the same numbers at every tick", at: selector.site
            ).with(severity: .error).help("leave it out"))
        } else if selector.plan.time.offset < 0 {
          found.append(
            query.advice("a negative offset looks at what is yet to come", at: selector.site).help(
              "leave it out"))
        }
      }
      if found.isEmpty, let first = selectors.first, selectors.allSatisfy({ $0.plan.time.offset > 0 }) {
        found.append(
          query.advice(
            "everything is looked up \(Shown.duration(first.plan.time.offset)) ago: what was there before "
              + "the canary is judged",
            at: first.site
          )
          .help("leave the offset out"))
      }
      return found
    })
}

extension PlanFacts.Node {
  /// Whether it takes windows of something evaluated at other times.
  fileprivate var isSubquery: Bool {
    if case .windows(let plan, _) = content, case .subquery = plan.form { true } else { false }
  }
}
