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
        if BrokenInterval(site, options) != nil || CommentCut.tokensBehindComment(text) { return [] }
        // Told by MT042.
        if Rule.foreignFeature(text, options) != nil { return [] }
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
