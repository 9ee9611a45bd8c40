import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let queryUnparsable = Rule(
    "MT002", "query-unparsable", .error, "a query is no PromQL",
    why: """
      The server refuses a query that does not parse with status 400, at every tick. What is parsed here is \
      what is sent: the template rendered and every run of white space made one blank.
      """,
    fires: [.query("sum(rate(http_requests_total[1m])"), .query("sum(rate(http_requests_total))")],
    quiet: [
      .query("sum(rate(http_requests_total[1m]))"), .query("sum(rate(x[{{ interval }}]))", interval: nil),
    ],
    .failure { site, failure, options in
      switch failure {
      case .unrendered: return []
      case .unparsed(let text, let problem):
        if BrokenInterval(site) != nil || CommentCut.tokensBehindComment(text) { return [] }
        if let feature = MetricsQL.feature(in: text.sent) {
          return options.isVictoriaMetrics ? [] : [feature.advice(site, text)]
        }
        return [advice(site, text, problem.message, problem.range)]
      case .unplanned(let text, let message): return [advice(site, text, message, nil)]
      }
    })

  private static func advice(
    _ site: QuerySite, _ text: QueryText, _ message: String, _ range: SourceRange?
  ) -> Advice {
    let sent = range ?? SourceRange(0, text.sent.utf8.count)
    var advice = site.advice(message, at: Place(site.source, text.fileRange(sent) ?? site.text.range))
    advice.query = Finding.SentQuery(text: text.sent, range: sent)
    if text.sent.isEmpty || text.sent == " " { return advice.help("the template renders to nothing") }
    if message.contains("holt_winters") {
      return advice.help("it is called double_exponential_smoothing since 3.0")
    }
    return advice
  }
}

/// Syntax that VictoriaMetrics has and Prometheus has not.
enum MetricsQL: String, CaseIterable {
  case with = "WITH templates"
  case `default` = "the default operator"
  case keepNames = "keep_metric_names"
  case steps = "durations in steps (5i)"
  case ifOperator = "the if operator"

  /// The first such thing in a query that Prometheus refuses.
  static func feature(in query: String) -> MetricsQL? {
    let words = query.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    if words.first?.uppercased() == "WITH", query.contains("=") { return .with }
    if words.contains("keep_metric_names") { return .keepNames }
    if words.dropFirst().contains("default") { return .default }
    if words.dropFirst().contains(where: { $0 == "if" || $0 == "ifnot" }) { return .ifOperator }
    let isSteps = words.contains { $0.hasSuffix("i") && $0.count > 1 && $0.dropLast().allSatisfy(\.isNumber) }
    return isSteps ? .steps : nil
  }

  func advice(_ site: QuerySite, _ text: QueryText) -> Advice {
    var advice = site.advice("\(rawValue): VictoriaMetrics has it, Prometheus answers with status 400")
      .help("if VictoriaMetrics answers the query, say so with --backend victoriametrics")
    advice.query = Finding.SentQuery(text: text.sent, range: SourceRange(0, text.sent.utf8.count))
    return advice
  }
}

extension Rule {
  static let metricsQL = Rule(
    "MT042", "victoriametrics-only", .error, "a query uses MetricsQL and Prometheus is asked",
    why: """
      VictoriaMetrics extends PromQL: `WITH` templates, `default`, `if`, `keep_metric_names`, windows that \
      may be left out, `5i`. Prometheus refuses all of it with status 400, at every tick. The finding is \
      about the parts that a Prometheus parser rejects.
      """,
    fires: [
      .query("sum(rate(http_requests_total[1m])) default 0"), .query("sum(rate(http_requests_total[5i]))"),
    ],
    quiet: [.query("sum(rate(http_requests_total[5m])) or vector(0)")],
    .failure { site, failure, options in
      guard case .unparsed(let text, _) = failure, !options.isVictoriaMetrics, BrokenInterval(site) == nil,
        let feature = MetricsQL.feature(in: text.sent)
      else { return [] }
      return [feature.advice(site, text)]
    })
}
