import Evaluator
import Manifests
import TimeSeries

/// The words that the reports share.
extension Verdict {
  var words: String {
    switch self {
    case .promoted: "PROMOTED"
    case .rolledBack: "ROLLED BACK"
    case .undecided: "UNDECIDED"
    }
  }
}

extension GateEnd {
  /// Why it ended as it did.
  public func explanation(in rollout: Rollout) -> String {
    switch self {
    case .finished(.promoted):
      rollout.unchecked ?? "every step's checks were passed, or failed fewer than "
        + "\(rollout.failedChecksLimit) times"
    case .finished(.skipped): "the analysis was skipped (skipAnalysis), nothing was measured"
    case .finished(.rolledBack(.failedChecks(let count, let unmeasured))):
      Self.failures(count, unmeasured)
    case .finished(.rolledBack(.hook(let index))):
      "the webhook \(rollout.hooks[index].name) asked for it"
    case .finished(.rolledBack(.notReady(let problem))): "the pods are not ready: \(problem)"
    case .finished(.promotionFailed(let problem)):
      "the promotion failed, all traffic stays with the canary: \(problem)"
    case .outOfEvidence(let last):
      "the recording ends at \(ClockText.timestamp(last)), before the analysis does"
    case .gateNotAsked(let hook):
      "nobody asked the webhook \(rollout.hooks[hook].title), and nothing is promoted without its answer; "
        + "--webhooks skip takes it as passed"
    }
  }

  private static func failures(_ count: Int, _ unmeasured: Int) -> String {
    let checks = "\(count) failed \(count == 1 ? "check" : "checks")"
    if unmeasured == 0 { return checks }
    if unmeasured == count { return "\(checks), and none of them was measured: no value, or an error" }
    return "\(checks), \(unmeasured) of them without a value or with an error"
  }
}

extension Rollout {
  /// Why no metric is ever checked; nil when some are.
  public var unchecked: String? {
    if skipsAnalysis { return nil }
    if !checks.isEmpty {
      return Forecast(self).checkRounds > 0
        ? nil : "nothing is checked: the rollout is over before a metric is asked"
    }
    let hooks = hooks.count { $0.kind == .rollout }
    if hooks == 0 { return "nothing is checked: the canary has neither metrics nor rollout webhooks" }
    return "no metric is checked: the canary has none, only "
      + (hooks == 1 ? "a rollout webhook" : "\(hooks) rollout webhooks")
  }

  /// One sentence about what is going to happen.
  var summary: String {
    let pace =
      switch advance {
      case .weights(let steps): steps.summary
      case .blueGreen(let iterations): "blue/green, \(iterations) iterations"
      case .abTesting(let iterations): "A/B, \(iterations) iterations"
      }
    return "\(pace) on \(router.title), a tick every \(interval), rolled back at "
      + "\(failedChecksLimit) failed \(failedChecksLimit == 1 ? "check" : "checks")"
      + (isMirrored ? ", mirrored first" : "")
  }
}

extension WeightSteps {
  var summary: String {
    stepWeight > 0 || stepWeights.isEmpty
      ? "weight in steps of \(stepWeight) up to \(limit)"
      : "weights \(stepWeights.map(String.init).joined(separator: ", "))"
  }
}

extension Hook {
  /// `acceptance-test (pre-rollout)`
  public var title: String { "\(name) (\(kind.rawValue))" }
}

extension CheckOutcome {
  /// The typed outcome's stable name in JSON.
  public var name: String {
    switch self {
    case .passed: "passed"
    case .failed: "failed"
    case .noValue: "noValue"
    case .error: "error"
    }
  }

  var word: (text: String, color: TextLayout.Color) {
    switch self {
    case .passed: ("passed", .green)
    case .failed: ("FAILED", .red)
    case .noValue: ("NO VALUE", .yellow)
    case .error: ("ERROR", .red)
    }
  }

  /// What has to be said beside the numbers, one sentence each.
  public var reasons: [String] {
    switch self {
    case .passed(let measurement), .failed(let measurement, _): measurement.remarks
    case .noValue(let noValue): noValue.sentences
    case .error(let error): [error.reason]
    }
  }
}

extension Measurement {
  /// The labels of the series that counts, `{pod="a"}`, within bounds.
  var seriesText: String { InstantAnswer.cut(seriesLabels.description) }

  var remarks: [String] {
    var remarks: [String] = []
    if seriesCount > 1 {
      remarks.append(
        "warning: \(seriesCount) series, from \(GoText.general(lowest)) to \(GoText.general(highest)); "
          + "only the last one counts: \(seriesText). Aggregate the query to one series.")
    }
    if case .duration = compared, value.isInfinite {
      remarks.append("warning: the duration is \(GoText.general(value)), which Flagger reads as 0s")
    }
    return remarks + notes
  }
}

extension NoValue {
  var sentences: [String] {
    let first: String =
      switch cause {
      case .noSeries: "the result is empty"
      case .notANumber:
        seriesCount > 1 ? "the last of \(seriesCount) series is NaN" : "the value is NaN"
      case .notText: "the values are JSON numbers, which Flagger does not read"
      case .hiddenError(let text): "the server answered an error that Flagger does not see: \(text)"
      case .severalSeries:
        "\(seriesCount) series answered, and which of them counts is chance: aggregate them"
      case .fewRequests(let count, let wanted):
        "about \(count.roundedText) requests in the window, fewer than \(wanted.roundedText)"
      case .oddAnswer(let problem): "the server's answer is not one of the API: \(problem)"
      case .anotherTime(let distance):
        "the sample is \(GoDuration.milliseconds(Int64(clamping: distance.magnitude))) "
          + "\(distance < 0 ? "older" : "newer") than the time that was asked for"
      case .infinite(let value): "the value is \(GoText.general(value))"
      case .windowBeforeCanary(let reach):
        "the window of \(GoDuration.milliseconds(reach)) begins before the canary's rollout did"
      }
    return [first] + findings.map(\.description)
  }
}

extension CheckError {
  /// In plain words; the event has Flagger's.
  var reason: String {
    switch self {
    case .query(let failure): failure.reason
    case .rendering(let problem): problem
    case .templateMissing(let problem): problem
    case .secretMissing(let secret): "there is no secret \(secret)"
    case .provider(let type, let problem): "provider \(type): \(problem)"
    case .noQuery: "the metric has neither a query nor a template, and is no built-in"
    }
  }
}

extension QueryFailure {
  /// In plain words.
  var reason: String {
    switch self {
    case .unreachable(let problem): "the server cannot be asked: \(problem)"
    case .refused(let status, let words, let body, let message):
      "the server answered \(status) \(words): \(message ?? Self.shortened(body))"
    case .undecodable(let problem, _): "the answer is no result of a query: \(problem)"
    case .notAVector: "the result is a scalar or a string, which Flagger cannot read: use vector(…)"
    case .multipleValues: "the result is a range of samples: aggregate it, as with rate(…)"
    case .unreadableNumber(let problem): problem.description
    case .histogramSample:
      "the result is a native histogram, which Flagger 1.44 crashes of: use histogram_quantile(…)"
    }
  }

  private static func shortened(_ text: String) -> String {
    text.count > 200 ? text.prefix(200) + "…" : text
  }
}

extension Check {
  /// `98.00% ≥ 99%   margin -1   1 series`
  func comparison(of outcome: CheckOutcome) -> String {
    switch outcome {
    case .noValue, .error: return boundsText
    case .passed(let measurement), .failed(let measurement, _):
      var text = "\(measurement.compared.text)  \(boundsText)"
      if let margin = measurement.margin { text += "  margin \(margin.shortText)" }
      return text + "  \(measurement.seriesCount) series"
    }
  }

  /// `min 99`, `max 500 ms`, `no bounds`.
  var boundsText: String {
    let limits = bounds.limits(of: kind)
    let unit =
      switch kind {
      case .builtIn(.requestSuccessRate, _): "%"
      case .builtIn(.requestDuration, _): " ms"
      case .inline, .template, .unusable: ""
      }
    let parts = [
      limits.min.map { "min \(GoText.general($0))\(unit)" },
      limits.max.map { "max \(GoText.general($0))\(unit)" },
    ].compactMap { $0 }
    return parts.isEmpty ? "no bounds" : parts.joined(separator: ", ")
  }
}

extension Measurement.Compared {
  var text: String {
    switch self {
    case .percent(let value): value.shortText + "%"
    case .number(let value): value.shortText
    case .duration(let value): "\(value)"
    }
  }
}

extension Double {
  /// Without decimals.
  var roundedText: String { isFinite && magnitude < 1e15 ? GoText.fixed(rounded(), places: 0) : shortText }

  /// Four decimals at the most, more where that would show nothing.
  var shortText: String {
    guard isFinite, magnitude < 1e15 else { return GoText.general(self) }
    if self != 0, magnitude < 0.001 { return GoText.general(self) }
    var text = GoText.fixed(self, places: 4)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text == "-0" ? "0" : text
  }
}
