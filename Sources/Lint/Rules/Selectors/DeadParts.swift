import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let deadPart = Rule(
    "MT089", "dead-part", .warning, "a part of an expression can never matter",
    why: """
      `vector(0) or sum(x)` is always 0: the left side of `or` is always there, and hides what is on the \
      right. `a unless b` leaves nothing out when no series of `a` can have the labels of one of `b`. \
      Either the sides stand in the wrong order, or the labels by which they meet were aggregated away. A \
      check of a canary that is always 0 is an error.
      """,
    fires: [
      .rule("record: job:errors:sum\nexpr: vector(0) or sum(errors_total)"),
      .rule(
        "alert: Down\nexpr: sum by (job) (up{job=\"a\"}) < 5 unless sum by (job) (maintenance{job=\"b\"})"),
      .query("vector(0) or sum(rate(errors_total{app=\"{{ target }}\"}[1m]))"),
    ],
    quiet: [
      .rule("record: job:errors:sum\nexpr: sum(errors_total) or vector(0)"),
      .rule("alert: Down\nexpr: up == 0 unless on (job) maintenance"),
      .rule("record: job:errors:sum\nexpr: vector(0) or sum by (job) (errors_total)"),
    ],
    .query { query in
      query.vectors.compactMap { part in
        guard case .set(let operation, _, let other, let matching) = part.form,
          operation == .or || !query.site.isMetric
        else { return nil }
        let sides = query.facts.nodes[part.index].children.compactMap { query.facts.vector($0) }
        guard sides.count == 2 else { return nil }
        switch operation {
        case .and: return nil
        case .or:
          guard sides[0].isExactlyOne, VectorFacts.alwaysMeet(sides[0].labels, sides[1].labels, matching)
          else {
            return nil
          }
          return query.advice("the left side is always there: this is never used", at: other.site)
            .with(severity: query.site.isMetric ? .error : .warning).help("write it in front of or")
        case .unless:
          guard let label = VectorFacts.unmatchable(sides[0].labels, sides[1].labels, matching) else {
            return nil
          }
          return query.advice("the sides never agree on \(label): nothing is ever left out", at: other.site)
            .help(
              "say by which labels they meet: unless on (…)")
        }
      }
    })

  static let needlessPattern = Rule(
    "MT083", "needless-pattern", .info, "a pattern where a text would do",
    why: """
      `job=~"api"` is `job="api"`, compared as a pattern. A pattern is anchored at both ends by itself, so \
      that `^` and `$` add nothing, and `=~".*"` leaves nothing out. `(api)`, `[a]pi` and `api\\.v1` accept \
      one text, `api|api` and `api|a.*` say something twice. Whoever reads it looks twice, for what the \
      pattern may be there for.
      """,
    fires: [
      .rule("alert: Down\nexpr: up{job=~\"api\"} == 0"),
      .rule("alert: Down\nexpr: up{job=~\"^(api|web)$\"} == 0"),
      .rule("alert: Down\nexpr: up{job=~\".*\"} == 0"), .rule("alert: Down\nexpr: up{job=~\"(api)\"} == 0"),
      .rule("alert: Down\nexpr: up{job=~\"[a]pi\"} == 0"),
      .rule("alert: Down\nexpr: up{job=~`api\\.v1`} == 0"),
      .rule("alert: Down\nexpr: up{job=~\"api|web|api\"} == 0"),
      .rule("alert: Down\nexpr: up{job!~\"(api|a.*)\"} == 0"),
    ],
    quiet: [
      .rule("alert: Down\nexpr: up{job=~\"api|web\"} == 0"), .rule("alert: Down\nexpr: up{job=~\".+\"} == 0"),
      .rule("alert: Down\nexpr: up{job=\"api\"} == 0"), .rule("alert: Down\nexpr: up{job=~\"(?i)api\"} == 0"),
      .rule("alert: Down\nexpr: up{job=~\"api|api-.*\"} == 0"),
    ],
    .query { query in
      guard !query.site.isMetric else { return [] }
      return query.selectors.flatMap { selector in
        query.written(selector).compactMap { written in
          let (value, operation) = (written.matcher.value, written.matcher.operation)
          guard operation == .matches || operation == .matchesNot,
            written.matcher.name != LabelFacts.metricName
          else {
            return nil
          }
          if value == ".*", operation == .matches {
            return query.advice("the pattern .* accepts every value, and no value", at: written.range).help(
              "leave it out, or write .+")
          }
          let equal = operation == .matches ? "=" : "!="
          // `=~""` asks for a missing label, like `=""`.
          guard !value.isEmpty else { return nil }
          if value.utf8.allSatisfy(Self.isPlain) {
            return query.advice("the pattern is a plain text", at: written.range)
              .help("write \(written.matcher.name)\(equal)\"\(value)\"")
              .fix("write \(equal)", isSafe: true, query.edit(written.operation, equal))
          }
          if let texts = PatternLanguage(value)?.texts(limit: 1), let text = texts.first {
            return query.advice("the pattern accepts one text only", at: written.range)
              .help("write \(written.matcher.name)\(equal)\"\(text)\"")
          }
          if let alternative = PatternSyntax(value)?.needlessAlternative {
            return query.advice(
              alternative == .repeated
                ? "an alternative of the pattern stands twice"
                : "an alternative of the pattern is accepted by another one anyway", at: written.range
            ).help("leave it out")
          }
          guard value.hasPrefix("^") || value.hasSuffix("$") && !value.hasSuffix("\\$"),
            !Self.hasOpenChoice(value)
          else {
            return nil
          }
          return query.advice("patterns are anchored by themselves", at: written.range).help(
            "leave out ^ and $")
        }
      }
    })

  /// Letters, digits and what no pattern gives a meaning to.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"),
      UInt8(ascii: ":"), UInt8(ascii: " "), UInt8(ascii: "@"), UInt8(ascii: ","):
      true
    default: false
    }
  }

  /// Whether `|` stands outside of brackets, where an anchor holds for one branch only.
  private static func hasOpenChoice(_ pattern: String) -> Bool {
    var depth = 0
    for byte in pattern.utf8 {
      switch byte {
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: "|") where depth == 0: return true
      default: break
      }
    }
    return false
  }
}

extension PlanFacts {
  /// What is known of a part that is an instant vector.
  fileprivate func vector(_ index: Int) -> VectorFacts? {
    if case .vector(_, let facts) = nodes[index].content { facts } else { nil }
  }
}
