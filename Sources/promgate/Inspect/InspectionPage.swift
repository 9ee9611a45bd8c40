import Gate
import Recording
import Scrape
import TimeSeries

/// A recording's summary, for people and for programs.
struct InspectionPage {
  let path: String
  let facts: RecordingFacts
  let summary: RecordingSummary
  let top: Int

  private static func count(_ count: Int) -> String {
    // Digits in groups of three.
    var text = ""
    for (index, digit) in String(count).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  // MARK: Text

  /// Fits 80 columns where names do.
  var text: String {
    var lines = ["format    \(facts.format)", "series    \(Self.count(summary.series))"]
    var samples = "samples   \(Self.count(summary.samples))"
    if summary.histograms > 0 { samples += ", \(Self.count(summary.histograms)) native histograms" }
    if summary.staleMarkers > 0 { samples += ", \(Self.count(summary.staleMarkers)) stale markers" }
    lines.append(samples)
    if let range = summary.timeRange {
      let length = DurationText.text(milliseconds: (range.upperBound - range.lowerBound) / 1000 * 1000)
      lines.append("from      \(TimeText.utc(range.lowerBound))")
      lines.append("to        \(TimeText.utc(range.upperBound)) (\(length))")
    }
    let intervals = summary.intervals.prefix(3).map {
      "\(DurationText.text(milliseconds: $0.milliseconds)) (\(Self.count($0.series)) series)"
    }
    if !intervals.isEmpty { lines.append("scraped   every " + intervals.joined(separator: ", ")) }
    lines += lossLines
    lines += metricLines + labelLines + gapLines
    return lines.joined(separator: "\n")
  }

  /// What is lost in numbers, then everything that there is to know about the reading.
  private var lossLines: [String] {
    let counts = [
      (facts.loss.samples, "samples"), (facts.loss.series, "series"), (facts.loss.records, "records"),
      (facts.loss.bytes, "bytes"),
    ].filter { $0.0 > 0 }.map { "\(Self.count($0.0)) \($0.1)" }
    let lost = counts.isEmpty ? [] : ["lost      " + counts.joined(separator: ", ")]
    return lost + facts.warnings.map { "warning   \($0)" }
  }

  private var metricLines: [String] {
    guard !summary.metrics.isEmpty else { return [] }
    var table = TextTable([("METRIC", .left), ("TYPE", .left), ("SERIES", .right), ("SAMPLES", .right)])
    for metric in summary.metrics.prefix(top) {
      table.add([
        metric.name, type(of: metric.name), Self.count(metric.series), Self.count(metric.samples),
      ])
    }
    return [""] + table.lines + more(summary.metrics.count)
  }

  private var labelLines: [String] {
    guard !summary.labels.isEmpty else { return [] }
    var table = TextTable([("LABEL", .left), ("VALUES", .right)])
    for label in summary.labels.prefix(top) { table.add([label.name, Self.count(label.count)]) }
    return [""] + table.lines + more(summary.labels.count)
  }

  private var gapLines: [String] {
    guard !summary.gaps.isEmpty else { return [] }
    var table = TextTable([("GAP FROM", .left), ("TO", .left), ("LENGTH", .right), ("SERIES", .right)])
    for gap in summary.gaps.prefix(top) {
      table.add([
        TimeText.utc(gap.from), TimeText.utc(gap.to),
        DurationText.text(milliseconds: (gap.to - gap.from) / 1000 * 1000), Self.count(gap.series),
      ])
    }
    return [""] + table.lines + more(summary.gaps.count)
  }

  private func more(_ count: Int) -> [String] { count > top ? ["… and \(Self.count(count - top)) more"] : [] }

  /// What the recording says of a metric; a counter's, histogram's or summary's parts too.
  private func type(of name: String) -> String {
    let families = Dictionary(facts.families.map { ($0.name, $0.type.rawValue) }) { first, _ in first }
    if let type = families[name] { return type }
    for suffix in ["_total", "_bucket", "_count", "_sum"] where name.hasSuffix(suffix) {
      if let type = families[String(name.dropLast(suffix.count))] { return type }
    }
    return ""
  }

  // MARK: JSON

  /// `{"version":1,…}`: times in seconds, durations too.
  var json: String {
    var object = JSONText()
    object.add("version", 1)
    object.add("path", path)
    object.add("format", facts.format)
    object.add("series", summary.series)
    object.add("samples", summary.samples)
    object.add("histograms", summary.histograms)
    object.add("staleMarkers", summary.staleMarkers)
    object.add("start", summary.timeRange.map { Double($0.lowerBound) / 1000 })
    object.add("end", summary.timeRange.map { Double($0.upperBound) / 1000 })
    object.add(
      "intervals",
      summary.intervals.map { interval in
        var entry = JSONText()
        entry.add("seconds", Double(interval.milliseconds) / 1000)
        entry.add("series", interval.series)
        return entry
      })
    object.add(
      "metrics",
      summary.metrics.map { metric in
        var entry = JSONText()
        entry.add("name", metric.name)
        entry.add("type", type(of: metric.name))
        entry.add("series", metric.series)
        entry.add("samples", metric.samples)
        return entry
      })
    object.add(
      "labels",
      summary.labels.map { label in
        var entry = JSONText()
        entry.add("name", label.name)
        entry.add("values", label.count)
        return entry
      })
    object.add(
      "gaps",
      summary.gaps.map { gap in
        var entry = JSONText()
        entry.add("start", Double(gap.from) / 1000)
        entry.add("end", Double(gap.to) / 1000)
        entry.add("series", gap.series)
        return entry
      })
    var lost = JSONText()
    lost.add("samples", facts.loss.samples)
    lost.add("series", facts.loss.series)
    lost.add("records", facts.loss.records)
    lost.add("bytes", facts.loss.bytes)
    object.add("lost", lost)
    object.add("warnings", facts.warnings)
    return object.closed
  }
}
