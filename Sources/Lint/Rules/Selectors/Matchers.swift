import Manifests
import PromQL
import TimeSeries

extension LabelMatcher {
  /// Whether the label holds statuses of HTTP, of three digits.
  fileprivate var isOfStatus: Bool {
    RequestMeaning.values(of: name) != nil && (name.contains("code") || name.contains("status"))
      && !name.contains("grpc") && !name.contains("class") && !name.contains("exit")
  }
}

extension Rule {
  static let patternAsText = Rule(
    "MT030", "pattern-as-text", .error, "a pattern is compared as a text, or a text as a pattern",
    why: """
      `code="5.."` looks for a label whose value is five, dot, dot: nothing has it, and the check sees no \
      errors, ever. Patterns are anchored at both ends: `code=~"5"` is `code="5"` and matches no 500.
      """,
    subsumes: ["MT066", "MT083"],
    fires: [
      .query("sum(rate(r_total{code=\"5..\"}[1m]))"), .query("sum(rate(r_total{status=~\"5\"}[1m]))"),
      .query("sum(rate(r_total{code!=\"5.*\"}[1m]))"), .query("sum(rate(r_total{code=~\"^5|^4\"}[1m]))"),
      .query("sum(rate(r_total{code!~\"5$\"}[1m]))"),
      .rule("alert: Errors\nexpr: sum(rate(r_total{code=~\"[45]\"}[5m])) > 1"),
      .rule("alert: Errors\nexpr: sum(rate(r_total{route=\"cart|checkout\"}[5m])) > 1"),
    ],
    quiet: [
      .query("sum(rate(r_total{code=~\"5..\"}[1m]))"), .query("sum(rate(r_total{path=\"/api/v1.2\"}[1m]))"),
      .query("sum(rate(r_total{app=~\"{{ target }}\"}[1m]))"),
    ],
    .query { query in
      query.selectors.flatMap { selector in
        query.written(selector).compactMap { Self.patternAdvice(query, $0) }
      }
    })

  private static func patternAdvice(_ query: QuerySubject, _ written: WrittenMatcher) -> Advice? {
    let matcher = written.matcher
    switch matcher.operation {
    case .equal, .notEqual:
      guard matcher.name != LabelFacts.metricName, Self.looksLikePattern(matcher) else { return nil }
      let operation = matcher.operation == .equal ? "=~" : "!~"
      return query.advice(
        "\(matcher.operation.rawValue) compares texts: \"\(matcher.value)\" is no pattern here, and "
          + "\(matcher.operation == .equal ? "selects nothing" : "excludes nothing")",
        at: written.range
      )
      .with(severity: Self.isChoice(matcher) ? .warning : .error)
      .help("write \(matcher.name)\(operation)\"\(matcher.value)\"").fix(
        "write \(operation)", query.edit(written.operation, operation))
    case .matches, .matchesNot:
      guard matcher.isOfStatus, let digit = Self.meantClass(matcher) else { return nil }
      return query.advice(
        "patterns are anchored: \"\(matcher.value)\" matches no status such as \(digit)00", at: written.range
      )
      .help("write \"\(digit)..\"").fix(
        "write \(digit)..",
        matcher.value.utf8.allSatisfy({ $0 &- 48 < 10 || $0 == UInt8(ascii: "^") || $0 == UInt8(ascii: "$") })
          ? query.edit(written.value, "\"\(digit)..\"") : nil)
    }
  }

  /// The first digit of the class of statuses that a pattern was meant for: one that accepts none of 100 to
  /// 599, but the beginning of some.
  private static func meantClass(_ matcher: LabelMatcher) -> Int? {
    guard let pattern = matcher.pattern else { return nil }
    func accepts(_ number: Int) -> Bool { pattern.matches(Array(String(number).utf8)[...]) }
    guard !(100..<600).contains(where: accepts) else { return nil }
    return (1...5).first(where: accepts) ?? (10...59).first(where: accepts).map { $0 / 10 }
  }

  /// Whether nobody would call something so: `5..`, `2.*`, `a|b`, `5[0-9]+`.
  private static func looksLikePattern(_ matcher: LabelMatcher) -> Bool {
    let value = matcher.value
    if value.contains(".*") || value.contains(".+") || value.contains("[0-9]") || value.contains("\\d") {
      return true
    }
    let isOutcome = RequestMeaning.values(of: matcher.name) != nil
    return isChoice(matcher)
      || isOutcome && (value.contains("|") || value.hasSuffix("..") || value.hasPrefix("^"))
  }

  /// Whether names stand with bars between, `cart|checkout`, on a label that does not say how requests ended:
  /// somebody may call something so.
  private static func isChoice(_ matcher: LabelMatcher) -> Bool {
    let names = matcher.value.split(separator: "|", omittingEmptySubsequences: false)
    return names.count > 1 && RequestMeaning.values(of: matcher.name) == nil
      && names.allSatisfy { name in
        !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || "_-./".contains($0) }
      }
  }

  static let loosePattern = Rule(
    "MT066", "loose-pattern", .info, "a pattern says more than it means",
    why: """
      Patterns are anchored at both ends by themselves, so `^` and `$` add nothing. `=~".*"` accepts \
      everything, a missing label too. Neither is wrong; both make a reader look twice.
      """,
    fires: [
      .query("sum(rate(r_total{code=~\"^5..$\"}[1m]))"), .query("sum(rate(r_total{code=~\".*\"}[1m]))"),
    ],
    quiet: [.query("sum(rate(r_total{code=~\"5..\"}[1m]))"), .query("sum(rate(r_total{code=~\".+\"}[1m]))")],
    .query { query in
      guard query.site.isMetric else { return [] }
      return query.selectors.flatMap { selector in
        query.written(selector).compactMap { written in
          let matcher = written.matcher
          guard matcher.pattern != nil else { return nil }
          if matcher.operation == .matches, LabelValues.acceptsAll(matcher) {
            return query.advice(
              "the pattern \(matcher.value) accepts every value, and no value", at: written.range
            ).help("leave it out, or write .+")
          }
          guard
            matcher.value.hasPrefix("^") || (matcher.value.hasSuffix("$") && !matcher.value.hasSuffix("\\$")),
            !matcher.value.contains("|")
          else { return nil }
          var bare = matcher.value.hasPrefix("^") ? String(matcher.value.dropFirst()) : matcher.value
          if bare.hasSuffix("$"), !bare.hasSuffix("\\$") { bare = String(bare.dropLast()) }
          return query.advice("patterns are anchored by themselves", at: written.range).help(
            "write \"\(bare)\""
          )
          .fix(
            "leave out the anchors", isSafe: true,
            query.slice(written.value) == "\"\(matcher.value)\""
              ? query.edit(written.value, "\"\(bare)\"") : nil)
        }
      }
    })

  static let contradiction = Rule(
    "MT031", "contradiction", .error, "no series can satisfy all matchers",
    why: """
      `{code="500", code!~"5.."}` asks for what it excludes: the selector is empty whatever the data, and \
      with it every sum, rate and quotient above it. The check has no value, and fails at every tick. Two \
      patterns exclude each other in the same way, `=~"2.."` and `=~"5.."`: it is decided by what they \
      accept, whatever they look like.
      """,
    fires: [
      .query("sum(rate(r_total{code=~\"2..\",code=~\"5..\"}[1m]))"),
      .query("sum(rate(r_total{code=~\"5..\",code!~\"[45].*\"}[1m]))"),
      .query("sum(rate(r_total{code=~\".*\",code!~\".+\",code!=\"\"}[1m]))"),
      .query("sum(rate(r_total{code=\"500\",code!~\"5..\"}[1m]))"),
      .query("sum(rate(r_total{code=~\"a|b\",code!=\"a\",code!=\"b\"}[1m]))"),
    ],
    quiet: [
      .query("sum(rate(r_total{code=~\"5..\",code!=\"503\"}[1m]))"),
      .query("sum(rate(r_total{code=~\"[45]..\",code!~\"4.*\"}[1m]))"),
      .query("sum(rate(r_total{code=~\"a|b\",code!=\"a\"}[1m]))"),
    ],
    .query { query in
      query.selectors.compactMap { selector in
        guard let label = Contradiction.label(in: selector.matchers) else { return nil }
        let shown = selector.matchers.filter { $0.name == label }.map(\.description).joined(separator: ", ")
        return query.advice(
          selector.matchers.count { $0.name == label } == 1
            ? "no value of \(label) satisfies this matcher: nothing is selected, ever"
            : "no value of \(label) satisfies these matchers together: nothing is selected, ever",
          at: selector.site
        ).shown(shown)
      }
    })

  static let neverMatches = Rule(
    "MT032", "never-matches", .error, "the two sides of an operator can never meet",
    why: """
      Two vectors meet by labels. When one side always has a label that the other never has, because it was \
      aggregated away, or both have another value, no series finds a partner and the result is always empty. \
      `on (…)` or `ignoring (…)` says by which labels to meet.
      """,
    fires: [
      .query("sum by (job) (rate(a_total{job=\"x\"}[1m])) / sum(rate(b_total[1m]))"),
      .query("sum by (job) (rate(a_total{job=\"x\"}[1m])) / sum by (job) (rate(a_total{job=\"y\"}[1m]))"),
      .rule("alert: Share\nexpr: a{job=~\"x.*\"} / on (job) b{job=~\"y.*\"} > 1"),
      .rule("alert: Share\nexpr: a{job=\"x\"} / on (job) (b * on (pod) c{job=\"y\"}) > 1"),
      .group([
        "{record: 'job:a:rate5m', expr: 'sum by (job) (rate(a_total{job=\"x\"}[5m]))'}",
        "{alert: Share, expr: 'job:a:rate5m / on (job) b{job=\"y\"} > 1'}",
      ]),
    ],
    quiet: [
      .query("sum by (job) (rate(a_total[1m])) / on () group_left () sum(rate(b_total[1m]))"),
      .query("sum(rate(a_total{job=\"x\"}[1m])) / sum(rate(a_total{job=\"y\"}[1m]))"),
      .rule("alert: Share\nexpr: a{job=~\"x.*\"} / on (job) b{job=~\".*y\"} > 1"),
      .rule("alert: Share\nexpr: a{job!=\"x\"} / on (job) b{job!=\"y\"} > 1"),
      .rule(
        "alert: Share\nexpr: label_replace(a{job=\"x\"}, \"job\", \"y\", \"\", \"\") / on (job) b{job=\"y\"}"
      ),
    ],
    .query { query in
      query.vectors.compactMap { part in
        guard case .unmatchable(let label)? = part.facts.impossibility else { return nil }
        var advice = query.advice(
          "the sides never agree on \(label): the result is always empty", at: part.site)
        if case .arithmetic(_, let lhs, let rhs, _) = part.form {
          for side in [lhs, rhs] {
            guard let labels = query.vectors.first(where: { $0.site == side.site })?.facts.labels else {
              continue
            }
            let says: String
            switch labels[label] {
            case .absent: says = "no series here has \(label)"
            case .fixed(let value): says = "\(label) is \(value) here"
            case .certain, .possible:
              let conditions = labels.conditions(of: label).filter { $0.value != "" }
              if conditions.isEmpty, labels[label] == .possible { continue }
              says =
                conditions.isEmpty
                ? "every series here has \(label)"
                : "here \(conditions.map(\.description).joined(separator: ", "))"
            }
            advice = advice.related(query.place(side.site), says)
          }
        }
        return advice.help("say by which labels they meet: on (…) or ignoring (\(label))")
      }
    })

  static let noNamespace = Rule(
    "MT033", "no-namespace", .warning, "a selector names the workload and no namespace",
    why: """
      Names of workloads are unique in a namespace only. The same application in `staging`, scraped by the \
      same server, is counted in: its errors roll back the release in production, its idle pods hide errors \
      there.
      """,
    fires: [.query("sum(rate(r_total{app=\"{{ target }}\"}[1m]))")],
    quiet: [
      .query("sum(rate(r_total{app=\"{{ target }}\",namespace=\"{{ namespace }}\"}[1m]))"),
      .query("sum(rate(r_total{route=~\"kube_{{ namespace }}_{{ target }}\"}[1m]))"),
      .query(
        "sum(rate(r_total{app=\"{{ target }}\"}[1m]) * on (pod, uid) group_left () "
          + "kube_pod_labels{namespace=\"{{ namespace }}\"})"),
      .query("sum(rate(r_total{code=\"500\"}[1m]))"),
    ],
    .query { query in
      guard query.site.use == .template || query.site.use == .inline, let canary = query.site.canary else {
        return []
      }
      let names = [canary.targetName, canary.serviceName]
      return query.selectors.compactMap { selector in
        let matchers = selector.matchers.filter { $0.name != LabelFacts.metricName }
        guard matchers.contains(where: { matcher in names.contains { matcher.value.contains($0) } }),
          !matchers.contains(where: {
            $0.name.contains("namespace") || $0.name.contains("ns") || $0.value.contains(canary.namespace)
          })
        else { return nil }
        guard !query.isJoinedWithNamespace(selector, canary) else { return nil }
        return query.advice("the same name in another namespace is selected too", at: selector.site).help(
          "add namespace=\"{{ namespace }}\"")
      }
    })

  static let labelDialects = Rule(
    "MT034", "label-dialects", .warning, "labels of two ways of scraping are mixed",
    why: """
      Flagger's own Prometheus puts `kubernetes_namespace` and `kubernetes_pod_name` on what it scrapes, the \
      Prometheus Operator `namespace` and `pod`. No series has both, so a selector with one of each selects \
      nothing.
      """,
    fires: [.query("sum(rate(r_total{kubernetes_namespace=\"a\",pod=~\"b.*\"}[1m]))")],
    quiet: [.query("sum(rate(r_total{namespace=\"a\",pod=~\"b.*\"}[1m]))")],
    .query { query in
      query.selectors.compactMap { selector in
        let names = Set(selector.matchers.filter { !$0.acceptsEmpty }.map(\.name))
        let own = names.intersection(["kubernetes_namespace", "kubernetes_pod_name"])
        let others = names.intersection(["namespace", "pod"])
        guard query.site.isMetric, let one = own.sorted().first, let other = others.sorted().first else {
          return nil
        }
        return query.advice(
          "\(one) and \(other) come from different ways of scraping: hardly a series has both",
          at: selector.site)
      }
    })

  static let costlySelector = Rule(
    "MT045", "costly-selector", .warning, "a selector without a metric's name",
    why: """
      Without a name every series that the other matchers let through is read, whatever it measures. Flagger \
      waits 5 s; a check that takes longer fails. And the sum of requests, bytes and seconds means nothing.
      """,
    fires: [.query("sum({job=\"api\"})")],
    quiet: [.query("sum({__name__=\"up\", job=\"api\"})"), .query("sum({__name__=~\"a|b\"})")],
    .query { query in
      guard query.site.isMetric else { return [] }
      return query.selectors.compactMap { selector in
        guard !selector.matchers.contains(where: { $0.name == LabelFacts.metricName && !$0.acceptsEmpty })
        else { return nil }
        return query.advice("every metric with these labels is selected", at: selector.site).help(
          "name the metric")
      }
    })
}

extension QuerySubject {
  /// Whether the series of a selector are held, series by series, against others that name the namespace.
  fileprivate func isJoinedWithNamespace(_ selector: SelectorPart, _ canary: Canary) -> Bool {
    var at = selector.index
    while let parent = facts.nodes[at].parent {
      defer { at = parent }
      guard case .vector(let plan, _) = facts.nodes[parent].content else { continue }
      let labels: MatchLabels
      switch plan.form {
      case .arithmetic(_, _, _, let matching), .comparison(_, _, _, let matching, _): labels = matching.labels
      case .set(.and, _, _, let matching): labels = matching
      default: continue
      }
      guard labels != .on([]) else { continue }
      let others = facts.nodes[parent].children.filter { $0 != at }
      let areSeries = facts.nodes[parent].children.allSatisfy { index in
        if case .vector(_, let known) = facts.nodes[index].content {
          !known.labels.tellNothingApart
        } else {
          false
        }
      }
      let namesNamespace = others.flatMap { self.selectors(within: $0) }.contains { other in
        other.matchers.contains { $0.name.contains("namespace") && $0.value.contains(canary.namespace) }
      }
      if areSeries, namesNamespace { return true }
    }
    return false
  }
}
