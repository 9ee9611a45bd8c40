import Manifests
import TimeSeries

/// Flagger's words for a check that stops a tick (flagger.md §4.6, §5.3).
extension Check {
  func haltMessage(_ outcome: CheckOutcome, in rollout: Rollout) -> String {
    switch outcome {
    case .passed: ""
    case .failed(let measurement, let breach): breachMessage(measurement, breach, rollout)
    case .noValue: noValueMessage(rollout)
    case .error(let error): errorMessage(error)
    }
  }

  private func breachMessage(
    _ measurement: Measurement, _ breach: Breach, _ rollout: Rollout
  ) -> String {
    let (sign, bound) = breach.parts
    let halt = "Halt \(rollout.title) advancement"
    return switch measurement.compared {
    case .percent(let value):
      "\(halt) success rate \(GoText.fixed(value, places: 2))% \(sign) \(GoText.general(bound))%"
    case .duration(let value):
      "\(halt) request duration \(value) \(sign) \(GoDuration.truncating(milliseconds: bound))"
    case .number(let value):
      "\(halt) \(metric) \(GoText.fixed(value, places: 2)) \(sign) \(GoText.general(bound))"
    }
  }

  private func noValueMessage(_ rollout: Rollout) -> String {
    let halt = "Halt advancement no values found for"
    return switch kind {
    case .builtIn(let builtIn, _):
      "\(halt) \(rollout.providerName) metric \(metric) probably \(rollout.targetTitle) "
        + "is not receiving traffic" + (builtIn == .requestSuccessRate ? ": \(noValuesError)" : "")
    case .inline, .unusable: "\(halt) metric: \(metric)"
    case .template: "\(halt) custom metric: \(metric): no values found"
    }
  }

  /// Observers wrap what the client says, but for the success rate of the HTTP one.
  private var noValuesError: String { observerPrefix + "no values found" }

  private var observerPrefix: String {
    switch kind {
    case .builtIn(.requestSuccessRate, .http): ""
    case .builtIn: "running query failed: "
    case .inline, .template, .unusable: ""
    }
  }

  private func errorMessage(_ error: CheckError) -> String {
    switch (error, kind) {
    case (.noQuery, _): "Metric query failed for no usable metrics template and query were configured"
    case (.rendering(let problem), .template(let name)):
      "Metric template \(name) query render error: \(problem)"
    case (.rendering(let problem), _): "Prometheus query failed: rendering query failed: \(problem)"
    case (.templateMissing(let problem), _): "Metric template \(templateName) error: \(problem)"
    case (.secretMissing(let secret), _):
      "Metric template \(templateName) secret \(secret) error: secrets \(GoText.quoted(secret)) not found"
    case (.provider(let type, let problem), _):
      "Metric template \(templateName) provider \(type) error: \(problem)"
    case (.query(let failure), .builtIn): "Prometheus query failed: \(observerPrefix)\(failure)"
    case (.query(let failure), .inline): "Prometheus query failed for \(metric): \(failure)"
    case (.query(let failure), .template), (.query(let failure), .unusable):
      "Metric query failed for \(metric): \(failure)"
    }
  }

  private var templateName: String {
    switch kind {
    case .template(let name): name
    case .builtIn, .inline, .unusable: metric
    }
  }
}

extension Breach {
  /// The sign of the comparison that came true, and the bound.
  var parts: (sign: String, bound: Double) {
    switch self {
    case .below(let bound): ("<", bound)
    case .above(let bound): (">", bound)
    }
  }
}
