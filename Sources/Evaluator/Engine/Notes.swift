import PromQL
import TimeSeries

/// Collects annotations while an evaluation runs; each base text once (promql.md §5).
final class Notes {
  private struct Entry {
    var code: AnnotationCode
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

  /// Of binary operators, told at the end.
  private var pairs: [PairProblems] = []

  func add(_ problems: PairProblems) { pairs.append(problems) }

  private var entries: [String: Entry] = [:]
  private var order: [String] = []

  /// Notes one; the arguments fill the holes of its text. `metric`: the name that is put behind it.
  func add(
    _ code: AnnotationCode, _ arguments: String..., metric: String? = nil, at range: SourceRange
  ) {
    let text = code.message(arguments) + Self.forMetric(metric)
    if entries[text] == nil { order.append(text) }
    entries[text] = Entry(code: code, range: range)
  }

  /// The metric and the place of the last rate of what may be no counter.
  private var lastSuspect: (name: ArraySlice<UInt8>, range: SourceRange)?

  /// Whether such a rate is noted already: most rows of a place have one name, and making the text costs
  /// more than the rate does.
  func isRepeatedSuspect(_ name: ArraySlice<UInt8>, at range: SourceRange) -> Bool {
    if let lastSuspect, lastSuspect.range == range, lastSuspect.name.elementsEqual(name) { return true }
    lastSuspect = (name, range)
    return false
  }

  private var lastForced: (metricName: String?, text: String)?

  /// I3, once for each group and step whose buckets decreased.
  func informForced(_ detail: ForcedMonotonicity, metricName: String?, at range: SourceRange) {
    let code = AnnotationCode.forcedMonotonicity
    // Steps and groups of one metric follow one another.
    if lastForced?.metricName != metricName || lastForced == nil {
      lastForced = (metricName, code.message([]) + Self.forMetric(metricName))
    }
    let text = lastForced?.text ?? ""
    guard var entry = entries[text], case .forcedMonotonicity(var all) = entry.occurrences else {
      order.append(text)
      entries[text] = Entry(code: code, range: range, occurrences: .forcedMonotonicity(detail))
      return
    }
    all.merge(detail)
    entry.occurrences = .forcedMonotonicity(all)
    entries[text] = entry
  }

  /// W13, once for each series and window.
  func warnOverlap(metricName: String, at range: SourceRange) {
    let code = AnnotationCode.overlappingStart
    let text = code.message([GoText.quoted(metricName)])
    guard var entry = entries[text], case .overlaps(let count) = entry.occurrences else {
      order.append(text)
      entries[text] = Entry(code: code, range: range, occurrences: .overlaps(1))
      return
    }
    entry.occurrences = .overlaps(count + 1)
    entries[text] = entry
  }

  /// ` for metric name "N"`, or nothing when there is no name.
  private static func forMetric(_ name: String?) -> String {
    guard let name, !name.isEmpty else { return "" }
    return " for metric name \(GoText.quoted(name))"
  }

  /// All that was noted; at the end.
  func finish() -> [Annotation] {
    for problems in pairs { problems.report(to: self) }
    pairs = []
    return order.compactMap { text in
      entries[text].map { entry in
        let detail: String
        switch entry.occurrences {
        case nil: detail = ""
        case .forcedMonotonicity(let all): detail = all.description
        case .overlaps(let count): detail = count == 1 ? "" : " (\(count) occurrences)"
        }
        return Annotation(code: entry.code, message: text + detail, range: entry.range)
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
