package import Gate
import Manifests
import TimeSeries

/// The demo as people read it: one row a tick, 80 columns. Pure: the same play makes the same text.
package struct Story: Sendable {
  private let rollout: Rollout
  private let layout: TextLayout
  private let columns: [CheckColumn]
  /// How the tick before failed, so that a failure that stays is told once.
  private var lastFailure: Failure?

  private struct Failure: Equatable {
    var check: Int
    var outcome: String
  }

  private static let width = 80
  private static let weightCells = 20
  /// Where the columns of the checks begin.
  private static let indent = 6 + weightCells + 1 + 4 + 2

  package init(_ rollout: Rollout, usesColor: Bool) {
    self.rollout = rollout
    layout = TextLayout(usesColor: usesColor, width: Self.width)
    columns = rollout.checks.map(CheckColumn.init)
  }

  /// What is going to be seen, what is real in it, and what is asked.
  package func opening(_ pace: Pace) -> String {
    let rate = GoText.general(pace.requestRate)
    let interval = GoDuration.milliseconds(pace.scrapeInterval)
    let real =
      "two versions of a sample application, an ingress in front of them, \(rate) requests a "
      + "second, three targets scraped over HTTP every \(interval), the analysis, and its PromQL over "
      + "what was scraped"
    let simulated = "the cluster; and the clock is \(GoText.general(pace.speed)) times as fast as yours"
    var lines = [layout.painted("The tutorial's rollout, on this machine", .bold), ""]
    lines += labelled("real", real) + labelled("simulated", simulated)
    lines.append("")
    let report = TextReport(rollout, usesColor: layout.usesColor, width: Self.width)
    let heading = report.heading(Forecast(rollout))
    lines += heading.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    for (check, column) in zip(rollout.checks, columns) {
      lines += ["", "  \(column.title)"]
      lines += layout.wrapped(check.sentQuery ?? "no query", indent: 4, hanging: 6)
        .map { layout.painted($0, .faint) }
    }
    return text(lines)
  }

  /// The head of a rollout and of its columns.
  package func heading(_ number: Int, _ act: Act) -> String {
    let titles = columns.map { TextLayout.padded($0.title, CheckColumn.width) }.joined(separator: "  ")
    let weight = TextLayout.padded("weight of the canary", Self.weightCells + 5)
    let title =
      "\(number). podinfo \(act.candidate.version) replaces \(act.stable.version): "
      + act.candidate.description
    var head = " time \(weight)  \(titles)"
    while head.last == " " { head.removeLast() }
    return text(["", layout.painted(title, .bold), "", layout.painted(head, .faint)])
  }

  /// One tick: the weight, and either the checks or what happened.
  package mutating func tick(_ record: TickRecord, _ progress: Act.Progress) -> String {
    let messages = told(record)
    let hasChecks = !record.result.checks.isEmpty
    let routes = hasChecks ? record.before.routes : record.result.state.routes
    let gauge = Gauge(range: 0...100, width: Self.weightCells, bound: nil)
    let weight = TextLayout.padded(left: "\(routes.canary)%", 4)
    let clock = TextLayout.padded(left: Self.clock(progress.elapsed), 5)
    let head = "\(clock) \(layout.painted(gauge.drawing(of: Double(routes.canary)), .bold)) \(weight)  "
    if hasChecks { return text([head + checks(record)] + messages) }
    guard let first = messages.first else { return text([head]) }
    // The first line goes beside the weight instead of below it.
    return text([head + first.replacing(Self.margin, with: "", maxReplacements: 1)] + messages.dropFirst())
  }

  /// How a rollout ended, and what it took.
  package func ending(_ end: GateEnd, _ progress: Act.Progress?) -> String {
    let report = TextReport(rollout, usesColor: layout.usesColor, width: Self.width)
    var lines = ["", String(report.ending(end).dropLast())]
    if let progress {
      let tally = progress.tally
      let counts =
        "\(tally.total) requests in \(Self.clock(progress.elapsed)), \(tally.canary) of them "
        + "answered by the canary, \(tally.failed) with an error; \(progress.sampleCount) samples of "
        + "\(progress.seriesCount) series scraped"
      lines += layout.wrapped(counts, indent: 0).map { layout.painted($0, .faint) }
    }
    return text(lines)
  }

  /// What goes on between two ticks, in one line without its end.
  package func glance(_ progress: Act.Progress) -> String {
    let tally = progress.tally
    let clock = TextLayout.padded(left: Self.clock(progress.elapsed), 5)
    let text =
      "\(clock) \(tally.total) requests, \(tally.canary) to the canary, \(tally.failed) errors; "
      + "\(progress.sampleCount) samples"
    return layout.painted(text, .faint)
  }

  /// A paragraph with a word in its margin.
  private func labelled(_ label: String, _ text: String) -> [String] {
    let indent = 13
    var lines = layout.wrapped(text, indent: indent)
    lines[0] = TextLayout.padded("  \(label)", indent) + lines[0].dropFirst(indent)
    return lines
  }

  private func checks(_ record: TickRecord) -> String {
    var outcomes: [Int: CheckOutcome] = [:]
    for check in record.result.checks { outcomes[check.index] = check.outcome }
    let cells = columns.indices.map { index in
      let cell = columns[index].text(outcomes[index])
      return layout.painted(cell, outcomes[index]?.color ?? .faint)
    }
    let state = record.result.state
    let failed = record.result.checks.last.map { !$0.outcome.isPassed } ?? false
    let mark =
      failed
      ? layout.painted("✗ \(state.failedChecks)", .red) : layout.painted("✓", .green)
    return cells.joined(separator: "  ") + " " + mark
  }

  private static let margin = String(repeating: " ", count: indent)

  /// The events worth a line. The weight is drawn, and a failure that lasts was told before.
  private mutating func told(_ record: TickRecord) -> [String] {
    var lines: [String] = []
    var failure: Failure?
    for action in record.result.actions {
      guard case .event(let event) = action else { continue }
      if case .canaryWeight = event { continue }
      var text = event.message(in: rollout)
      if case .halted(let index, let outcome) = event {
        failure = Failure(check: index, outcome: outcome.name)
        if failure == lastFailure { continue }
        if !outcome.isMeasured { text += " (\(outcome.reasons.joined(separator: "; ")))" }
      }
      let color: TextLayout.Color? = event.severity(in: rollout) == .info ? nil : .yellow
      let indent = record.result.checks.isEmpty ? Self.indent : 6
      lines += layout.wrapped(text, indent: indent)
        .map { line in color.map { layout.painted(line, $0) } ?? line }
    }
    lastFailure = failure
    return lines
  }

  /// `1:05`
  private static func clock(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    return "\(seconds / 60):" + (seconds % 60 < 10 ? "0" : "") + "\(seconds % 60)"
  }

  private func text(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
}

extension CheckOutcome {
  fileprivate var color: TextLayout.Color {
    switch self {
    case .passed: .green
    case .failed, .error: .red
    case .noValue: .yellow
    }
  }
}

extension Release: CustomStringConvertible {
  /// `answers in about 60ms, 5% of the requests fail`
  package var description: String {
    let latency = GoDuration.milliseconds(Int64((latency * 1000).rounded()))
    let errors = errorShare > 0 ? ", \(GoText.general(errorShare * 100))% of the requests fail" : ""
    return "answers in about \(latency)\(errors)"
  }
}

extension TextLayout {
  static func padded(left text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
