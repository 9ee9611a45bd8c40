import Manifests
import TimeSeries

/// Replays as one JSON document (docs/replay.md lists the members). Keys stay.
public struct ReplayJSON: Sendable {
  /// Changes only when a key changes its meaning.
  public static let version = 1

  private let report: ReplayReport
  private let ticks: JSONReport

  public init(_ report: ReplayReport) {
    self.report = report
    ticks = JSONReport(report.rollout, judge: report.judge)
  }

  /// The document, with a newline at its end.
  public var text: String {
    let telling = report.telling
    var object = JSONText()
    object.add("version", Self.version)
    object.add("verdict", report.verdict.rawValue)
    object.add("reason", telling.replay.end.explanation(in: report.rollout))
    object.add("policy", report.judge.title)
    object.add("canary", report.rollout.name)
    object.add("namespace", report.rollout.namespace)
    object.add("target", report.rollout.targetName)
    object.add("strategy", report.rollout.advance.name)
    object.add("intervalMilliseconds", report.rollout.interval.milliseconds)
    object.add("failedChecksLimit", report.rollout.failedChecksLimit)
    object.add("checks", report.rollout.checks.map(ticks.description))
    object.add("start", seconds(telling.replay.start))
    object.add("end", seconds(telling.replay.endTime))
    object.add("ticks", telling.replay.ticks.map(ticks.object))
    object.add("replays", report.runs.map(replay))
    object.add("sweep", report.sweep.map(sweep))
    return object.closed + "\n"
  }

  private func seconds(_ milliseconds: Int64) -> Double { Double(milliseconds) / 1000 }

  private func replay(_ run: ReplayReport.Run) -> JSONText {
    var object = JSONText()
    object.add("start", seconds(run.replay.start))
    object.add("end", seconds(run.replay.endTime))
    object.add("revision", run.revision)
    object.add("verdict", run.replay.verdict.rawValue)
    object.add("reason", run.replay.end.explanation(in: report.rollout))
    object.add("tickCount", run.replay.ticks.count)
    object.add("otherPolicy", report.judge.other.title)
    object.add("otherVerdict", run.other.verdict.rawValue)
    return object
  }

  private func sweep(_ sweep: Sweep) -> JSONText {
    var object = JSONText()
    object.add("variations", sweep.variations.map(variation))
    object.add("bounds", sweep.flips.map(flip))
    object.add("resolutions", sweep.resolutions.map(resolution))
    object.add(
      "odds",
      sweep.odds.map { odds in
        var entry = JSONText()
        entry.add("errorRate", odds.errorRate)
        entry.add("promoted", odds.promoted)
        entry.add("rolledBack", odds.rolledBack)
        return entry
      })
    return object
  }

  private func variation(_ variation: Sweep.Variation) -> JSONText {
    var object = JSONText()
    object.add("varied", variation.kind.rawValue)
    object.add("flips", variation.flips(from: report.telling.replay.verdict))
    object.add(
      "cases",
      variation.cases.map { item in
        var entry = JSONText()
        entry.add("value", item.name)
        entry.add("verdict", item.verdict.rawValue)
        return entry
      })
    return object
  }

  private func flip(_ flip: Sweep.Flip) -> JSONText {
    var object = JSONText()
    object.add("metric", report.rollout.checks[flip.check].metric)
    object.add("side", flip.side.rawValue)
    object.add("bound", flip.bound)
    object.add("flipsAt", flip.value)
    object.add("verdictThere", flip.verdict?.rawValue)
    return object
  }

  private func resolution(_ resolution: Sweep.Resolution) -> JSONText {
    var object = JSONText()
    object.add("metric", report.rollout.checks[resolution.check].metric)
    object.add("requests", resolution.requests)
    object.add("limit", resolution.limit)
    object.add("detectable", resolution.detectable)
    object.add("falseAlarm", resolution.falseAlarm)
    return object
  }
}
