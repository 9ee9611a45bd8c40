public import Manifests
public import PromQL

/// Where a query was written and what it is for, before it is rendered.
public struct QuerySite: Sendable {
  /// What the query's value is used for.
  public enum Use: Sendable, Hashable {
    /// A MetricTemplate's query, judged by a canary or not referred to yet.
    case template
    /// A query in a canary's metric.
    case inline
    /// One of the queries that Flagger brings along.
    case builtIn
    case alertingRule
    case recordingRule
    /// A query on its own.
    case expression
  }

  public var use: Use
  public var text: ManifestText
  public var source: ManifestSource
  public var template: MetricTemplate?
  public var canary: Canary?
  public var metric: Located<CanaryMetric>?
  /// The query, where Flagger's templates have no part in it.
  public var prepared: QueryText?
  /// How an analysis of Argo Rollouts judges the value; nil elsewhere.
  public var judgement: ForeignQuery.Judgement?
  /// Whose query it is: `MetricTemplate test/latency, .spec.query`.
  public var subject: String

  /// Whether one number is judged.
  public var isMetric: Bool {
    switch use {
    case .template, .inline, .builtIn: true
    case .alertingRule, .recordingRule, .expression: false
    }
  }

  /// Whether it is the expression of a recording or alerting rule.
  var isRule: Bool { use == .alertingRule || use == .recordingRule }

  /// What the value is compared with; nil without a canary that says so.
  public var limits: MetricLimits?

  /// A place in the canary's file.
  func canaryPlace(_ range: SourceRange?) -> Place? {
    guard let source = canary?.origin?.source, let range else { return nil }
    return Place(source, range)
  }

  /// The query's whole text.
  var place: Place { Place(source, text.range) }

  func advice(_ message: String, at place: Place? = nil) -> Advice {
    Advice(message, at: place ?? self.place, of: subject)
  }
}

/// A query that renders and parses, with all that is known of it.
public struct QuerySubject: Sendable {
  public var site: QuerySite
  public var text: QueryText
  public var expression: Expression
  public var plan: Plan
  public var facts: PlanFacts
  public var options: LintOptions
  /// What is known of real series; nil without a recording.
  public var data: LintData?
  /// Functions of VictoriaMetrics whose values nothing is known of, in the order of the query.
  package var unjudged: [MetricsFeature] = []

  /// Where a part of the sent query was written.
  package func place(_ sent: SourceRange) -> Place {
    Place(site.source, text.fileRange(sent) ?? site.text.range ?? sent)
  }

  /// A part of the sent query.
  func slice(_ range: SourceRange) -> String {
    let bytes = expression.text
    let start = max(0, min(range.start, bytes.count))
    return String(decoding: bytes[start..<max(start, min(range.end, bytes.count))], as: UTF8.self)
  }

  /// Says something of a part of the sent query.
  func advice(_ message: String, at sent: SourceRange) -> Advice {
    var advice = Advice(message, at: place(sent), of: site.subject)
    advice.query = Finding.SentQuery(text: text.sent, range: sent)
    return advice
  }

  /// The whole query.
  var whole: SourceRange { expression[expression.root].range }

  /// Replaces a part of the sent query in its file; nil where the part does not stand there byte for
  /// byte, because a template wrote it.
  func edit(_ sent: SourceRange, _ replacement: String) -> Fix.Edit? {
    guard let range = text.fileRange(sent), range.end <= site.source.bytes.count, range.start <= range.end,
      site.source.bytes[range.start..<range.end].elementsEqual(expression.text[sent.start..<sent.end])
    else { return nil }
    return Fix.Edit(site.source, range, replacement)
  }

  /// Puts text in front of and behind a part of the sent query, which may contain template actions.
  func wrap(_ sent: SourceRange, _ before: String, _ after: String) -> [Fix.Edit]? {
    guard let range = text.fileRange(sent), range.start < range.end else { return nil }
    return [
      Fix.Edit(site.source, SourceRange(range.start, range.start), before),
      Fix.Edit(site.source, SourceRange(range.end, range.end), after),
    ]
  }
}

/// Why there is no query to look at.
public enum QueryFault: Sendable {
  case unrendered(TemplateError)
  case unparsed(QueryText, Diagnostic)
  case unplanned(QueryText, String)
}

extension QuerySite {
  /// Renders, parses and plans.
  func attempt(
    _ values: TemplateValues, options: LintOptions, data: LintData?
  ) -> Result<QuerySubject, QueryAttemptError> {
    let query: QueryText
    if let prepared {
      query = prepared
    } else {
      do { query = try QueryTemplate(parsing: text).render(values) } catch {
        return .failure(QueryAttemptError(failure: .unrendered(error)))
      }
    }
    if options.isVictoriaMetrics { return metricsQL(query, options: options, data: data) }
    return promQL(query, options: options, data: data)
  }

  /// VictoriaMetrics' language: what is PromQL as well is planned as that.
  private func metricsQL(
    _ query: QueryText, options: LintOptions, data: LintData?
  ) -> Result<QuerySubject, QueryAttemptError> {
    let text = Array(query.sent.utf8)
    let reading: MetricsReading
    do { reading = try MetricsReading(text, at: data?.time ?? 0) } catch {
      return .failure(QueryAttemptError(failure: .unparsed(query, Self.first(error))))
    }
    if case .success(var subject) = promQL(query, options: options, data: data) {
      subject.unjudged = reading.unjudged
      return .success(subject)
    }
    return .success(
      QuerySubject(
        site: self, text: query, expression: Expression(foreign: text), plan: reading.plan,
        facts: PlanFacts(reading.plan), options: options, data: data, unjudged: reading.unjudged))
  }

  private static func first(_ error: ParseFailure) -> Diagnostic {
    error.diagnostics.first
      ?? Diagnostic(code: "parse", severity: .error, range: nil, message: "is no query")
  }

  private func promQL(
    _ query: QueryText, options: LintOptions, data: LintData?
  ) -> Result<QuerySubject, QueryAttemptError> {
    let expression: Expression
    do { expression = try Expression.parse(query.sent) } catch {
      return .failure(QueryAttemptError(failure: .unparsed(query, Self.first(error))))
    }
    if let failure = expression.certainFailure {
      return .failure(QueryAttemptError(failure: .unplanned(query, "\(failure)")))
    }
    do {
      let plan = try Lowering.plan(
        expression, in: QueryContext(grid: Grid(instant: data?.time ?? 0), isInstant: true))
      return .success(
        QuerySubject(
          site: self, text: query, expression: expression, plan: plan, facts: PlanFacts(plan),
          options: options, data: data))
    } catch {
      return .failure(QueryAttemptError(failure: .unplanned(query, "\(error)")))
    }
  }
}

/// Carries a failure through `Result`.
struct QueryAttemptError: Error {
  var failure: QueryFault
}
