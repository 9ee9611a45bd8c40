public import PromQL

/// One thing that lint looks for: a value of this type is its check, its page and its tests.
public struct Rule: Sendable {
  /// `MT007`; stays.
  public let code: String
  /// `self-ratio`
  public let name: String
  /// What it is unless a finding says otherwise: an error makes a gate wrong or unable to work.
  public let severity: Diagnostic.Severity
  /// One sentence.
  public let summary: String
  /// Why it matters, with numbers; paragraphs of Markdown.
  public let why: String
  /// Codes of rules whose findings at the same place have the same cause: they are told with its own.
  public let subsumes: Set<String>
  /// What it finds.
  public let fires: [Example]
  /// What it leaves alone.
  public let quiet: [Example]
  let check: Check

  /// What a rule looks at.
  enum Check: Sendable {
    case failure(@Sendable (QuerySite, QueryFault, LintOptions) -> [Advice])
    case query(@Sendable (QuerySubject) -> [Advice])
    case metric(@Sendable (MetricSubject) -> [Advice])
    case canary(@Sendable (CanarySubject) -> [Advice])
    case template(@Sendable (TemplateSubject) -> [Advice])
    /// All recording and alerting rules together.
    case rules(@Sendable (RulesSubject) -> [Advice])
    /// Looked at last, with all findings.
    case suppression
  }

  init(
    _ code: String, _ name: String, _ severity: Diagnostic.Severity, _ summary: String, why: String,
    subsumes: Set<String> = [], fires: [Example], quiet: [Example], _ check: Check
  ) {
    self.code = code
    self.name = name
    self.severity = severity
    self.summary = summary
    self.why = why
    self.subsumes = subsumes
    self.fires = fires
    self.quiet = quiet
    self.check = check
  }

  /// Manifests, or a query in the manifests that it needs: an example of a rule, and its test.
  public struct Example: Sendable {
    /// What the page shows.
    public var shown: String
    /// What the test lints.
    public var manifests: String
    /// An OpenMetrics text to lint with.
    public var data: String?
    /// What the linter is told.
    public var options = LintOptions()
    /// What the canary around a query says, where it is not what all examples have: `thresholdRange: {min:
    /// 99}`.
    public var settings: [String] = []

    /// Documents as they are.
    static func manifests(_ text: String, data: String? = nil) -> Example {
      Example(shown: text, manifests: text, data: data)
    }

    /// A rule of a rule file, in lines: the first key begins it.
    static func rule(_ rule: String, data: String? = nil) -> Example { group([rule], data: data) }

    /// Rules of one group, each in lines.
    static func group(_ rules: [String], interval: String? = nil, data: String? = nil) -> Example {
      let lines = rules.flatMap { rule in
        rule.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
          ($0.offset == 0 ? "  - " : "    ") + $0.element + "\n"
        }
      }
      let period = interval.map { "  interval: \($0)\n" } ?? ""
      return self.rules("groups:\n- name: example\n\(period)  rules:\n" + lines.joined(), data: data)
    }

    /// A rule file.
    static func rules(_ text: String, data: String? = nil) -> Example { manifests(text, data: data) }

    /// The same, with other options.
    func with(_ change: (inout LintOptions) -> Void) -> Example {
      var copy = self
      change(&copy.options)
      return copy
    }

    /// A query of a MetricTemplate that VictoriaMetrics answers.
    static func metricsQL(_ query: String, metric: String = "thresholdRange: {max: 500}") -> Example {
      var example = Example.query(query, metric: metric)
      example.options.isVictoriaMetrics = true
      return example
    }

    /// A query of a MetricTemplate, judged by a canary; `metric` are lines for the metric's entry.
    static func query(
      _ query: String, metric: String = Self.usualMetric, interval: String? = "1m",
      canary: String = "", kind: String = "Deployment", name: String = "podinfo", template: String = "check",
      data: String? = nil
    ) -> Example {
      let indented = query.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
        .joined(separator: "\n")
      let period = interval.map { "\n      interval: \($0)" } ?? ""
      let lines = metric.split(separator: "\n").map { "\n      " + $0 }.joined()
      let extra = canary.split(separator: "\n").map { "\n  " + $0 }.joined()
      var settings = metric == Self.usualMetric ? [] : metric.split(separator: "\n").map { String($0) }
      if interval != "1m" { settings.append(interval.map { "interval: \($0)" } ?? "no interval") }
      if kind != "Deployment" { settings.append("kind: \(kind)") }
      if name != "podinfo" { settings.append("name: \(name)") }
      settings += canary.split(separator: "\n").map { String($0) }
      var example = Example(
        shown: query + "\n",
        manifests: """
          apiVersion: flagger.app/v1beta1
          kind: MetricTemplate
          metadata:
            name: \(template)
            namespace: test
          spec:
            provider:
              type: prometheus
              address: http://prometheus:9090
            query: |
          \(indented)
          ---
          apiVersion: flagger.app/v1beta1
          kind: Canary
          metadata:
            name: \(name)
            namespace: test
          spec:\(extra)
            targetRef:
              apiVersion: apps/v1
              kind: \(kind)
              name: \(name)
            service:
              port: 9898
            analysis:
              interval: 1m
              threshold: 5
              maxWeight: 50
              stepWeight: 10
              metrics:
              - name: \(template)
                templateRef:
                  name: \(template)\(period)\(lines)

          """,
        data: data)
      example.settings = settings
      return example
    }

    static let usualMetric = "thresholdRange: {max: 500}"
  }
}
