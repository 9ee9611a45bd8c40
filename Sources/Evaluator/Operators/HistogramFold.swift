import PromQL
import TimeSeries

/// The sum or the mean of native histograms, and what there is to say about it
/// (promql-evaluation.md §5.2, §5.3).
struct HistogramTotal {
  private enum State {
    case sum(CompensatedHistogram)
    case mean(HistogramMean)
  }

  private var state: State
  /// Exponential and custom buckets met: there is no result.
  private(set) var isIncompatible = false
  private(set) var isReconciled = false
  private var sawReset: Bool
  private var sawNotReset: Bool

  init(_ first: NativeHistogram, averages: Bool) {
    state = averages ? .mean(HistogramMean(first)) : .sum(CompensatedHistogram(first))
    sawReset = first.hint == .reset
    sawNotReset = first.hint == .notReset
  }

  /// Takes another histogram in; after an incompatible one the rest is skipped.
  mutating func add(_ next: NativeHistogram) {
    if isIncompatible { return }
    sawReset = sawReset || next.hint == .reset
    sawNotReset = sawNotReset || next.hint == .notReset
    do {
      let facts: HistogramCombination
      switch state {
      case .sum(var sum):
        facts = try sum.add(next)
        state = .sum(sum)
      case .mean(var mean):
        facts = try mean.add(next)
        state = .mean(mean)
      }
      isReconciled = isReconciled || facts.contains(.reconciledBounds)
    } catch {
      isIncompatible = true
    }
  }

  /// Both "reset" and "not reset" hints were among the members.
  var collides: Bool { sawReset && sawNotReset }

  /// Not compacted.
  var value: NativeHistogram {
    switch state {
    case .sum(let sum): sum.value
    case .mean(let mean): mean.value
    }
  }
}

/// The histograms of a group's rows, folded step by step beside the floats.
struct HistogramFold {
  private let averages: Bool
  private var totals: [Int: HistogramTotal] = [:]
  /// The name of the row that could not be combined at a step, for the message.
  private var incompatible: [(step: Int, name: String)] = []
  private var startedWithFloat: Set<Int> = []

  /// Steps at which a float came first: histograms are not looked at there, the result is none anyway.
  private var floats: Presence
  private let mutation: Mutation?

  init(averages: Bool, steps: Int, mutation: Mutation?) {
    self.averages = averages
    self.mutation = mutation
    floats = Presence(count: steps)
  }

  /// Notes the floats of a row, before its histograms are added.
  mutating func noteFloats(_ presence: Presence) { floats.formUnion(presence) }

  var isEmpty: Bool { totals.isEmpty }

  /// Folds histograms in; what those at new steps take, bytes.
  mutating func add(_ column: HistogramColumn, name: () -> String) -> Int {
    var bytes = 0
    for (step, histogram) in zip(column.steps, column.histograms) {
      guard var total = totals[step] else {
        totals[step] = HistogramTotal(histogram, averages: averages)
        // The sum and its compensation.
        bytes += 3 * histogram.heldBytes
        if floats[step] { startedWithFloat.insert(step) }
        continue
      }
      if startedWithFloat.contains(step) { continue }
      if mutation == .histogramSchema, histogram.schema != total.value.schema { continue }
      let wasFine = !total.isIncompatible
      total.add(histogram)
      if wasFine, total.isIncompatible { incompatible.append((step, name())) }
      totals[step] = total
    }
    return bytes
  }

  /// Puts the results into the tile, beside floats already there: both kinds at a step are neither.
  func finish(into tile: inout Row, site: SourceRange, notes: Notes) {
    for (_, name) in incompatible {
      notes.add(.mixedSchemas, GoText.quoted(name), at: site)
    }
    for step in totals.keys.sorted() {
      guard let total = totals[step] else { continue }
      if tile.presence[step] {
        notes.add(.mixedGroup, at: site)
        tile.presence[step] = false
        continue
      }
      if total.isIncompatible { continue }
      if total.collides {
        notes.add(.conflictingResets, "aggregation", at: site)
      }
      if total.isReconciled {
        notes.add(.reconciledBounds, "aggregation", at: site)
      }
      tile.histograms.append(step, total.value.compacted())
    }
  }
}
