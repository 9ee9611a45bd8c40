import Manifests
import TimeSeries

/// One self-contained page: pictures of each check over time, the ticks, and how sure it all is. No
/// request leaves the page; all text from outside is escaped.
public struct ReplayHTML: Sendable {
  private let report: ReplayReport
  private let run: ReplayReport.Run
  private var rollout: Rollout { report.rollout }

  public init(_ report: ReplayReport) {
    self.report = report
    run = report.telling
  }

  public var text: String {
    let title = XMLText.escaped("\(rollout.title): \(report.verdict.words.lowercased())")
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title)</title>
      <style>\(Self.style)</style></head><body>
      \(header)
      \(overview)
      <section><h2>What the checks saw</h2>
      <p class="hint">A column is a tick: point at one, or tap it, for its numbers. The red area is where a
      value fails; the bar at its top is the time that the query of the chosen tick looked back over.</p>
      \(rollout.checks.indices.map(figure).joined(separator: "\n"))
      \(weights)
      </section>
      <section><h2>Tick by tick</h2><div class="wide"><table>\(table)</table></div></section>
      \(sureness)
      <section><h2>Queries</h2>\(queries)</section>
      <footer>promgate replay; times are UTC</footer>
      <div id="tip" role="status" aria-live="polite"></div>
      <script>\(Self.script)</script>
      </body></html>

      """
  }

  private func escaped(_ text: String) -> String { XMLText.escaped(TextLayout.printable(text)) }

  // MARK: Words

  private var header: String {
    let replay = run.replay
    let origin = run.revision.map { ", when pods of \($0) appeared" } ?? ""
    var text =
      "<header class=\"\(report.verdict.rawValue)\"><h1><span class=\"badge\">\(report.verdict.words)</span> "
    text += "\(escaped(rollout.title))</h1>\n"
    text += "<p>\(escaped(replay.conclusion(in: rollout))).</p>\n"
    text += "<p class=\"hint\">This is what a canary analysis would have decided over recorded metrics, from "
    text +=
      "\(ClockText.timestamp(replay.start))\(escaped(origin)). At each tick it asks its queries; when all "
    text += "values keep their bounds, more traffic goes to the new version. "
    text += "\(escaped(rollout.summary).capitalizedFirst); \(escaped(report.judge.summary)).</p>\n"
    if run.other.verdict != replay.verdict {
      text +=
        "<p class=\"note\">\(report.judge.other.title.capitalizedFirst) judging comes to another end: "
      text += "\(escaped(run.other.conclusion(in: rollout))).</p>\n"
    }
    let notes = rollout.hookNotes(report.uncalled)
    if !notes.isEmpty {
      text += "<p class=\"hint\">A replay calls no webhooks. "
      text += "\(notes.map { "\(escaped($0).capitalizedFirst)." }.joined(separator: " "))</p>\n"
    }
    return text + "</header>"
  }

  private var overview: String {
    guard report.runs.count > 1 else { return "" }
    let counts = report.counts.map { "\($0.verdict.words.lowercased()) \($0.count)" }.joined(separator: ", ")
    var text = "<section><h2>\(report.runs.count) replays: \(counts)</h2><div class=\"wide\"><table>"
    text += "<tr><th>from<th>verdict<th>why</tr>"
    for run in report.runs {
      text += "<tr><td>\(ClockText.timestamp(run.replay.start))"
      text += "<td class=\"\(run.replay.verdict.rawValue)\">\(run.replay.verdict.words)"
      text += "<td>\(escaped(run.replay.end.explanation(in: rollout)))</tr>"
    }
    text +=
      "</table></div><p class=\"hint\">Below is the one from "
      + "\(ClockText.timestamp(self.run.replay.start)).</p>"
    return text + "</section>"
  }

  private var table: String {
    var text = "<tr><th>tick<th>time<th>weight"
    for check in rollout.checks {
      text += "<th>\(escaped(check.metric))<br><small>\(escaped(check.boundsText))</small>"
    }
    text += "<th>failed<th>what happened</tr>\n"
    for record in run.replay.ticks {
      text += "<tr data-tick=\"\(record.number)\"><td>\(record.number)<td>\(ClockText.time(record.time))"
      text += "<td>\(record.result.state.routes.canary)"
      for index in rollout.checks.indices {
        guard let checked = record.result.checks.first(where: { $0.index == index }) else {
          text += "<td class=\"none\">\(record.result.notEvaluated.contains(index) ? "not evaluated" : "")"
          continue
        }
        text += "<td class=\"\(checked.outcome.name)\">\(escaped(words(checked.outcome)))"
        if let basis = checked.evidence?.basis?.text { text += "<br><small>\(escaped(basis))</small>" }
        if let other = checked.disagreement(rollout, report.judge, record) {
          text +=
            "<br><small class=\"note\">\(report.judge.other.title): \(escaped(words(other)))</small>"
        }
      }
      let events = record.result.actions.compactMap { action -> String? in
        if case .event(let event) = action { event.message(in: rollout) } else { nil }
      }
      text += "<td>\(record.result.state.failedChecks)/\(rollout.failedChecksLimit)"
      text += "<td>\(events.map(escaped).joined(separator: "<br>"))</tr>\n"
    }
    return text
  }

  private func words(_ outcome: CheckOutcome) -> String {
    switch outcome {
    case .passed(let measurement): "✓ \(measurement.compared.text)"
    case .failed(let measurement, _): "✗ \(measurement.compared.text)"
    case .noValue(let noValue): "? \(noValue.sentences.joined(separator: "; "))"
    case .error(let error): "! \(error.reason)"
    }
  }

  private var sureness: String {
    guard let sweep = report.sweep else { return "" }
    let items = SweepWords(sweep, rollout).sentences.map { "<li>\(escaped($0))" }
    return "<section><h2>How sure is it?</h2><ul>\(items.joined(separator: "\n"))</ul></section>"
  }

  private var queries: String {
    rollout.checks.map { check in
      "<p>\(escaped(check.metric)) <small>\(escaped(check.boundsText))</small></p>"
        + "<pre>\(escaped(check.sentQuery ?? "no query"))</pre>"
    }.joined(separator: "\n")
  }

  // MARK: Pictures

  private static let width = 900.0
  private static let height = 200.0
  private static let left = 64.0
  private static let bottom = 24.0

  /// The time that the pictures show, milliseconds.
  private var span: ClosedRange<Int64> {
    let reach = run.replay.ticks.flatMap(\.result.checks).compactMap { $0.evidence?.basis?.reach }.max() ?? 0
    let start = run.replay.start
    let end = max(run.replay.endTime, start + 1)
    return (start - min(reach, end - start))...(end + max(1, (end - start) / 40))
  }

  private func x(_ time: Int64) -> Double {
    let share = Double(time - span.lowerBound) / Double(span.upperBound - span.lowerBound)
    return Self.left + share * (Self.width - Self.left - 8)
  }

  private func figure(_ index: Int) -> String {
    let check = rollout.checks[index]
    let limits = check.bounds.limits(of: check.kind)
    let curve = run.curves.isEmpty ? nil : run.curves[index]
    let marks = run.replay.ticks.compactMap { record -> (TickRecord, TickResult.CheckedMetric)? in
      record.result.checks.first { $0.index == index }.map { (record, $0) }
    }
    let numbers = (curve?.values ?? []) + marks.compactMap { $0.1.outcome.measurement?.comparedNumber }
    let axis = PictureAxis(
      numbers, [limits.min, limits.max].compactMap { $0 }, height: Self.height - Self.bottom)
    var shapes = forbidden(limits, axis)
    if let curve { shapes += "<path class=\"curve\" d=\"\(path(curve, axis))\"/>" }
    for (record, checked) in marks {
      let place = Self.text(x(record.time))
      if let value = checked.outcome.measurement?.comparedNumber {
        shapes +=
          "<circle class=\"\(checked.outcome.name)\" cx=\"\(place)\" cy=\"\(Self.text(axis.y(value)))\" "
          + "r=\"5\"/>"
      } else {
        shapes +=
          "<text class=\"\(checked.outcome.name)\" x=\"\(place)\" "
          + "y=\"\(Self.text(Self.height - Self.bottom - 6))\" "
        shapes += "text-anchor=\"middle\">\(checked.outcome.mark)</text>"
      }
    }
    for value in axis.ticks {
      shapes +=
        "<text class=\"axis\" x=\"\(Self.text(Self.left - 6))\" y=\"\(Self.text(axis.y(value) + 4))\" "
      shapes += "text-anchor=\"end\">\(escaped(value.shortText))</text>"
    }
    let heading = "\(escaped(check.metric)) <small>\(escaped(check.boundsText))</small>"
    return "<figure><figcaption>\(heading)</figcaption>\(svg(shapes, columns(index)))</figure>"
  }

  private func forbidden(_ limits: (min: Double?, max: Double?), _ axis: PictureAxis) -> String {
    let right = Self.width - 8 - Self.left
    var shapes = ""
    func area(_ from: Double, _ to: Double, _ line: Double, _ name: String, _ bound: Double) {
      shapes += "<rect class=\"forbidden\" x=\"\(Self.text(Self.left))\" y=\"\(Self.text(from))\" "
      shapes += "width=\"\(Self.text(right))\" height=\"\(Self.text(max(0, to - from)))\"/>"
      shapes += "<line class=\"bound\" x1=\"\(Self.text(Self.left))\" x2=\"\(Self.text(Self.left + right))\" "
      shapes += "y1=\"\(Self.text(line))\" y2=\"\(Self.text(line))\"/>"
      shapes += "<text class=\"bound\" x=\"\(Self.text(Self.left + 6))\" y=\"\(Self.text(line - 4))\">"
      shapes += "\(name) \(escaped(bound.shortText))</text>"
    }
    if let max = limits.max { area(0, axis.y(max), axis.y(max), "max", max) }
    if let min = limits.min { area(axis.y(min), Self.height - Self.bottom, axis.y(min), "min", min) }
    return shapes
  }

  /// Broken where there is no value.
  private func path(_ curve: ReplayReport.Curve, _ axis: PictureAxis) -> String {
    var text = ""
    var isDrawing = false
    for (time, value) in zip(curve.times, curve.values) {
      guard value.isFinite, span.contains(time) else {
        isDrawing = false
        continue
      }
      text += "\(isDrawing ? "L" : "M")\(Self.text(x(time))) \(Self.text(axis.y(value)))"
      isDrawing = true
    }
    return text
  }

  private var weights: String {
    let most = Double(max(forecast(), run.replay.ticks.map { $0.result.state.routes.canary }.max() ?? 0))
    let axis = PictureAxis([0, most], [], height: 70)
    var text = "M\(Self.text(x(run.replay.start))) \(Self.text(axis.y(0)))"
    for record in run.replay.ticks {
      text += "H\(Self.text(x(record.time)))V\(Self.text(axis.y(Double(record.result.state.routes.canary))))"
    }
    text += "H\(Self.text(x(span.upperBound)))V\(Self.text(axis.y(0)))Z"
    var shapes = "<path class=\"weight\" d=\"\(text)\"/>"
    for value in [0.0, most] {
      shapes +=
        "<text class=\"axis\" x=\"\(Self.text(Self.left - 6))\" y=\"\(Self.text(axis.y(value) + 4))\" "
      shapes += "text-anchor=\"end\">\(value.shortText)</text>"
    }
    return "<figure><figcaption>weight of the canary <small>percent of the traffic</small></figcaption>"
      + svg(shapes, columns(nil), height: 94) + "</figure>"
  }

  /// The most that the canary would get if all went well.
  private func forecast() -> Int { report.forecast.weights.max() ?? WeightSteps.total }

  /// A wide, unseen column for each tick, with what to say about it.
  private func columns(_ index: Int?) -> String {
    let ticks = run.replay.ticks
    let pitch = ticks.count > 1 ? x(ticks[1].time) - x(ticks[0].time) : 40
    return ticks.map { record in
      var words =
        "tick \(record.number), \(ClockText.time(record.time)), weight \(record.result.state.routes.canary)"
      words +=
        ", \(record.result.state.phase.rawValue), failed "
        + "\(record.result.state.failedChecks)/\(rollout.failedChecksLimit)"
      var bar = ""
      for checked in record.result.checks where index == nil || checked.index == index {
        let check = rollout.checks[checked.index]
        words += "\n\(check.metric): \(self.words(checked.outcome)), \(check.boundsText)"
        if let margin = checked.outcome.measurement?.margin { words += ", margin \(margin.shortText)" }
        if let basis = checked.evidence?.basis?.text { words += " (\(basis))" }
        if index != nil, let reach = checked.evidence?.basis?.reach, reach > 0 {
          let from = max(Self.left, x(record.time - reach))
          bar =
            "<rect class=\"window\" x=\"\(Self.text(from))\" width=\"\(Self.text(x(record.time) - from))\" "
            + "y=\"0\" height=\"6\"/>"
        }
      }
      return
        "<g class=\"tick\" tabindex=\"0\" data-tick=\"\(record.number)\" "
        + "data-words=\"\(XMLText.escaped(words))\">"
        + "<rect class=\"column\" x=\"\(Self.text(x(record.time) - pitch / 2))\" y=\"0\" "
        + "width=\"\(Self.text(max(6, pitch)))\" height=\"100%\"/>"
        + "<g class=\"looked\">\(bar)</g></g>"
    }.joined()
  }

  private func svg(_ shapes: String, _ columns: String, height: Double = Self.height) -> String {
    var times = ""
    for part in 0...4 {
      let time = span.lowerBound + (span.upperBound - span.lowerBound) * Int64(part) / 4
      let anchor = part == 4 ? "end" : part == 0 ? "start" : "middle"
      // Whole seconds: fractions are of no use on an axis.
      times += "<text class=\"axis\" x=\"\(Self.text(x(time)))\" y=\"\(Self.text(height - 6))\" "
      times += "text-anchor=\"\(anchor)\">\(ClockText.time(time / 1000 * 1000))</text>"
    }
    return
      "<svg viewBox=\"0 0 \(Self.text(Self.width)) \(Self.text(height))\" "
      + "role=\"img\">\(shapes)\(times)\(columns)</svg>"
  }

  /// One decimal.
  private static func text(_ value: Double) -> String { GoText.fixed(value, places: 1) }
}

/// A vertical axis: values from the top down.
private struct PictureAxis {
  let low: Double
  let high: Double
  let height: Double

  init(_ values: [Double], _ bounds: [Double], height: Double) {
    let finite = (values + bounds).filter(\.isFinite)
    let least = finite.min() ?? 0
    let most = finite.max() ?? 1
    let room = most > least ? (most - least) * 0.12 : max(most.magnitude * 0.1, 0.5)
    low = least - room
    high = most + room
    self.height = height
  }

  func y(_ value: Double) -> Double {
    let clamped = value.isNaN ? low : max(low, min(high, value))
    return height - (clamped - low) / (high - low) * height
  }

  /// Round values, three or so.
  var ticks: [Double] {
    let raw = (high - low) / 3
    var step = 1.0
    while step > raw { step /= 10 }
    while step * 10 <= raw { step *= 10 }
    if step * 5 <= raw { step *= 5 } else if step * 2 <= raw { step *= 2 }
    var value = (low / step).rounded(.up) * step
    var ticks: [Double] = []
    while value <= high, ticks.count < 8 {
      ticks.append((value / step).rounded() * step)
      value += step
    }
    return ticks
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
