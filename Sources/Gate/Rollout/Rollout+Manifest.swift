public import Manifests
import PromQL
import TimeSeries

extension Rollout {
  /// What Flagger makes of a canary (flagger.md §1.8, §2.4, §3.1, §5.3). Never fails: a query that
  /// cannot be made is a check with an error, as it is in a cluster.
  /// - Parameters:
  ///   - manifests: where the templates are looked up.
  ///   - globalProvider: Flagger's `-mesh-provider`, for a canary that names no provider.
  public init(
    _ canary: Canary, in manifests: ManifestSet,
    globalProvider: String = MeshProvider.istio.rawValue
  ) {
    let analysis = canary.analysis.value
    let provider = canary.provider?.value.rawValue ?? globalProvider
    let choice = ObserverChoice(for: canary, globalProvider: globalProvider)
    self.init(name: canary.name, namespace: canary.namespace, steps: WeightSteps(analysis))
    targetName = canary.targetName
    targetKind = canary.targetRef.value.kind.value
    providerName = choice.providerName
    router = (MeshProvider(rawValue: provider) ?? .istio).facts
    interval = analysis.tickInterval
    failedChecksLimit = analysis.failedChecksLimit
    (advance, adjustments) = Self.advance(canary, on: provider)
    isMirrored = analysis.isMirrored
    stepWeightPromotion = analysis.effectiveStepWeightPromotion
    skipsAnalysis = canary.skipsAnalysis
    isSuspended = canary.isSuspended
    progressDeadline = canary.progressDeadline
    var plan = CheckPlan(canary: canary, manifests: manifests, observer: choice.observer)
    checks = plan.checks()
    problems = plan.problems
    hooks = analysis.allWebhooks.map { located in
      let webhook = located.value
      var hook = Hook(
        name: webhook.name.value, kind: webhook.effectiveType, mutesAlert: webhook.mutesAlert,
        url: webhook.url.value)
      hook.timeout = webhook.timeout?.value
      hook.retries = webhook.retries?.value ?? 0
      hook.metadata = (webhook.metadata?.value ?? []).map { Hook.Metadata($0.key.value, $0.value.value) }
      hook.skipsTLSVerification = webhook.disableTLS?.value ?? false
      return hook
    }
    writtenMaxWeight = analysis.maxWeight?.value ?? 0
    alerts = analysis.allAlerts.compactMap { Self.alertRoute($0.value, of: canary, in: manifests) }
  }

  /// Forced for provider `kubernetes`, which moves no traffic.
  static let forcedIterations = 10

  private static func advance(_ canary: Canary, on provider: String) -> (Advance, [Adjustment]) {
    let analysis = canary.analysis.value
    let iterations = analysis.effectiveIterations
    guard provider == MeshProvider.kubernetes.rawValue else {
      return switch canary.strategy(on: provider) {
      case .canary: (.weights(WeightSteps(analysis)), [])
      case .blueGreen: (.blueGreen(iterations: iterations), [])
      case .abTesting: (.abTesting(iterations: iterations), [])
      }
    }
    var adjustments: [Adjustment] = []
    if !(analysis.match?.value.isEmpty ?? true) { adjustments.append(.matchDropped) }
    if iterations < 1 {
      adjustments += [.progressiveUnsupported, .iterationsForced(forcedIterations)]
    }
    return (.blueGreen(iterations: iterations < 1 ? forcedIterations : iterations), adjustments)
  }
}

extension WeightSteps {
  /// The steps of an analysis.
  public init(_ analysis: CanaryAnalysis) {
    self.init(
      stepWeight: analysis.effectiveStepWeight, stepWeights: analysis.effectiveStepWeights,
      limit: analysis.weightLimit)
  }
}

/// The checks of a canary in the order of Flagger's two passes, and what is wrong with them.
private struct CheckPlan {
  let canary: Canary
  let manifests: ManifestSet
  let observer: Observer
  var problems: [RolloutProblem] = []

  init(canary: Canary, manifests: ManifestSet, observer: Observer) {
    self.canary = canary
    self.manifests = manifests
    self.observer = observer
  }

  /// Asked when the canary names no metrics server: Flagger's default `-metrics-server`.
  static let defaultMetricsServer = "http://prometheus:9090"

  mutating func checks() -> [Check] {
    var checks: [Check] = []
    let metrics = canary.analysis.value.allMetrics.map(\.value)
    for metric in metrics { checks += firstPass(metric) }
    for metric in metrics { checks += secondPass(metric) }
    return checks
  }

  /// The built-in if the name says so, then the inline query if there is one.
  private mutating func firstPass(_ metric: CanaryMetric) -> [Check] {
    let server = MetricsServer(address: canary.metricsServer?.value ?? Self.defaultMetricsServer)
    var checks: [Check] = []
    for query in metric.ownQueries(of: canary, observer: observer) {
      var text = render(query, metric)
      let kind: Check.Kind
      switch query.origin {
      case .builtIn(let query): kind = .builtIn(query.metric, query.observer)
      case .inline, .template:
        kind = .inline
        // Flagger drops the error and sends an empty query.
        if case .unavailable = text { text = .text("") }
      }
      checks.append(check(metric, kind, text, server))
    }
    return checks
  }

  /// The template, or the complaint that there is nothing to ask.
  private mutating func secondPass(_ metric: CanaryMetric) -> [Check] {
    if let reference = metric.templateRef?.value { return [templateCheck(metric, reference)] }
    if !metric.ownQueries(of: canary, observer: observer).isEmpty { return [] }
    let known = BuiltInMetric.allCases.map(\.rawValue).joined(separator: " and ")
    complain(
      "metric \(metric.name.value) has neither a query nor a templateRef, and only \(known) are built in",
      at: metric.name.range, in: canary.source)
    return [check(metric, .unusable, .unavailable(.noQuery), MetricsServer(address: ""))]
  }

  private mutating func templateCheck(
    _ metric: CanaryMetric, _ reference: NamespacedReference
  ) -> Check {
    let name = reference.name.value
    let kind = Check.Kind.template("\(name).\(reference.namespace(from: canary.namespace))")
    let template: MetricTemplate
    do {
      template = try manifests.template(reference, of: canary)
    } catch {
      complain(error.description, at: reference.name.range, in: canary.source)
      let problem = "metrictemplates.flagger.app \(GoText.quoted(name)) not found"
      return check(
        metric, kind, .unavailable(.templateMissing(problem)), MetricsServer(address: ""))
    }
    let provider = template.provider.value
    let server = MetricsServer(provider, namespace: template.namespace)
    guard provider.type.value == .prometheus else {
      let type = provider.type.value.rawValue
      let problem = "promgate evaluates PromQL, and cannot ask a provider of type \(type)"
      complain(problem, at: provider.type.range, in: template.source)
      return check(metric, kind, .unavailable(.provider(type: type, problem)), server)
    }
    return check(metric, kind, render(metric.query(of: template, for: canary), metric), server)
  }

  private func check(
    _ metric: CanaryMetric, _ kind: Check.Kind, _ query: Check.Query, _ server: MetricsServer
  ) -> Check {
    let bounds =
      if let range = metric.thresholdRange?.value {
        Bounds.range(min: range.min?.value, max: range.max?.value)
      } else {
        Bounds.threshold(metric.threshold?.value ?? 0)
      }
    return Check(metric: metric.name.value, kind: kind, query: query, bounds: bounds, server: server)
  }

  /// Renders, and says what is wrong with the query: the template's error, or PromQL's.
  private mutating func render(_ query: MetricQuery, _ metric: CanaryMetric) -> Check.Query {
    do {
      let text = try QueryTemplate(parsing: query.text).render(query.values)
      for diagnostic in text.problems {
        complain(
          "the query of metric \(metric.name.value) is no PromQL: \(diagnostic.message)",
          at: diagnostic.range.flatMap(text.fileRange) ?? metric.name.range,
          in: query.source, kind: .query, note: "as sent: \(text.sent)")
      }
      return .ready(text)
    } catch {
      complain(
        "the query of metric \(metric.name.value) cannot be rendered: \(error)",
        at: query.text.fileRange(error.range) ?? metric.name.range, in: query.source)
      return .unavailable(.rendering(error.description))
    }
  }

  private mutating func complain(
    _ message: String, at range: SourceRange?, in source: ManifestSource,
    kind: RolloutProblem.Kind = .manifest, note: String? = nil
  ) {
    let diagnostic = Diagnostic(
      code: "gate", severity: .error, range: range, message: message,
      notes: note.map { [Diagnostic.Note($0)] } ?? [])
    problems.append(RolloutProblem(kind: kind, finding: ManifestFinding(diagnostic, in: source)))
  }
}

extension QueryText {
  /// What PromQL's parser says about the query as it is sent: the first error, if there is one.
  fileprivate var problems: [Diagnostic] {
    do {
      _ = try Expression.parse(sent)
      return []
    } catch {
      return Array(error.diagnostics.prefix(1))
    }
  }
}

extension MetricsServer {
  fileprivate init(_ provider: MetricTemplate.Provider, namespace: String) {
    self.init(
      address: provider.address?.value ?? "",
      headers: (provider.headers?.value ?? []).flatMap { header in
        header.values.map { Header(name: header.name.value, value: $0.value) }
      },
      secret: provider.secretName.map { "\(namespace)/\($0.value)" },
      skipsTLSVerification: provider.insecureSkipVerify?.value ?? false)
  }
}
