package import Manifests
import TimeSeries

/// The text of a label or annotation of an alert: Go's text/template with Prometheus' functions
/// (config.md §9.4).
package struct RuleTemplate: Sendable {
  let template: TextTemplate

  /// What every text begins with, as Prometheus has it: places in messages count it.
  package static let prefix =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    + "{{$externalURL := .ExternalURL}}{{$value := .Value}}"

  /// Throws a parsing error in Go's words, or a limit.
  package init(_ text: String, ofAlert name: String) throws(TemplateError) {
    template = try TextTemplate(
      parsing: Self.prefix + text, name: "__alert_" + name, functions: RuleTemplateFunction.names)
  }

  /// The text for one sample of the alert's query. What fails becomes a text that says so, as in
  /// Prometheus: an alert must not be lost for a template's sake.
  static func expand(_ text: String, ofAlert name: String, with values: RuleTemplateValues) -> String {
    // Most labels are plain texts.
    guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
    do {
      return try RuleTemplate(text, ofAlert: name).template
        .render(library: RuleTemplateFunction.library(values), dot: values.dot)
    } catch {
      let phase =
        switch error.phase {
        case .parsing: "parsing"
        case .execution, .limit: "executing"
        }
      return "<error expanding template: error \(phase) template __alert_\(name): \(error.message)>"
    }
  }
}

/// What a template of an alert sees.
struct RuleTemplateValues: Sendable {
  /// The labels of the sample, its name included.
  var labels: [String: String]
  var value: TemplateValue
  var external: ExternalFacts
  /// The time of evaluation, milliseconds.
  var time: Int64
  /// Answers an instant query at the time of evaluation.
  var query: @Sendable (String) throws(RuleFailure) -> [TemplateSample]

  var dot: TemplateValue {
    .record(
      TemplateRecord(
        type:
          "struct { Labels map[string]string; ExternalLabels map[string]string; "
          + "ExternalURL string; Value interface {} }",
        fields: [
          TemplateRecord.Field("Labels", .map(labels)),
          TemplateRecord.Field("ExternalLabels", .map(external.labels)),
          TemplateRecord.Field("ExternalURL", .text(external.url)),
          TemplateRecord.Field("Value", value),
        ]))
  }
}

/// What a server tells of itself to others.
public struct ExternalFacts: Sendable, Hashable {
  /// `external_labels`.
  public var labels: [String: String]
  /// Empty when nobody knows.
  public var url: String
  /// Whether there is a server at all. In promtool's unit tests there is none: the functions `externalURL`
  /// and `pathPrefix` fail there, in Go's words, while `$externalURL` is what the test says.
  public var isServer: Bool

  public init(labels: [String: String] = [:], url: String = "", isServer: Bool = true) {
    self.labels = labels
    self.url = url
    self.isServer = isServer
  }

  /// The path of the URL; empty when it has none.
  var pathPrefix: String {
    guard let scheme = url.firstRange(of: "://") else { return "" }
    let rest = url[scheme.upperBound...]
    guard let slash = rest.firstIndex(of: "/") else { return "" }
    let path = rest[slash...].prefix { $0 != "?" && $0 != "#" }
    return String(path)
  }
}

/// An element of what `query` yields.
struct TemplateSample: Sendable {
  static let type = "*template.sample"
  static let listType = "template.queryResult"

  var labels: [String: String]
  var value: Double

  var templateValue: TemplateValue {
    .record(
      TemplateRecord(
        type: Self.type,
        fields: [
          TemplateRecord.Field("Labels", .map(labels)),
          TemplateRecord.Field("Value", .float(value)),
        ]))
  }
}
