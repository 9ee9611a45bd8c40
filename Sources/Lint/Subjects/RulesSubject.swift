import Manifests
import PromQL
import Rules

/// All recording and alerting rules of a reading.
struct RulesSubject {
  /// The sound ones, in the order of files and offsets.
  var rules: [RuleSubject] = []
  var groups: [GroupSubject] = []
  /// What Prometheus, or a cluster, refuses.
  var findings: [ManifestFinding] = []
  /// Rule files' documents that nobody reads: Prometheus takes the first.
  var unread: [RuleDocument] = []
  /// What is known of the metrics that the recording rules write.
  var recorded = RecordedFacts()
  var options: LintOptions

  init(_ reading: ManifestReading, options: LintOptions, data: LintData?) {
    self.options = options
    let reader: RuleReading.Reader =
      options.isVictoriaMetrics ? .vmalert : .prometheus(options.languageFeatures)
    for document in reading.ruleDocuments {
      if document.form == .file, document.number > 0 {
        unread.append(document)
        continue
      }
      let found = RuleReading(document, for: reader)
      findings += found.findings
      for group in found.written {
        groups.append(GroupSubject(written: group, document: document))
        rules += group.rules.map {
          RuleSubject($0, of: group, in: document, number: groups.count - 1, options: options, data: data)
        }
      }
    }
    recorded = RecordedFacts(rules)
    for index in rules.indices { rules[index].learn(recorded) }
  }
}

/// A group of rules.
struct GroupSubject {
  var written: WrittenGroup
  var document: RuleDocument

  func advice(_ message: String, at range: SourceRange) -> Advice {
    Advice(message, at: Place(document.source, range), of: "group \(written.group.name)")
  }
}

/// A rule with its query.
struct RuleSubject {
  var written: WrittenRule
  /// Of the group among all.
  var group: Int
  /// Milliseconds between two evaluations; nil where the server's own holds.
  var interval: Int64?
  var site: QuerySite
  var attempt: Result<QuerySubject, QueryAttemptError>

  init(
    _ written: WrittenRule, of group: WrittenGroup, in document: RuleDocument, number: Int,
    options: LintOptions, data: LintData?
  ) {
    self.written = written
    self.group = number
    interval = group.group.interval
    site = QuerySite(written, group: group.group.name, in: document.source)
    let values = StandInValues.values(for: site.text, namespace: "default")
    attempt = site.attempt(values, options: options, data: data)
  }

  /// Nil where nothing is known of the expression.
  var query: QuerySubject? { try? attempt.get() }

  /// Takes up what is known of the metrics that rules write.
  mutating func learn(_ recorded: RecordedFacts) {
    guard case .success(var query) = attempt,
      query.selectors.contains(where: { $0.plan.metricName.map { recorded[$0] != nil } ?? false })
    else { return }
    query.facts = PlanFacts(query.plan, recorded: recorded.facts)
    attempt = .success(query)
  }

  var name: String { written.rule.name }

  /// Nil for a recording rule.
  var alerting: Rules.RuleDefinition.Alerting? {
    if case .alerting(let alerting) = written.rule.kind { alerting } else { nil }
  }

  func place(_ range: SourceRange) -> Place { Place(site.source, range) }

  func advice(_ message: String, at range: SourceRange) -> Advice {
    Advice(message, at: place(range), of: site.subject)
  }
}

extension QuerySite {
  /// The expression of a rule.
  init(_ rule: WrittenRule, group: String, in source: ManifestSource) {
    switch rule.rule.kind {
    case .recording:
      self.init(
        use: .recordingRule, text: rule.expression, source: source,
        subject: "record \(rule.rule.name) of group \(group)")
    case .alerting:
      self.init(
        use: .alertingRule, text: rule.expression, source: source,
        subject: "alert \(rule.rule.name) of group \(group)")
    }
    prepared = QueryText(verbatim: rule.expression)
  }
}
