import Manifests
import TimeSeries

/// Replays as Markdown for the comment of a pull request.
public struct ReplayMarkdown: Sendable {
  private let report: ReplayReport
  private var rollout: Rollout { report.rollout }

  public init(_ report: ReplayReport) { self.report = report }

  public var text: String {
    let telling = report.telling
    var lines = [
      "### \(report.verdict.sign) \(Self.escaped(rollout.title)): \(report.verdict.words.lowercased())", "",
    ]
    lines += [Self.escaped(telling.replay.conclusion(in: rollout)) + ".", ""]
    lines += ["\(Self.escaped(rollout.summary)); \(report.judge.summary).", ""]
    if telling.other.verdict != telling.replay.verdict {
      let other = telling.other.conclusion(in: rollout)
      lines += [
        "> **\(report.judge.other.title) judging comes to another end:** \(Self.escaped(other))", "",
      ]
    }
    if report.runs.count > 1 { lines += overview + [""] }
    lines += ticks(telling)
    if let sweep = report.sweep {
      lines += ["", "#### How sure is it?", ""]
      lines += SweepWords(sweep, rollout).sentences.map { "- \(Self.escaped($0))" }
    }
    lines += ["", "<details><summary>Queries</summary>", ""]
    for check in rollout.checks {
      lines += ["**\(Self.escaped(check.metric))** (\(check.boundsText))", ""]
      lines += Self.block(check.sentQuery ?? "") + [""]
    }
    return (lines + ["</details>"]).joined(separator: "\n") + "\n"
  }

  private var overview: [String] {
    ["| from | verdict | why |", "|---|---|---|"]
      + report.runs.map { run in
        "| \(ClockText.timestamp(run.replay.start)) | \(run.replay.verdict.sign) "
          + "\(run.replay.verdict.words.lowercased()) | "
          + "\(Self.escaped(run.replay.end.explanation(in: rollout))) |"
      }
  }

  private func ticks(_ run: ReplayReport.Run) -> [String] {
    let names = rollout.checks.map { Self.escaped($0.metric) + "<br>" + $0.boundsText }
    var lines = [
      "| tick | time | weight | \(names.joined(separator: " | "))\(names.isEmpty ? "" : " | ")failed |"
    ]
    lines.append("|---|---|---|" + String(repeating: "---|", count: names.count + 1))
    for record in run.replay.ticks {
      let cells = rollout.checks.indices.map { index -> String in
        guard let checked = record.result.checks.first(where: { $0.index == index }) else { return "" }
        return Self.escaped(cell(checked.outcome))
      }
      let state = record.result.state
      let columns =
        ["\(record.number)", ClockText.time(record.time), "\(state.routes.canary)"] + cells
        + ["\(state.failedChecks)/\(rollout.failedChecksLimit)"]
      lines.append("| " + columns.joined(separator: " | ") + " |")
    }
    return lines
  }

  private func cell(_ outcome: CheckOutcome) -> String {
    switch outcome {
    case .passed(let measurement): "✅ \(measurement.compared.text)"
    case .failed(let measurement, _): "❌ \(measurement.compared.text)"
    case .noValue(let noValue): "❔ \(noValue.sentences[0])"
    case .error(let error): "❗ \(error.reason)"
    }
  }

  /// Nothing in the text shall be markup or end a cell.
  static func escaped(_ text: String) -> String {
    Markup.markdown.line(TextLayout.printable(text), limit: 4096)
  }

  /// A block of code that nothing within ends.
  private static func block(_ text: String) -> [String] {
    let shown = VisibleText.lines(text, limit: 1 << 14)
    let longest = shown.split { $0 != "`" }.map(\.count).max() ?? 0
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return [fence + "promql", shown, fence]
  }
}

extension Verdict {
  var sign: String {
    switch self {
    case .promoted: "✅"
    case .rolledBack: "❌"
    case .undecided: "❔"
    }
  }
}
