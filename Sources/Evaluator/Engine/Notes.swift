import PromQL
import TimeSeries

/// Collects annotations while an evaluation runs; each base text once (promql.md §5).
final class Notes {
  private struct Entry {
    var level: Annotation.Level
    var range: SourceRange
    var occurrences: Occurrences?
  }

  /// What the accumulating annotations gather.
  private enum Occurrences {
    /// I3: buckets that had to be raised.
    case forcedMonotonicity(ForcedMonotonicity)
    /// W13: how many windows.
    case overlaps(Int)
  }

  private var entries: [String: Entry] = [:]
  private var order: [String] = []

  func warn(_ message: String, at range: SourceRange) { add(.warning, message, range) }
  func inform(_ message: String, at range: SourceRange) { add(.info, message, range) }

  private func add(_ level: Annotation.Level, _ message: String, _ range: SourceRange) {
    let text = (level == .warning ? "PromQL warning: " : "PromQL info: ") + message
    if entries[text] == nil { order.append(text) }
    entries[text] = Entry(level: level, range: range)
  }

  /// I3, once for each group and step whose buckets decreased.
  func informForced(_ detail: ForcedMonotonicity, metricName: String?, at range: SourceRange) {
    let link = "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile"
    let text =
      "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see \(link))"
      + Self.forMetric(metricName)
    guard var entry = entries[text], case .forcedMonotonicity(var all) = entry.occurrences else {
      order.append(text)
      entries[text] = Entry(level: .info, range: range, occurrences: .forcedMonotonicity(detail))
      return
    }
    all.merge(detail)
    entry.occurrences = .forcedMonotonicity(all)
    entries[text] = entry
  }

  /// W13, once for each series and window.
  func warnOverlap(metricName: String, at range: SourceRange) {
    let text =
      "PromQL warning: sample has start time that overlaps with previous sample timestamp "
      + "for metric \(GoText.quoted(metricName))"
    guard var entry = entries[text], case .overlaps(let count) = entry.occurrences else {
      order.append(text)
      entries[text] = Entry(level: .warning, range: range, occurrences: .overlaps(1))
      return
    }
    entry.occurrences = .overlaps(count + 1)
    entries[text] = entry
  }

  /// ` for metric name "N"`, or nothing when there is no name.
  static func forMetric(_ name: String?) -> String {
    guard let name, !name.isEmpty else { return "" }
    return " for metric name \(GoText.quoted(name))"
  }

  var annotations: [Annotation] {
    order.compactMap { text in
      entries[text].map { entry in
        let detail: String
        switch entry.occurrences {
        case nil: detail = ""
        case .forcedMonotonicity(let all): detail = all.description
        case .overlaps(let count): detail = count == 1 ? "" : " (\(count) occurrences)"
        }
        return Annotation(level: entry.level, message: text + detail, range: entry.range)
      }
    }
  }
}

/// How far classic buckets had to be raised to be cumulative.
struct ForcedMonotonicity {
  var firstBucket: Double
  var lastBucket: Double
  var largestDifference: Double
  var count = 1
  /// Milliseconds.
  var firstTime: Int64
  var lastTime: Int64

  mutating func merge(_ other: ForcedMonotonicity) {
    firstBucket = min(firstBucket, other.firstBucket)
    lastBucket = max(lastBucket, other.lastBucket)
    largestDifference = max(largestDifference, other.largestDifference)
    count += other.count
    firstTime = min(firstTime, other.firstTime)
    lastTime = max(lastTime, other.lastTime)
  }

  var description: String {
    ", from buckets \(GoText.general(firstBucket)) to \(GoText.general(lastBucket)), with a max diff of "
      + "\(GoText.twoDigits(largestDifference)), over \(count) samples from "
      + "\(Calendar.rfc3339(seconds: firstTime / 1000)) to \(Calendar.rfc3339(seconds: lastTime / 1000))"
  }
}
