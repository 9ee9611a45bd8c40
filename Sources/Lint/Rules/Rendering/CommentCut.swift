import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let commentCut = Rule(
    "MT003", "comment-cut", .error,
    "a comment or a blank inside quotes does not survive the way to the server",
    why: """
      Flagger makes every run of white space one blank before it sends a query, line ends too. A `#` comment \
      then reaches to the end of the whole query: what stands behind it is gone, and what is left may still \
      be a query, of something else. Inside quotes, line ends, tabs and double blanks become one blank, so \
      that the value no longer matches.
      """,
    fires: [
      .query("# errors of the canary\nsum(rate(http_requests_total[1m]))"),
      .query("sum(rate(a[1m])) # good\n/ sum(rate(b[1m]))"),
      .query("sum(rate(http_requests_total{path=\"/a  b\"}[1m]))"),
    ],
    quiet: [
      .query("sum(rate(a[1m])) # at the end"), .query("{{/* a comment of the template */}}sum(rate(a[1m]))"),
      .query("sum(rate(a{b=\"x # y\"}[1m]))"),
    ],
    .failure { site, failure, _ in
      guard case .unparsed(let text, _) = failure else { return [] }
      return CommentCut.advice(site, text)
    })

  static let commentCutQuery = Rule(
    commentCut,
    .query { query in
      query.site.isMetric ? CommentCut.advice(query.site, query.text) + CommentCut.quoted(query) : []
    })

  /// The same rule, looking at something else.
  init(_ rule: Rule, _ check: Check) {
    self.init(
      rule.code, rule.name, rule.severity, rule.summary, why: rule.why, subsumes: rule.subsumes,
      fires: [], quiet: [], check)
  }
}

enum CommentCut {
  private static func comment(_ text: QueryText) -> SourceRange? {
    guard text.sent != text.rendered else { return nil }
    let tokens = Expression.tokens(of: text.rendered.utf8).tokens
    guard let first = tokens.firstIndex(where: { $0.kind == .comment }) else { return nil }
    let goesOn = tokens[first...].contains { $0.kind != .comment && $0.kind != .endOfInput }
    return goesOn ? tokens[first].range : nil
  }

  /// Whether something stands behind a comment, so that it is cut off.
  static func tokensBehindComment(_ text: QueryText) -> Bool { comment(text) != nil }

  static func advice(_ site: QuerySite, _ text: QueryText) -> [Advice] {
    guard let comment = comment(text) else { return [] }
    let range = text.template.fileRange(text.renderedMap.range(comment))
    let kept = String(decoding: Array(text.rendered.utf8)[..<comment.start], as: UTF8.self)
    let left = QueryText.collapsingWhitespace(kept).text
    let remains = left.allSatisfy(\.isWhitespace) ? "nothing" : left
    return [
      site.advice(
        "the comment swallows the rest of the query: it is sent as one line",
        at: Place(site.source, range ?? site.text.range)
      )
      .shown("what the server evaluates: \(remains)")
      .help("use a comment of the template, {{/* … */}}, or one of YAML above the query")
    ]
  }

  /// Literals whose white space changes.
  static func quoted(_ query: QuerySubject) -> [Advice] {
    Expression.tokens(of: query.text.rendered.utf8).tokens.compactMap { token in
      guard token.kind == .string else { return nil }
      let bytes = Array(query.text.rendered.utf8)[token.range.start..<token.range.end]
      let text = String(decoding: bytes, as: UTF8.self)
      let sent = QueryText.collapsingWhitespace(text).text
      guard sent != text else { return nil }
      let range = query.text.template.fileRange(query.text.renderedMap.range(token.range))
      return query.site.advice(
        "white space inside quotes is changed before the query is sent",
        at: Place(query.site.source, range ?? query.site.text.range)
      )
      .with(severity: .warning).shown("sent: \(sent)")
    }
  }
}
