import Manifests
import TimeSeries

/// Replays as people read them in a terminal of at least 80 columns.
public struct ReplayText: Sendable {
  private let report: ReplayReport
  private let layout: TextLayout
  private let width: Int
  private let showsEvents: Bool

  private var rollout: Rollout { report.rollout }

  /// - Parameters:
  ///   - width: columns; at least 60.
  ///   - showsEvents: Flagger's event texts at each tick.
  public init(_ report: ReplayReport, usesColor: Bool = false, width: Int = 80, showsEvents: Bool = false) {
    self.report = report
    self.width = max(60, width)
    layout = TextLayout(usesColor: usesColor, width: max(60, width))
    self.showsEvents = showsEvents
  }

  /// The whole report.
  public var text: String {
    var lines = heading
    if report.runs.count == 1 {
      lines += picture(report.runs[0]) + [""] + ticks(report.runs[0]) + ending(report.runs[0])
    } else {
      lines += overview
    }
    if let sweep = report.sweep { lines += [""] + SweepText(sweep, rollout, layout).lines }
    return lines.joined(separator: "\n") + "\n"
  }

  private var heading: [String] {
    var lines = [layout.painted("canary \(TextLayout.printable(rollout.title))", .bold)]
    lines += layout.wrapped("\(rollout.summary); \(report.judge.summary)", indent: 2, hanging: 4)
    for check in rollout.checks {
      lines += layout.wrapped(
        "\(check.metric) (\(check.boundsText)): \(check.sentQuery ?? "no query")", indent: 2, hanging: 4)
    }
    for note in rollout.hookNotes(report.uncalled) {
      lines += layout.wrapped(note, indent: 2, hanging: 4)
    }
    return lines + [""]
  }

  // MARK: One replay

  /// A small curve of each check with its verdicts, and the weights under them: a column a tick.
  private func picture(_ run: ReplayReport.Run) -> [String] {
    let replay = run.replay
    let origin = run.revision.map { ", when pods of \($0) appeared" } ?? ""
    var lines = [
      layout.painted("replay from \(ClockText.timestamp(replay.start))\(origin)", .bold)
    ]
    let shown = replay.ticks.suffix(width - 26)
    let left = replay.ticks.count - shown.count
    if left > 0 { lines += layout.wrapped("(the first \(left) ticks are not drawn)", indent: 2) }
    for (index, check) in rollout.checks.enumerated() {
      let outcomes = shown.map { record in record.result.checks.first { $0.index == index }?.outcome }
      let numbers = outcomes.map { $0?.measurement?.comparedNumber }
      let limits = check.bounds.limits(of: check.kind)
      let scale = Sparkline(numbers.compactMap { $0 }, limits.min, limits.max)
      let name = TextLayout.padded(String(TextLayout.printable(check.metric).prefix(21)), 22)
      let curve = zip(numbers, outcomes).map { number, outcome in
        number.map(scale.block) ?? (outcome == nil ? " " : "?")
      }
      lines.append("  " + name + painted(curve, outcomes))
      lines.append(
        "  " + TextLayout.padded(String(check.boundsText.prefix(21)), 22)
          + painted(
            outcomes.map { $0?.mark ?? "·" }, outcomes))
    }
    let weights = Sparkline([0, 100], nil, nil)
    let bars = shown.map { weights.block(Double($0.result.state.routes.canary)) }.joined()
    let last = replay.ticks.map { $0.result.state.routes.canary }.max() ?? 0
    lines.append("  " + TextLayout.padded("weight, up to \(last)", 22) + bars)
    return lines
  }

  private func painted(_ cells: [String], _ outcomes: [CheckOutcome?]) -> String {
    guard layout.usesColor else { return cells.joined() }
    return zip(cells, outcomes).map { cell, outcome in
      outcome.map { layout.painted(cell, $0.word.color) } ?? cell
    }.joined()
  }

  private func ticks(_ run: ReplayReport.Run) -> [String] {
    run.replay.ticks.flatMap { record -> [String] in
      var lines = [headline(record)]
      for checked in record.result.checks { lines += checkLines(checked) }
      if !record.result.notEvaluated.isEmpty {
        let names = record.result.notEvaluated.map { rollout.checks[$0].metric }
        lines += layout.wrapped(
          "not evaluated, since the tick had ended: \(names.joined(separator: ", "))", indent: 4, hanging: 6
        )
        .map { layout.painted($0, .faint) }
      }
      lines += disagreements(record)
      guard showsEvents else { return lines }
      for case .event(let event) in record.result.actions {
        lines += layout.wrapped("→ " + event.message(in: rollout), indent: 4, hanging: 6)
      }
      return lines
    }
  }

  /// Where the other judge says otherwise: one line for each thing that it says.
  private func disagreements(_ record: TickRecord) -> [String] {
    var groups: [(words: String, metrics: [String])] = []
    for checked in record.result.checks {
      guard let other = checked.disagreement(rollout, report.judge, record) else { continue }
      let reason = other.isMeasured ? "" : ": " + (other.reasons.first ?? "")
      let words = other.word.text.lowercased() + reason
      let metric = rollout.checks[checked.index].metric
      if let place = groups.firstIndex(where: { $0.words == words }) {
        groups[place].metrics.append(metric)
      } else {
        groups.append((words, [metric]))
      }
    }
    return groups.flatMap { group in
      layout.wrapped(
        "\(report.judge.other.title): \(group.words) (\(group.metrics.joined(separator: ", ")))",
        indent: 4,
        hanging: 6
      ).map { layout.painted($0, .yellow) }
    }
  }

  private func headline(_ record: TickRecord) -> String {
    let state = record.result.state
    let before = record.before.routes.canary
    let weight = before == state.routes.canary ? "\(before)" : "\(before) → \(state.routes.canary)"
    let place =
      switch rollout.advance {
      case .weights: "weight \(weight)"
      case .blueGreen(let count), .abTesting(let count):
        "iteration \(max(0, state.iterations))/\(count), weight \(weight)"
      }
    let mirrored = state.routes.isMirrored ? " (mirrored)" : ""
    return layout.painted(
      "tick \(record.number)  \(ClockText.time(record.time))  \(state.phase.rawValue)  \(place)\(mirrored)  "
        + "failed \(state.failedChecks)/\(rollout.failedChecksLimit)", .bold)
  }

  private func checkLines(_ checked: TickResult.CheckedMetric) -> [String] {
    let check = rollout.checks[checked.index]
    let verdict = checked.outcome.word
    let basis = checked.evidence?.basis?.text.map { " (\($0))" } ?? ""
    var text = check.metric
    switch checked.outcome {
    case .passed(let measurement), .failed(let measurement, _):
      text += "  \(measurement.compared.text)  \(check.boundsText)"
      if let margin = measurement.margin { text += "  margin \(margin.shortText)" }
    case .noValue, .error: text += "  \(check.boundsText)"
    }
    var lines = layout.wrapped(text + basis, indent: 13, hanging: 15)
    lines[0] =
      "    " + layout.painted(TextLayout.padded(verdict.text, 9), verdict.color) + lines[0].dropFirst(13)
    for reason in checked.outcome.reasons { lines += layout.wrapped(reason, indent: 13, hanging: 15) }
    return lines
  }

  private func ending(_ run: ReplayReport.Run) -> [String] {
    [""] + conclusion(run.replay) + disagreement(run)
  }

  private func conclusion(_ replay: Replay) -> [String] {
    let words = replay.verdict.words
    var lines = layout.wrapped(replay.conclusion(in: rollout), indent: 0, hanging: 2)
    lines[0] = layout.painted(words, replay.verdict.color) + lines[0].dropFirst(words.count)
    return lines
  }

  /// What the other judge makes of the whole, where that is something else.
  private func disagreement(_ run: ReplayReport.Run) -> [String] {
    guard run.other.verdict != run.replay.verdict else { return [] }
    return layout.wrapped(
      "\(report.judge.other.title) judging comes to another end: \(run.other.conclusion(in: rollout))",
      indent: 0, hanging: 2
    ).map { layout.painted($0, .yellow) }
  }

  // MARK: Many replays

  private var overview: [String] {
    let counts = report.counts.map { "\($0.verdict.words.lowercased()) \($0.count)" }
    var lines = [layout.painted("\(report.runs.count) replays: \(counts.joined(separator: ", "))", .bold)]
    for run in report.runs {
      let words = TextLayout.padded(run.replay.verdict.words, 12)
      let since = run.revision.map { "  \($0)" } ?? ""
      let tail =
        run.replay.verdict == .promoted
        ? "at \(ClockText.time(run.replay.endTime))" : run.replay.end.explanation(in: rollout)
      let other =
        run.other.verdict == run.replay.verdict
        ? "" : " (\(report.judge.other.title): \(run.other.verdict.words.lowercased()))"
      var row = layout.wrapped("\(tail)\(other)", indent: 0, hanging: 0)
      row[0] =
        "  \(ClockText.timestamp(run.replay.start))\(since)  "
        + layout.painted(words, run.replay.verdict.color) + row[0]
      lines += [row.joined(separator: " ")]
    }
    let telling = report.telling
    if telling.replay.verdict != .promoted {
      lines += ["", layout.painted("the first that was not promoted:", .bold)] + picture(telling)
      lines += ticks(telling) + ending(telling)
    }
    return lines
  }
}

/// Blocks of eight heights.
struct Sparkline {
  private static let blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  private let low: Double
  private let high: Double

  /// A scale that holds the values and the bounds.
  init(_ values: [Double], _ minimum: Double?, _ maximum: Double?) {
    let all = (values + [minimum, maximum].compactMap { $0 }).filter(\.isFinite)
    low = all.min() ?? 0
    high = all.max() ?? 1
  }

  func block(_ value: Double) -> String {
    guard value.isFinite else { return value > 0 ? Self.blocks[7] : Self.blocks[0] }
    let share = high > low ? (value - low) / (high - low) : 0
    return Self.blocks[max(0, min(7, Int(share * 7.999)))]
  }
}

extension CheckOutcome {
  /// What was measured, whatever came of it; nil without a value.
  public var measurement: Measurement? {
    switch self {
    case .passed(let measurement), .failed(let measurement, _): measurement
    case .noValue, .error: nil
    }
  }

  /// One character for a tick.
  var mark: String {
    switch self {
    case .passed: "✓"
    case .failed: "✗"
    case .noValue: "?"
    case .error: "!"
    }
  }
}

extension Verdict {
  var color: TextLayout.Color {
    switch self {
    case .promoted: .green
    case .rolledBack: .red
    case .undecided: .yellow
    }
  }
}
