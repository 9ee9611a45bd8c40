/// Names, values and counts of labels.
///
/// The functions `of` rows look at each row's labels: for sources without an index. `SeriesListing` answers
/// from one.
public enum Listing {
  /// The names of the labels that rows have, ascending. Costs a look at all labels.
  public static func labelNames(of rows: any Selected) -> [ArraySlice<UInt8>] { labelNames(of: rows.labels) }

  static func labelNames(of series: some Sequence<Labels>) -> [ArraySlice<UInt8>] {
    var names = Set<LabelText>()
    for labels in series {
      var cursor = LabelCursor(labels)
      while cursor.next() { names.insert(LabelText(labels.bytes[cursor.name])) }
    }
    return names.sorted(by: <).map(\.bytes)
  }

  /// The values that a label has in rows, ascending. Costs a look at all labels.
  public static func labelValues(of name: [UInt8], in rows: any Selected) -> [ArraySlice<UInt8>] {
    labelValues(of: name, in: rows.labels)
  }

  static func labelValues(of name: [UInt8], in series: some Sequence<Labels>) -> [ArraySlice<UInt8>] {
    var values = Set<LabelText>()
    for labels in series {
      if let range = labels.valueRange(of: name) { values.insert(LabelText(labels.bytes[range])) }
    }
    return values.sorted(by: <).map(\.bytes)
  }

  /// Counts rows by their labels, and reads their samples for the times.
  public static func statistics(of rows: any Selected, limit: Int) throws -> SeriesStatistics {
    let labels = rows.labels
    var range: ClosedRange<Int64>?
    for row in 0..<rows.count {
      let samples = try rows.samples(row)
      guard samples.count > 0 else { continue }
      let (first, last) = (samples.timestamp(0), samples.timestamp(samples.count - 1))
      range = min(range?.lowerBound ?? first, first)...max(range?.upperBound ?? last, last)
    }
    return SeriesIndex(sorted: labels).statistics(limit: limit, timeRange: range)
  }

  /// The ascending lists of several selections as one; what is in several comes once. They are made one after
  /// the other, and `memory` is asked for what is kept of them.
  package static func merged(
    _ selections: [Selection], _ memory: MemoryAccount,
    _ list: (Selection) throws -> [ArraySlice<UInt8>]
  ) throws -> [ArraySlice<UInt8>] {
    guard selections.count > 1 else {
      let only = try selections.first.map(list) ?? []
      try memory.take(32 * only.count)
      return only
    }
    var all = Set<LabelText>()
    for selection in selections {
      let found = try list(selection)
      try memory.take(64 * found.count)
      let before = all.count
      all.formUnion(found.lazy.map { LabelText($0) })
      memory.giveBack(64 * (found.count - (all.count - before)))
    }
    return all.sorted(by: <).map(\.bytes)
  }

  /// Two ascending lists as one; what is in both comes once.
  public static func merged(_ lists: [[ArraySlice<UInt8>]]) -> [ArraySlice<UInt8>] {
    let lists = lists.filter { !$0.isEmpty }
    if lists.count < 2 { return lists.first ?? [] }
    return Set(lists.joined().lazy.map { LabelText($0) }).sorted(by: <).map(\.bytes)
  }
}

extension SeriesIndex {
  /// The names of the labels that rows have which satisfy the matchers and are here. Without matchers each
  /// name asks for rows until one is here.
  package func labelNames(
    matching matchers: [LabelMatcher], _ isHere: (Int) throws -> Bool
  ) rethrows -> [ArraySlice<UInt8>] {
    if matchers.isEmpty {
      return try lists.filter { try $0.allRows.contains { try isHere(Int($0)) } }.map(\.name.bytes)
    }
    var names = Set<LabelText>()
    // Series of one name have the same labels, mostly: a name is looked up where the row before had another.
    var path: [LabelText] = []
    for row in rows(matching: matchers) {
      let series = labels[row]
      var cursor = LabelCursor(series)
      var fresh: [LabelText] = []
      var step = 0
      while cursor.next() {
        let name = LabelText(series.bytes[cursor.name])
        if step < path.count, path[step] == name {
          // Known already.
        } else if !names.contains(name) {
          fresh.append(name)
        }
        step += 1
      }
      guard !fresh.isEmpty, try isHere(row) else { continue }
      names.formUnion(fresh)
      cursor = LabelCursor(series)
      path = []
      while cursor.next() { path.append(LabelText(series.bytes[cursor.name])) }
    }
    return names.sorted(by: <).map(\.bytes)
  }

  /// The values of a label in the rows which satisfy the matchers and are here. Without matchers each value
  /// asks for its rows until one is here.
  package func labelValues(
    of name: [UInt8], matching matchers: [LabelMatcher], _ isHere: (Int) throws -> Bool
  ) rethrows -> [ArraySlice<UInt8>] {
    guard let list = list(name) else { return [] }
    if matchers.isEmpty {
      return try (0..<list.count).filter { try list.rows($0).contains { try isHere(Int($0)) } }.map(
        list.value)
    }
    let rows = rows(matching: matchers)
    guard !rows.isEmpty, let column = column(name) else { return [] }
    var isKnown = [Bool](repeating: false, count: list.count + 1)
    isKnown[0] = true
    for row in rows where !isKnown[column[row]] {
      if try isHere(row) { isKnown[column[row]] = true }
    }
    return (0..<list.count).filter { isKnown[$0 + 1] }.map(list.value)
  }

  /// Counts of the rows, but for some that are `gone`, and of `added` series beside them.
  package func statistics(
    limit: Int, timeRange: ClosedRange<Int64>?, gone: [Int] = [], added: [Labels] = []
  ) -> SeriesStatistics {
    var changes: [LabelText: [LabelText: Int]] = [:]
    for (series, change) in gone.map({ (labels[$0], -1) }) + added.map({ ($0, 1) }) {
      var cursor = LabelCursor(series)
      while cursor.next() {
        let (name, value) = (series.bytes[cursor.name], series.bytes[cursor.value])
        changes[LabelText(name), default: [:]][LabelText(value), default: 0] += change
      }
    }
    var tally = Tally(limit)
    for list in lists {
      let change = changes.removeValue(forKey: list.name) ?? [:]
      for place in 0..<list.count {
        let value = LabelText(list.value(place))
        tally.add(list.name, value, list.rows(place).count + (change.isEmpty ? 0 : change[value] ?? 0))
      }
      // Values that no row has.
      for (value, series) in change where list.place(of: Array(value.bytes)) == nil {
        tally.add(list.name, value, series)
      }
      tally.finish(list.name)
    }
    for (name, values) in changes {
      for (value, series) in values { tally.add(name, value, series) }
      tally.finish(name)
    }
    return tally.statistics(series: labels.count - gone.count + added.count, timeRange)
  }
}

/// Counts the values of one name after the other.
private struct Tally {
  private var (metrics, values, bytes, pairs): (Largest, Largest, Largest, Largest)
  private var labelPairs = 0
  /// Of the name at hand.
  private var (distinct, size) = (0, 0)
  private static let metric = LabelText(Array(LabelName.metric.utf8))

  init(_ limit: Int) {
    (metrics, values, bytes, pairs) = (Largest(limit), Largest(limit), Largest(limit), Largest(limit))
  }

  mutating func add(_ name: LabelText, _ value: LabelText, _ series: Int) {
    guard series > 0 else { return }
    distinct += 1
    size += series * value.bytes.count
    pairs.add(series) { Array(name.bytes) + [UInt8(ascii: "=")] + value.bytes }
    if name == Self.metric { metrics.add(series) { Array(value.bytes) } }
  }

  mutating func finish(_ name: LabelText) {
    defer { (distinct, size) = (0, 0) }
    guard distinct > 0 else { return }
    labelPairs += distinct
    values.add(distinct) { Array(name.bytes) }
    bytes.add(size) { Array(name.bytes) }
  }

  func statistics(series: Int, _ timeRange: ClosedRange<Int64>?) -> SeriesStatistics {
    var statistics = SeriesStatistics()
    statistics.series = series
    statistics.labelPairs = labelPairs
    statistics.timeRange = timeRange
    statistics.seriesOfMetric = metrics.counts
    statistics.valuesOfName = values.counts
    statistics.bytesOfName = bytes.counts
    statistics.seriesOfPair = pairs.counts
    return statistics
  }
}

/// The largest of many counts, alike ones by name.
private struct Largest {
  private(set) var counts: [SeriesStatistics.Count] = []
  private let limit: Int

  init(_ limit: Int) { self.limit = max(0, limit) }

  /// The name is made for those only that may be among them.
  mutating func add(_ count: Int, _ name: () -> [UInt8]) {
    if counts.count >= limit, count < counts.last?.count ?? .max { return }
    let added = SeriesStatistics.Count(name: name(), count: count)
    let place = counts.partitioningIndex {
      $0.count < count || ($0.count == count && added.name.lexicographicallyPrecedes($0.name))
    }
    guard place < limit else { return }
    if counts.count >= limit { counts.removeLast() }
    counts.insert(added, at: place)
  }
}
