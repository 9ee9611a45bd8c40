import Manifests
import TimeSeries

/// A run as JSON: one object a line, each with a `type` and the `version` of the format. Keys stay.
public struct JSONReport: Sendable {
  /// Changes only when a key changes its meaning.
  public static let version = 1

  private let rollout: Rollout
  private let judge: Judge

  public init(_ rollout: Rollout, judge: Judge = .compatible) {
    self.rollout = rollout
    self.judge = judge
  }

  /// `{"type":"start",…}`: what is going to be judged.
  /// - Parameter notDone: what the manifest asks for and the run leaves out, a phrase each.
  public func start(_ forecast: Forecast, notDone: [String] = []) -> String {
    var line = head("start")
    line.add("canary", rollout.name)
    line.add("namespace", rollout.namespace)
    line.add("target", rollout.targetName)
    line.add("provider", rollout.providerName)
    line.add("strategy", rollout.advance.name)
    line.add("intervalMilliseconds", rollout.interval.milliseconds)
    line.add("failedChecksLimit", rollout.failedChecksLimit)
    line.add("ticksAtLeast", Int64(forecast.ticks ?? -1))
    line.add("checks", rollout.checks.map(description))
    line.add("unchecked", rollout.unchecked)
    line.add("notRun", notDone)
    return line.closed
  }

  /// `{"type":"tick",…}`
  public func tick(_ record: TickRecord) -> String {
    var line = head("tick")
    add(record, to: &line)
    return line.closed
  }

  /// A tick without the head of a line.
  func object(_ record: TickRecord) -> JSONText {
    var object = JSONText()
    add(record, to: &object)
    return object
  }

  private func add(_ record: TickRecord, to line: inout JSONText) {
    line.add("tick", record.number)
    line.add("time", Double(record.time) / 1000)
    line.add("phase", record.result.state.phase.rawValue)
    line.add("weight", record.result.state.routes.canary)
    line.add("weightBefore", record.before.routes.canary)
    line.add("mirrored", record.result.state.routes.isMirrored)
    line.add("iteration", record.result.state.iterations)
    line.add("failedChecks", record.result.state.failedChecks)
    line.add("checks", record.result.checks.map { checked($0, record) })
    line.add("notEvaluated", record.result.notEvaluated.map { rollout.checks[$0].metric })
    line.add("webhooksNotRun", record.result.actions.compactMap(unrunHook))
    line.add("events", record.result.actions.compactMap(event))
    line.add("alerts", record.result.actions.compactMap(alert))
  }

  /// `{"type":"end","verdict":…}`
  public func end(_ end: GateEnd) -> String {
    var line = head("end")
    line.add("verdict", end.verdict.rawValue)
    line.add("exitCode", Int(end.verdict.exitCode))
    line.add("reason", end.explanation(in: rollout))
    return line.closed
  }

  private func head(_ type: String) -> JSONText {
    var line = JSONText()
    line.add("version", Self.version)
    line.add("type", type)
    return line
  }

  func description(_ check: Check) -> JSONText {
    let limits = check.bounds.limits(of: check.kind)
    var text = JSONText()
    text.add("metric", check.metric)
    text.add("kind", check.kind.name)
    text.add("query", check.sentQuery)
    text.add("min", limits.min)
    text.add("max", limits.max)
    return text
  }

  private func checked(_ item: TickResult.CheckedMetric, _ record: TickRecord) -> JSONText {
    var text = description(rollout.checks[item.index])
    text.add("verdict", item.outcome.name)
    switch item.outcome {
    case .passed(let measurement), .failed(let measurement, _):
      text.add("value", measurement.value)
      text.add("compared", measurement.compared.text)
      text.add("margin", measurement.margin)
      text.add("series", measurement.seriesCount)
      text.add("labels", measurement.seriesText)
      text.add("lowest", measurement.lowest)
      text.add("highest", measurement.highest)
    case .noValue(let noValue):
      text.add("cause", noValue.cause.name)
      text.add("series", noValue.seriesCount)
    case .error(let error):
      text.add("cause", error.name)
    }
    text.add("reasons", item.outcome.reasons)
    if let basis = item.evidence?.basis {
      text.add("windowMilliseconds", basis.reach)
      text.add("seriesFound", basis.series.map(Double.init))
      text.add("samples", basis.samples.map(Double.init))
      text.add("requests", basis.requests)
    }
    if let other = item.disagreement(rollout, judge, record) {
      text.add("otherPolicy", judge.other.title)
      text.add("otherVerdict", other.name)
    }
    return text
  }

  private func unrunHook(_ action: TickAction) -> JSONText? {
    guard case .hookNotRun(let index) = action else { return nil }
    var text = JSONText()
    text.add("name", rollout.hooks[index].name)
    text.add("type", rollout.hooks[index].kind.rawValue)
    return text
  }

  private func event(_ action: TickAction) -> JSONText? {
    guard case .event(let event) = action else { return nil }
    var text = JSONText()
    text.add("severity", event.severity(in: rollout).rawValue)
    text.add("message", event.message(in: rollout))
    return text
  }

  private func alert(_ action: TickAction) -> JSONText? {
    guard case .alert(let alert) = action else { return nil }
    var text = JSONText()
    text.add("severity", alert.severity.rawValue)
    text.add("message", alert.message(in: rollout))
    return text
  }
}

extension Rollout.Advance {
  /// Flagger's name for the strategy.
  public var name: String {
    switch self {
    case .weights: RolloutStrategy.canary.rawValue
    case .blueGreen: RolloutStrategy.blueGreen.rawValue
    case .abTesting: RolloutStrategy.abTesting.rawValue
    }
  }
}

extension Check.Kind {
  var name: String {
    switch self {
    case .builtIn: "builtIn"
    case .inline: "query"
    case .template: "template"
    case .unusable: "unusable"
    }
  }
}

extension NoValue.Cause {
  var name: String {
    switch self {
    case .noSeries: "noSeries"
    case .notANumber: "nan"
    case .notText: "notText"
    case .hiddenError: "hiddenError"
    case .severalSeries: "severalSeries"
    case .fewRequests: "fewRequests"
    case .oddAnswer: "oddAnswer"
    case .anotherTime: "anotherTime"
    case .infinite: "infinite"
    case .windowBeforeCanary: "windowBeforeCanary"
    }
  }
}

extension CheckError {
  var name: String {
    switch self {
    case .query(.unreachable): "unreachable"
    case .query(.refused): "refused"
    case .query(.undecodable): "undecodable"
    case .query(.notAVector): "notAVector"
    case .query(.multipleValues): "multipleValues"
    case .query(.unreadableNumber): "unreadableNumber"
    case .query(.histogramSample): "histogramSample"
    case .rendering: "rendering"
    case .templateMissing: "templateMissing"
    case .secretMissing: "secretMissing"
    case .provider: "provider"
    case .noQuery: "noQuery"
    }
  }
}
