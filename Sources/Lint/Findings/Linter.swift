public import Manifests
public import PromQL

/// Runs all rules over manifests, rule files and queries on their own.
public struct Linter: Sendable {
  private let options: LintOptions
  private let data: LintData?
  private let rules: [Rule]

  /// - Parameter data: what rules that look at real series are given.
  public init(_ options: LintOptions = LintOptions(), data: LintData? = nil, rules: [Rule] = Rule.all) {
    self.options = options
    self.data = data
    self.rules = rules
  }

  /// All findings of a reading: its own problems, and what the rules say; in the order of files and
  /// offsets, each place and message once. Suppressions in the texts are honoured.
  public func lint(_ reading: ManifestReading) -> LintResult {
    var found = reading.findings.map(Finding.init(reading:))
    found += reading.set.validated(controller).map(Finding.init(reading:))
    let canaries = subjects(reading.set)
    found += findings(reading.set, canaries)
    for (site, values) in sites(reading, canaries.flatMap(\.metrics)) {
      found += findings(of: site, values: values)
    }
    found += findings(RulesSubject(reading, options: options, data: data))
    // That a key has no value is said once: by the rule that knows what follows.
    let knowing = [Rule.nothingChecked.code, Rule.matchesAll.code]
    let told = found.filter { knowing.contains($0.code) }.map(\.place.order)
    found.removeAll { one in one.code == ManifestCode.emptyValue && told.contains { $0 == one.place.order } }
    return finished(LintResult(found, sources: reading.sources))
  }

  /// What the rules say of a query that would stand in a metric template.
  public func lint(query source: ManifestSource) -> LintResult {
    let site = QuerySite(query: source)
    let values = StandInValues.values(for: site.text, namespace: "default")
    return finished(LintResult(findings(of: site, values: values), sources: [source]))
  }

  private func finished(_ result: LintResult) -> LintResult {
    var result = result
    result.suppress(options, known: Set(rules.map(\.code) + rules.map(\.name)))
    result.foldDoubles(of: rules)
    return result
  }

  private var controller: ControllerOptions {
    var controller = ControllerOptions()
    controller.globalProvider = options.meshProvider
    return controller
  }

  /// Every query of a reading with the values that it is rendered with: of each canary's metrics, of
  /// templates that nobody refers to (with values that stand in), of rules and analysis templates.
  public func sites(_ reading: ManifestReading) -> [(site: QuerySite, values: TemplateValues)] {
    let rules = RulesSubject(reading, options: options, data: data).rules.map(\.site)
    return sites(reading, subjects(reading.set).flatMap(\.metrics))
      + rules.map { ($0, StandInValues.values(for: $0.text, namespace: "default")) }
  }

  private func sites(
    _ reading: ManifestReading, _ metrics: [MetricSubject]
  ) -> [(site: QuerySite, values: TemplateValues)] {
    let used = Set(metrics.compactMap { $0.template?.key })
    let alone = reading.set.templates.filter { $0.isPrometheus && !used.contains($0.key) }
    let standIns =
      alone.map { (QuerySite(template: $0), $0.namespace) }
      + reading.foreignQueries.map { (QuerySite($0), "default") }
    return metrics.flatMap(\.sites)
      + standIns.map { ($0, StandInValues.values(for: $0.text, namespace: $1)) }
  }

  /// The canaries with what Flagger makes of them, which costs a walk through each analysis.
  private func subjects(_ set: ManifestSet) -> [CanarySubject] {
    set.canaries.map { CanarySubject($0, in: set, options: options) }
  }

  /// The queries of a reading that render, parse and make sense, with all that is known of them.
  public func queries(_ reading: ManifestReading) -> [QuerySubject] {
    sites(reading).compactMap { try? $0.site.attempt($0.values, options: options, data: data).get() }
  }

  private func findings(_ set: ManifestSet, _ canaries: [CanarySubject]) -> [Finding] {
    var users: [String: [MetricSubject]] = [:]
    var found: [Finding] = []
    for canary in canaries {
      found += sign { if case .canary(let check) = $0 { check(canary) } else { [] } }
      for metric in canary.metrics {
        found += sign { if case .metric(let check) = $0 { check(metric) } else { [] } }
        if let template = metric.template { users[template.key, default: []].append(metric) }
      }
    }
    for template in set.templates {
      let subject = TemplateSubject(
        template: template, users: users[template.key] ?? [], hasCanaries: !canaries.isEmpty)
      found += sign { if case .template(let check) = $0 { check(subject) } else { [] } }
    }
    return found
  }

  /// What rules are refused for, what their queries are, and what they are together.
  private func findings(_ rules: RulesSubject) -> [Finding] {
    rules.findings.map(Finding.init(reading:))
      + rules.rules.flatMap { findings(of: $0.site, $0.attempt) }
      + sign { if case .rules(let check) = $0 { check(rules) } else { [] } }
  }

  private func findings(of site: QuerySite, values: TemplateValues) -> [Finding] {
    findings(of: site, site.attempt(values, options: options, data: data))
  }

  private func findings(
    of site: QuerySite, _ attempt: Result<QuerySubject, QueryAttemptError>
  ) -> [Finding] {
    switch attempt {
    case .success(let query):
      sign { if case .query(let check) = $0 { check(query) } else { [] } }
    case .failure(let error):
      sign { if case .failure(let check) = $0 { check(site, error.failure, options) } else { [] } }
    }
  }

  /// Asks every rule, and signs what it says.
  private func sign(_ ask: (Rule.Check) -> [Advice]) -> [Finding] {
    rules.flatMap { rule in ask(rule.check).map { Finding($0, by: rule) } }
  }
}

extension Finding {
  init(_ advice: Advice, by rule: Rule) {
    self.init(
      code: rule.code, name: rule.name, severity: advice.severity ?? rule.severity, message: advice.message,
      place: advice.place, subject: advice.subject, related: advice.related, evidence: advice.evidence,
      help: advice.help, fixes: advice.fixes, query: advice.query)
  }

  /// A problem of reading.
  init(reading finding: ManifestFinding) {
    let diagnostic = finding.diagnostic
    let source = finding.source
    self.init(
      code: diagnostic.code, name: diagnostic.code, severity: diagnostic.severity,
      message: diagnostic.message, place: Place(source, diagnostic.range), subject: "",
      related: diagnostic.notes.map { Related(Place(source, $0.range), $0.message) }, evidence: nil,
      help: diagnostic.fixes.first?.message,
      fixes: diagnostic.fixes.map {
        Fix($0.message, isSafe: $0.isSafe, [Fix.Edit(source, $0.range, $0.replacement)])
      }, query: nil)
  }
}

/// What linting found.
public struct LintResult: Sendable {
  /// In the order of files and offsets.
  public var findings: [Finding]
  /// How many findings a comment suppressed.
  public var suppressedCount: Int
  /// The texts that were looked at.
  public var sources: [ManifestSource]

  /// Orders, drops repetitions and applies the suppressions in the texts.
  package init(_ found: [Finding], sources: [ManifestSource], suppressedCount: Int = 0) {
    var seen: Set<String> = []
    self.suppressedCount = suppressedCount
    self.sources = sources
    findings =
      found
      .filter { seen.insert("\($0.code)\u{0}\($0.place.order)\u{0}\($0.message)").inserted }
      .sorted { $0.precedes($1) }
  }

  /// Both together.
  public func adding(_ other: LintResult) -> LintResult {
    LintResult(
      findings + other.findings, sources: sources + other.sources,
      suppressedCount: suppressedCount + other.suppressedCount)
  }

  /// How many findings have a severity.
  public func count(_ severity: Diagnostic.Severity) -> Int {
    findings.count { $0.severity == severity }
  }
}

extension Finding {
  fileprivate func precedes(_ other: Finding) -> Bool {
    let (one, two) = (place.order, other.place.order)
    return one == two ? code < other.code : one < two
  }
}

extension MetricTemplate {
  var key: String { "\(namespace)/\(name)" }
  var isPrometheus: Bool { provider.value.type.value == .prometheus }
}
