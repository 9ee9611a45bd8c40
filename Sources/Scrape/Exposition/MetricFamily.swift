/// What a metric is, as exposers say.
public enum MetricType: String, Sendable, Hashable, CaseIterable {
  case unknown, counter, gauge, histogram, gaugehistogram, summary, info, stateset

  /// The type named in a `TYPE` line of a format; nil where the format knows no such type.
  init?(_ text: some Collection<UInt8>, in format: ExpositionFormat) {
    let name = String(decoding: text, as: UTF8.self)
    switch format {
    case .openMetrics:
      self.init(rawValue: name)
    case .text:
      switch name {
      case "untyped": self = .unknown
      case "counter", "gauge", "histogram", "summary": self.init(rawValue: name)
      default: return nil
      }
    }
  }

  /// The label whose value is a number that gets one spelling (exposition.md §2.3).
  package var numericLabel: NumericLabel {
    switch self {
    case .histogram: .upperBound
    case .summary: .quantile
    case .unknown, .counter, .gauge, .gaugehistogram, .info, .stateset: .none
    }
  }
}

/// A label whose value is a number.
package enum NumericLabel: Sendable, Hashable {
  case none, upperBound, quantile

  /// The label's name; nil for none.
  var name: String? {
    switch self {
    case .none: nil
    case .upperBound: "le"
    case .quantile: "quantile"
    }
  }
}

/// What an exposition says about a metric; empty where it says nothing.
public struct MetricFamily: Sendable, Hashable {
  /// As exposed: a counter of OpenMetrics goes without `_total`.
  public var name: String
  /// Unknown where no `TYPE` line says it.
  public var type: MetricType
  /// What it measures, escapes undone.
  public var help: String
  /// Its unit, as `UNIT` lines of OpenMetrics give it.
  public var unit: String

  public init(name: String, type: MetricType = .unknown, help: String = "", unit: String = "") {
    self.name = name
    self.type = type
    self.help = help
    self.unit = unit
  }
}
