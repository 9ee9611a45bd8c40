/// Samples of a log, and of the chunks beside it, whose series no record describes, counted once each.
struct StrangeSamples {
  private struct Count {
    var samples = 0
    /// Milliseconds: what comes later counts.
    var end: Int64
    var late = 0
  }

  private let chunks: HeadChunks
  private let minimum: Int64
  private var counts: [UInt64: Count] = [:]

  /// Samples before `minimum` (milliseconds) are in blocks.
  init(chunks: HeadChunks, minimum: Int64) {
    self.chunks = chunks
    self.minimum = minimum
  }

  /// Counts a sample of the log, unless it is older, a repetition, or in a chunk.
  mutating func add(_ reference: UInt64, _ timestamp: Int64) {
    guard timestamp >= minimum else { return }
    var count = counts[reference] ?? began(reference)
    if timestamp > count.end {
      count.samples += 1
      count.end = timestamp
    }
    counts[reference] = count
  }

  /// Counts a sample that came late.
  mutating func add(late reference: UInt64) {
    var count = counts[reference] ?? began(reference)
    count.late += 1
    counts[reference] = count
  }

  /// The late samples so far are in a chunk.
  mutating func forgetLate(_ reference: UInt64) { counts[reference]?.late = 0 }

  /// Nothing counted yet, behind what is in chunks.
  private func began(_ reference: UInt64) -> Count {
    let inside = (chunks.bySeries[reference] ?? []).filter { !$0.isOutOfOrder && $0.last >= minimum }
    return Count(end: inside.map(\.last).max() ?? .min)
  }

  /// How many samples of how many series there were, those in chunks included. `isKnown` says whether a
  /// record described a series after all.
  func counted(_ isKnown: (UInt64) -> Bool) -> (samples: Int, series: Int) {
    var bySeries = counts.mapValues { $0.samples + $0.late }
    for (reference, chunks) in chunks.bySeries where !isKnown(reference) {
      let inside = chunks.filter { $0.last >= minimum }.reduce(0) { $0 + $1.sampleCount }
      bySeries[reference, default: 0] += inside
    }
    let found = bySeries.values.filter { $0 > 0 }
    return (found.reduce(0, +), found.count)
  }
}
