public import Gate
public import Manifests
import PromQL

/// A canary together with what Flagger makes of it.
public struct CanarySubject: Sendable {
  public var canary: Canary
  public var manifests: ManifestSet
  public var rollout: Rollout
  public var forecast: Forecast
  public var options: LintOptions

  var analysis: CanaryAnalysis { canary.analysis.value }

  /// `Canary test/podinfo, PATH`.
  func subject(_ path: String) -> String { "Canary \(canary.namespace)/\(canary.name), \(path)" }

  /// Says something of a part of the canary; of its name when the part has no place.
  func advice(_ message: String, at range: SourceRange?, _ path: String = ".spec.analysis") -> Advice {
    Advice(message, at: place(range), of: subject(path))
  }

  func place(_ range: SourceRange?) -> Place {
    Place(canary.source, range ?? canary.metadata.name.range)
  }

  func edit(_ range: SourceRange?, _ replacement: String) -> Fix.Edit? {
    guard let source = canary.origin?.source, let range else { return nil }
    return Fix.Edit(source, range, replacement)
  }
}

/// One metric of a canary.
public struct MetricSubject: Sendable {
  public var canary: CanarySubject
  public var metric: Located<CanaryMetric>
  public var index: Int
  /// What it refers to, when that was found.
  public var template: MetricTemplate?

  var value: CanaryMetric { metric.value }

  var path: String { ".spec.analysis.metrics[\(index)]" }

  /// Says something of a part of the metric; of its name when the part has no place.
  func advice(_ message: String, at range: SourceRange?, _ path: String = "") -> Advice {
    canary.advice(message, at: range ?? value.name.range, self.path + path)
  }
}

/// A MetricTemplate with the canaries that refer to it.
public struct TemplateSubject: Sendable {
  public var template: MetricTemplate
  /// Canaries and their metrics.
  public var users: [MetricSubject]
  /// Whether there is any canary among the manifests.
  public var hasCanaries: Bool

  func advice(_ message: String, at range: SourceRange?, _ path: String) -> Advice {
    Advice(
      message, at: Place(template.source, range ?? template.metadata.name.range),
      of: "MetricTemplate \(template.namespace)/\(template.name), \(path)")
  }
}
