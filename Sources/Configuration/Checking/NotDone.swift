import PromQL

extension PrometheusConfiguration {
  /// Sections that Prometheus acts on and promgate does not, by their places. Discoveries of unknown kinds
  /// were named when they were read.
  var notDone: [Diagnostic] {
    Self.undone.compactMap { key, what in
      places[key].map {
        Diagnostic(
          code: ConfigurationCode.notDone, severity: .info, range: $0, message: "\(key): \(what)")
      }
    }
  }

  private static let undone: [(key: String, what: String)] = [
    ("tracing", "promgate sends no traces"),
    ("otlp", "promgate takes no OTLP"),
    ("runtime", "it sets Go's collector, which promgate does not have"),
  ]
}
