import Gate
import PromQL
import Recording
import TimeSeries

/// The samples of selected series.
struct ShownSeries {
  private struct Entry {
    var labels: Labels
    var total: Int
    /// Milliseconds, and what is shown of the sample.
    var samples: [(time: Int64, text: String)]
  }

  private let entries: [Entry]

  /// Throws `ParseFailure` for what is no selector.
  init(of recording: RecordedSeries, selector: String, limit: Int) throws {
    let matchers = try Expression.matchers(ofSelector: ByteOrderMark.stripped(Array(selector.utf8)))
    let found = try recording.select(Selection(matchers: matchers, after: .min, through: .max))
    entries = try (0..<found.count).map { row in
      let samples = try found.samples(row)
      let stale = Set(samples.staleMarkers)
      let histograms = Dictionary(
        zip(samples.histograms?.positions ?? [], samples.histograms?.histograms ?? [])
      ) { first, _ in first }
      let shown = (max(0, samples.count - limit)..<samples.count).map { position in
        let text =
          stale.contains(position)
          ? "stale" : histograms[position]?.description ?? GoText.json(samples.values[position])
        return (time: samples.timestamp(position), text: text)
      }
      return Entry(labels: found.labels(row), total: samples.count, samples: shown)
    }
  }

  var text: String {
    guard !entries.isEmpty else { return "no series" }
    return entries.map { entry in
      let left = entry.total - entry.samples.count
      let head = TextTable.printable(SeriesText.text(entry.labels)) + " (\(entry.total) samples)"
      let before = left > 0 ? ["  … \(left) earlier"] : []
      return ([head] + before + entry.samples.map { "  \(TimeText.utc($0.time))  \($0.text)" })
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// A list of objects with `metric`, `total` and `samples`, each a time in seconds and a text.
  var json: String {
    var object = JSONText()
    object.add("version", 1)
    object.add(
      "series",
      entries.map { entry in
        var metric = JSONText()
        for pair in entry.labels.pairs { metric.add(pair.name, pair.value) }
        var one = JSONText()
        one.add("metric", metric)
        one.add("total", entry.total)
        one.add(
          "samples",
          entry.samples.map { sample in
            var shown = JSONText()
            shown.add("time", Double(sample.time) / 1000)
            shown.add("value", sample.text)
            return shown
          })
        return one
      })
    return object.closed
  }
}
