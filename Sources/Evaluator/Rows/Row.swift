import TimeSeries

/// One row of an opened node over all steps of a grid: a tile that the reader owns and reuses.
///
/// Floats are a column with their presence beside it; values at absent steps are unspecified, so
/// elementwise kernels need not look at presence. Native histograms are a sparse side column. A step
/// holds a float, a histogram, or nothing.
struct Row: Sendable {
  /// One a step; meaningful where `presence` says so.
  var values: [Double]
  /// Where there are floats.
  var presence: Presence
  /// Where there are histograms; empty for nearly every row.
  var histograms: HistogramColumn

  init(steps: Int) {
    values = [Double](repeating: 0, count: steps)
    presence = Presence(count: steps)
    histograms = HistogramColumn()
  }

  var steps: Int { values.count }

  /// No value at any step.
  var isEmpty: Bool { histograms.isEmpty && presence.isEmpty }

  mutating func clear() {
    presence.clear()
    histograms.removeAll()
  }

  /// Where there is anything, float or histogram.
  var anyPresence: Presence {
    if histograms.isEmpty { return presence }
    var all = presence
    for step in histograms.steps { all[step] = true }
    return all
  }

  /// Drops everything at steps that are not in `kept`.
  mutating func mask(_ kept: Presence) {
    presence.formIntersection(kept)
    if !histograms.isEmpty { histograms.filter { kept[$0] } }
  }

  /// Sets a float at a step.
  @inline(__always)
  mutating func set(_ step: Int, _ value: Double) {
    values[step] = value
    presence[step] = true
  }
}

/// Native histograms of one row: sparse over the steps.
struct HistogramColumn: Sendable {
  /// Ascending.
  private(set) var steps: [Int] = []
  private(set) var histograms: [NativeHistogram] = []

  var isEmpty: Bool { steps.isEmpty }
  var count: Int { steps.count }

  /// The histogram at a step, nil when there is none. O(log n).
  subscript(_ step: Int) -> NativeHistogram? {
    let found = steps.partitioningIndex { $0 >= step }
    return found < steps.count && steps[found] == step ? histograms[found] : nil
  }

  /// Appends at a step later than all others.
  mutating func append(_ step: Int, _ histogram: NativeHistogram) {
    steps.append(step)
    histograms.append(histogram)
  }

  mutating func removeAll() {
    guard !steps.isEmpty else { return }
    steps.removeAll(keepingCapacity: true)
    histograms.removeAll(keepingCapacity: true)
  }

  mutating func filter(_ keep: (_ step: Int) -> Bool) {
    let old = self
    removeAll()
    for (step, histogram) in zip(old.steps, old.histograms) where keep(step) {
      append(step, histogram)
    }
  }

  /// Replaces each histogram; nil drops it.
  mutating func map(_ transform: (_ step: Int, NativeHistogram) -> NativeHistogram?) {
    let old = self
    removeAll()
    for (step, histogram) in zip(old.steps, old.histograms) {
      if let replaced = transform(step, histogram) { append(step, replaced) }
    }
  }

  /// Adds the histograms of another column at steps that are free here.
  mutating func merge(_ other: HistogramColumn) {
    if other.isEmpty { return }
    let all = zip(steps + other.steps, histograms + other.histograms).sorted { $0.0 < $1.0 }
    steps = all.map(\.0)
    histograms = all.map(\.1)
  }
}
