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

  /// Nil when nothing is wrong with what it selects.
  func finding(needs: Int, isNaN: Bool) -> Finding? {
    let matchers = selector.matchers.map(\.compiled)
    let rows = samples(matchers)
    let inside = rows.map { row in row.filter { $0.time > end &- window && $0.time <= end } }
    if inside.contains(where: { $0.count >= needs }) {
      return isNaN && inside.contains(where: { $0.last?.value.isNaN ?? false })
        ? .exportedNaN(selector: text) : nil
    }
    let touched = inside.filter { !$0.isEmpty }.count
    if touched > 0 { return .oneSample(selector: text, series: touched, window: window) }
    if !rows.isEmpty {
      let before = rows.compactMap { row in row.last { $0.time <= end &- window }?.time }
      return .nothingInWindow(
        selector: text, series: rows.count, newest: before.max(), window: window)
    }
    return mismatch(matchers)
  }

  /// The samples of every series that matches, stale markers left out.
  private func samples(_ matchers: [LabelMatcher]) -> [[(time: Int64, value: Double)]] {
    guard let selected = select(matchers) else { return [] }
    return selected.labels.indices.compactMap { row in
      guard let samples = try? selected.samples(row) else { return nil }
      let stale = Set(samples.staleMarkers)
      return samples.values.indices.filter { !stale.contains($0) }
        .map { (samples.timestamp($0), samples.values[$0]) }
    }
  }

  private func select(_ matchers: [LabelMatcher]) -> (any Selected)? {
    var selection = Self.ever
    selection.matchers = matchers
    return try? source.select(selection)
  }

  /// Nothing matches at all: the first matcher that is to blame.
  private func mismatch(_ matchers: [LabelMatcher]) -> Finding {
    let names = matchers.filter { $0.name == LabelName.metric }
    let named = names.isEmpty ? nil : select(names)
    if let named, named.labels.isEmpty {
      guard names.count == 1, let name = names.first, name.operation == .equal else {
        return .unmatchedCombination(selector: text)
      }
      return .unknownName(name.value)
    }
    for matcher in matchers where matcher.name != LabelName.metric {
      guard let found = select(names + [matcher]), found.labels.isEmpty else { continue }
      return unmatched(matcher, among: named?.labels ?? select([])?.labels ?? [])
    }
    return .unmatchedCombination(selector: text)
  }

  private func unmatched(_ matcher: LabelMatcher, among series: [Labels]) -> Finding {
    let seen = Set(series.compactMap { $0[matcher.name] }).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    // Prometheus renames a target's own labels when they collide with those of the scrape.
    let exported = "exported_" + matcher.name
    let isRenamed = series.contains { labels in
      guard let value = labels[exported] else { return false }
      return matcher.accepts(Array(value.utf8)[...])
    }
    return .unmatchedLabel(
      name: selector.name ?? text, matcher: matcher.description,
      seen: Array(seen.prefix(Self.shownValues)), seenCount: seen.count,
      renamedTo: isRenamed ? exported : nil)
  }
}
