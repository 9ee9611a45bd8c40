import PromQL
import TimeSeries

/// Why one selector yields nothing: which of its matchers fits no series, or what its window lacks.
struct SelectorExamination {
  let selector: Expression.Selector
  /// The selector as written.
  let text: String
  let source: any SeriesSource
  /// The window is `(end − window, end]`, milliseconds.
  let end: Int64
  let window: Int64

  /// Before and after everything, far from the ends of the type.
  private static let ever = Selection(matchers: [], after: -(1 << 60), through: 1 << 60)
  private static let shownValues = 5
  /// So many series are read when none has a sample in the window.
  private static let readSeries = 200

  /// Nil when nothing is wrong with what it selects.
  func finding(needs: Int, isNaN: Bool) -> DataFinding? {
    let matchers = selector.matchers.map(\.compiled)
    let inside = windows(matchers)
    if inside.contains(where: { $0.count >= needs }) {
      return isNaN && inside.contains(where: { $0.lastIsNaN }) ? .exportedNaN(selector: text) : nil
    }
    let touched = inside.filter { $0.count > 0 }.count
    if touched > 0 { return .oneSample(selector: text, series: touched, window: window) }
    guard let all = select(matchers), !all.labels.isEmpty else { return mismatch(matchers) }
    var newest: Int64?
    var hasEnded = false
    for row in (0..<all.count).prefix(Self.readSeries) {
      guard let samples = try? all.samples(row) else { continue }
      let stale = Set(samples.staleMarkers)
      guard
        let last = (0..<samples.count).last(where: {
          samples.timestamp($0) <= end && !stale.contains($0)
        }), samples.timestamp(last) > newest ?? .min
      else { continue }
      newest = samples.timestamp(last)
      hasEnded = stale.contains(last + 1)
    }
    return .nothingInWindow(
      selector: text, series: all.count, newest: newest, window: window, hasEnded: hasEnded)
  }

  /// How many samples of each matching series lie in the window, and whether the last is NaN.
  private func windows(_ matchers: [LabelMatcher]) -> [(count: Int, lastIsNaN: Bool)] {
    let (after, overflow) = end.subtractingReportingOverflow(window)
    let selection = Selection(matchers: matchers, after: overflow ? .min : after, through: end)
    guard let selected = try? source.select(selection) else { return [] }
    return (0..<selected.count).compactMap { row in
      guard let samples = try? selected.samples(row) else { return nil }
      let stale = Set(samples.staleMarkers)
      let positions = (0..<samples.count).filter { position in
        let time = samples.timestamp(position)
        return time > selection.after && time <= end && !stale.contains(position)
      }
      let isHistogram = positions.last.map { samples.histograms?.positions.contains($0) ?? false } ?? false
      let lastIsNaN = positions.last.map { samples.values[$0].isNaN && !isHistogram } ?? false
      return (positions.count, lastIsNaN)
    }
  }

  private func select(_ matchers: [LabelMatcher]) -> (any Selected)? {
    var selection = Self.ever
    selection.matchers = matchers
    return try? source.select(selection)
  }

  /// Nothing matches at all: the first matcher that is to blame.
  private func mismatch(_ matchers: [LabelMatcher]) -> DataFinding {
    let names = matchers.filter { $0.name == LabelName.metric }
    let named = names.isEmpty ? nil : select(names)
    if let named, named.labels.isEmpty {
      guard names.count == 1, let name = names.first, name.operation == .equal else {
        return .unmatchedCombination(selector: text)
      }
      let known = Set(select([])?.labels.compactMap(\.metricName) ?? [])
      return .unknownName(name.value, nearest: Spelling.nearest(to: name.value, among: known.sorted()))
    }
    for matcher in matchers where matcher.name != LabelName.metric {
      guard let found = select(names + [matcher]), found.labels.isEmpty else { continue }
      return unmatched(matcher, among: named?.labels ?? select([])?.labels ?? [])
    }
    return .unmatchedCombination(selector: text)
  }

  private func unmatched(_ matcher: LabelMatcher, among series: [Labels]) -> DataFinding {
    let seen = Set(series.compactMap { $0[matcher.name] }).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    // Prometheus renames a target's own labels when they collide with those of the scrape.
    let exported = "exported_" + matcher.name
    let isRenamed = series.contains { labels in
      guard let value = labels[exported] else { return false }
      return matcher.accepts(Array(value.utf8)[...])
    }
    var nearest: String?
    if seen.isEmpty, !isRenamed {
      let names = Set(series.flatMap { labels in labels.pairs.map(\.name) })
      nearest = Spelling.nearest(to: matcher.name, among: names.sorted())
    } else if matcher.operation == .equal {
      nearest = Spelling.nearest(to: matcher.value, among: seen).map { GoText.quoted($0) }
    }
    return .unmatchedLabel(
      name: selector.name ?? text, matcher: matcher.description,
      seen: Array(seen.prefix(Self.shownValues)), seenCount: seen.count, nearest: nearest,
      renamedTo: isRenamed ? exported : nil)
  }
}
