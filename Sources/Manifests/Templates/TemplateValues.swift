/// What the functions of a query template return (flagger.md §2.2).
public struct TemplateValues: Sendable, Hashable {
  public var name: String
  public var namespace: String
  public var target: String
  public var service: String
  public var ingress: String
  public var route: String
  public var interval: String
  /// `{{ variables }}`; empty also stands for an absent map, which behaves the same.
  public var variables: [String: String]

  public init(
    name: String, namespace: String, target: String, service: String, ingress: String,
    route: String, interval: String, variables: [String: String] = [:]
  ) {
    self.name = name
    self.namespace = namespace
    self.target = target
    self.service = service
    self.ingress = ingress
    self.route = route
    self.interval = interval
    self.variables = variables
  }

  /// Which of Flagger's two passes a query belongs to: they differ in what an absent interval means.
  public enum Pass: Sendable, Hashable {
    /// Built-in and inline queries: `1m`.
    case builtInOrInline
    /// MetricTemplates: the empty text.
    case template
  }

  /// - Parameter revision: the latest created revision of a Knative Service, which replaces the route
  ///   of a canary whose target is one.
  public init(canary: Canary, metric: CanaryMetric, pass: Pass, revision: String? = nil) {
    let interval =
      switch pass {
      case .builtInOrInline: metric.intervalOrDefault
      case .template: metric.intervalAsWritten
      }
    var variables: [String: String] = [:]
    for variable in metric.templateVariables?.value ?? [] {
      variables[variable.key.value] = variable.value.value
    }
    self.init(
      name: canary.name, namespace: canary.namespace, target: canary.targetName,
      service: canary.serviceName, ingress: canary.ingressName,
      route: revision ?? canary.routeName, interval: interval, variables: variables)
  }
}
