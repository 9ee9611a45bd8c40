import Manifests
import TimeSeries

/// A run as people read it in a terminal of at least 80 columns. Pure: the same run makes the same
/// bytes.
public struct TextReport: Sendable {
  private let rollout: Rollout
  private let layout: TextLayout
  private let metricWidth: Int

  /// - Parameters:
  ///   - width: columns; at least 60.
  public init(_ rollout: Rollout, usesColor: Bool = false, width: Int = 96) {
    self.rollout = rollout
    layout = TextLayout(usesColor: usesColor, width: max(60, width))
    metricWidth = min(32, rollout.checks.map(\.metric.count).max() ?? 0)
  }

  /// What is going to be judged, and what is not done.
  /// - Parameter notDone: what the manifest asks for and the run leaves out, a phrase each.
  public func heading(_ forecast: Forecast, notDone: [String] = []) -> String {
    var lines = [layout.painted("canary \(TextLayout.printable(rollout.title))", .bold)]
    lines += layout.wrapped(rollout.summary, indent: 2)
    if let ticks = forecast.ticks {
      let least = GoDuration.milliseconds(Int64(ticks - 1) * rollout.interval.milliseconds)
      lines += layout.wrapped(
        "promoted after \(ticks) ticks (\(least))"
          + (rollout.unchecked == nil
            ? " and \(forecast.checkRounds) rounds of checks, if all of them pass"
            : ", whatever is measured"),
        indent: 2)
    }
    if let unchecked = rollout.unchecked {
      lines += layout.wrapped(unchecked, indent: 2).map { layout.painted($0, .red) }
    }
    for item in notDone { lines += layout.wrapped(item, indent: 2, hanging: 4) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// One tick: where the rollout stands, the hooks, the checks, the events.
  public func tick(_ record: TickRecord) -> String {
    var lines = [headline(record)]
    for action in record.result.actions {
      if case .hookNotRun(let index) = action {
        lines.append("  webhook \(TextLayout.printable(rollout.hooks[index].title)): not run")
      }
    }
    for check in record.result.checks { lines += checkLines(check) }
    for index in record.result.notEvaluated {
      let check = rollout.checks[index]
      let label =
        TextLayout.padded("–", 9) + TextLayout.padded(TextLayout.printable(check.metric), metricWidth)
      lines.append("  " + layout.painted("\(label)  not evaluated: the tick had failed", .faint))
    }
    for action in record.result.actions {
      if case .event(let event) = action { lines += eventLines(event) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The verdict.
  public func ending(_ end: GateEnd) -> String {
    let words = end.verdict.words
    let lines = layout.wrapped("\(words): \(end.explanation(in: rollout))", indent: 0, hanging: 2)
    // Painted after wrapping: escapes take no columns.
    return layout.painted(words, end.verdict.color) + lines.joined(separator: "\n").dropFirst(words.count)
      + "\n"
  }

  private func headline(_ record: TickRecord) -> String {
    let state = record.result.state
    let weight = "weight " + Self.change(record.before.routes.shown, state.routes.shown)
    let place =
      switch rollout.advance {
      case .weights: weight
      case .blueGreen(let count), .abTesting(let count):
        "iteration \(max(0, state.iterations))/\(count)  \(weight)"
      }
    // The first line has the date, all others only the time: they have to fit 80 columns.
    let time =
      record.number == 0
      ? ClockText.timestamp(record.time) : ClockText.time(record.time)
    let text =
      "tick \(record.number)  \(time)  \(state.phase.rawValue)  \(place)  "
      + "failed \(state.failedChecks)/\(rollout.failedChecksLimit)"
    return layout.painted(text, .bold)
  }

  private static func change(_ before: String, _ after: String) -> String {
    before == after ? after : "\(before) → \(after)"
  }

  private func checkLines(_ checked: TickResult.CheckedMetric) -> [String] {
    let check = rollout.checks[checked.index]
    let verdict = checked.outcome.word
    let name = TextLayout.padded(TextLayout.printable(check.metric), metricWidth)
    let label = layout.painted(TextLayout.padded(verdict.text, 9), verdict.color) + name
    var lines = ["  \(label)  \(check.comparison(of: checked.outcome))"]
    for reason in checked.outcome.reasons { lines += layout.wrapped(reason, indent: 11, hanging: 13) }
    if let query = check.sentQuery {
      lines += layout.wrapped("query: \(query)", indent: 11, hanging: 13)
        .map { layout.painted($0, .faint) }
    }
    return lines
  }

  private func eventLines(_ event: AnalysisEvent) -> [String] {
    let color: TextLayout.Color? =
      switch event.severity(in: rollout) {
      case .info: nil
      case .warning: .yellow
      case .error: .red
      }
    return layout.wrapped("→ " + event.message(in: rollout), indent: 2, hanging: 4)
      .map { line in color.map { layout.painted(line, $0) } ?? line }
  }
}

extension Routes {
  /// The canary's weight, and whether it is mirrored.
  fileprivate var shown: String { isMirrored ? "\(canary) (mirrored)" : "\(canary)" }
}
