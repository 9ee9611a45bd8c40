import Manifests
import PromQL
import TimeSeries

/// Why `{{ interval }}` is no window.
enum BrokenInterval {
  case missing
  case invalid(Located<String>)

  /// Nil when the query does not depend on it, or when it is fine.
  init?(_ site: QuerySite, _ options: LintOptions) {
    guard let metric = site.metric?.value, site.usesInterval else { return nil }
    self.init(metric, isTemplate: site.use == .template, options)
  }

  init?(_ metric: CanaryMetric, isTemplate: Bool, _ options: LintOptions) {
    guard let interval = metric.interval, !interval.value.isEmpty else {
      guard isTemplate else { return nil }
      self = .missing
      return
    }
    let window = "a[\(interval.value)]"
    let isWindow =
      options.isVictoriaMetrics
      ? (try? MetricsReading(Array(window.utf8), at: 0)) != nil : (try? Expression.parse(window)) != nil
    guard !isWindow else { return nil }
    self = .invalid(interval)
  }
}

extension Rule {
  static let intervalMissing = Rule(
    "MT009", "interval-missing", .error, "a metric has no interval and its template asks for one",
    why: """
      Flagger fills in `1m` for its built-in metrics only. For a template an absent `interval` renders as \
      nothing: `[{{ interval }}]` becomes `[]`, the server answers with status 400, and every check fails.
      """,
    fires: [.query("sum(rate(http_requests_total[{{ interval }}]))", interval: nil)],
    quiet: [
      .query("sum(rate(http_requests_total[{{ interval }}]))"),
      .query("sum(rate(http_requests_total[1m]))", interval: nil),
    ],
    .metric { metric in
      guard let template = metric.template, template.isPrometheus else { return [] }
      var site = QuerySite(template: template)
      site.canary = metric.canary.canary
      site.metric = metric.metric
      guard case .missing? = BrokenInterval(site, metric.canary.options) else { return [] }
      return [
        metric.advice(
          "the metric has no interval, and the template \(template.name) uses {{ interval }}",
          at: metric.value.name.range
        )
        .related(
          template.origin.map { Place($0.source, template.query.range) },
          "{{ interval }} renders as nothing here"
        )
        .help("add interval: 1m to the metric")
        .fix("add interval: 1m", isSafe: true, metric.inserting("interval: 1m"))
      ]
    })

  static let intervalInvalid = Rule(
    "MT010", "interval-invalid", .error, "an interval is no duration",
    why: """
      The schema of a cluster lets `5minutes` and `1m30` pass: it looks at the beginning only. A metric's \
      `interval` is put into the query as text, so it has to be a PromQL duration (`90s`, `1m30s`), or the \
      server answers with status 400. The `interval` of the analysis is a Go duration; what Flagger cannot \
      read becomes 60 s without a word, and less than 10 s becomes 10 s.
      """,
    fires: [.query("sum(rate(http_requests_total[{{ interval }}]))", interval: "1m30")],
    quiet: [.query("sum(rate(http_requests_total[{{ interval }}]))", interval: "1m30s")],
    .metric { metric in
      let value = metric.value
      let usesTemplate = metric.template?.isPrometheus ?? false
      guard usesTemplate || value.builtIn != nil || value.query != nil,
        case .invalid(let interval)? = BrokenInterval(value, isTemplate: usesTemplate, metric.canary.options)
      else { return [] }
      if usesTemplate, let template = metric.template {
        var site = QuerySite(template: template)
        site.canary = metric.canary.canary
        site.metric = metric.metric
        if !site.usesInterval { return [] }
      }
      return [
        metric.advice(
          "\(interval.value) is no duration of a query: the server refuses [\(interval.value)]",
          at: interval.range, ".interval"
        ).help("write it like 30s, 1m or 1m30s")
      ]
    })

  static let analysisInterval = Rule(
    intervalInvalid,
    .canary { canary in
      guard let interval = canary.analysis.interval else { return [] }
      guard let parsed = try? GoDuration(parsing: interval.value) else {
        return [
          canary.advice(
            "\(interval.value) is no duration that Flagger can read: it takes 60s instead",
            at: interval.range, ".spec.analysis.interval"
          ).help("write it like 30s, 1m or 1m30s")
        ]
      }
      guard parsed < .seconds(10) else { return [] }
      return [
        canary.advice(
          "Flagger checks every 10s at the most, not every \(interval.value)", at: interval.range,
          ".spec.analysis.interval"
        )
        .with(severity: .warning)
      ]
    })
}

extension MetricSubject {
  /// Adds a key to the metric's entry, behind its name.
  func inserting(_ text: String) -> Fix.Edit? {
    guard let source = canary.canary.origin?.source, let name = value.name.range else { return nil }
    let bytes = source.bytes
    let lineStart = bytes[..<name.start].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let line = String(decoding: bytes[lineStart..<name.start], as: UTF8.self)
    let end = SourceRange(name.end, name.end)
    if line.contains("{") { return Fix.Edit(source, end, ", \(text)") }
    // The name may stand in quotes.
    let unquoted = line.last == "\"" || line.last == "'" ? line.dropLast() : line[...]
    guard unquoted.hasSuffix("name: ") else { return nil }
    let indent = String(unquoted.dropLast(6).map { $0 == "-" ? " " : $0 })
    guard indent.allSatisfy({ $0 == " " }) else { return nil }
    return Fix.Edit(source, end, "\n\(indent)\(text)")
  }
}
