/// φ, how many times wider counts spread than those of independent requests: from ticks of one version that
/// was split in two (A/A).
///
/// φ = Σ(e − E[e])² / ΣVar[e], where e are the first half's errors of a tick, E[e] = Eρ and Var[e] = Eρ(1 −
/// ρ) given the errors E of both and the first half's share ρ of the requests. A burst that lasts longer
/// than a tick shows in sums over several: the same quotient is taken over blocks of 1, 4, 16 and 64 ticks,
/// and the largest counts. Lengths of which there are less than 100 blocks are not looked at, save single
/// ticks.
package struct Overdispersion: Sendable, Hashable, Codable {
  private var blocks = Self.lengths.map { _ in Blocks() }
  private var ticks = 0

  private struct Blocks: Sendable, Hashable, Codable {
    var squares = 0.0
    var variance = 0.0
    var count = 0
    var open = 0.0
    var openVariance = 0.0
  }

  private static let lengths = [1, 4, 16, 64]
  private static let leastBlocks = 100

  package init() {}

  /// Adds a tick of a split. What is no count, and ticks without requests on a side, are passed over.
  package mutating func add(_ half: RequestCounts, _ other: RequestCounts) {
    guard half.fault == nil, other.fault == nil, half.requests > 0, other.requests > 0 else { return }
    let share = half.requests / (half.requests + other.requests)
    let all = half.errors + other.errors
    ticks += 1
    for index in blocks.indices {
      blocks[index].open += half.errors - all * share
      blocks[index].openVariance += all * share * (1 - share)
      guard ticks % Self.lengths[index] == 0 else { continue }
      blocks[index].squares += blocks[index].open * blocks[index].open
      blocks[index].variance += blocks[index].openVariance
      blocks[index].count += 1
      blocks[index].open = 0
      blocks[index].openVariance = 0
    }
  }

  /// The split's φ, which may be below 1; nil without errors.
  package var value: Double? {
    let quotients = zip(blocks, Self.lengths).compactMap { block, length in
      block.variance > 0 && (length == 1 || block.count >= Self.leastBlocks)
        ? block.squares / block.variance : nil
    }
    return quotients.max()
  }

  /// What to judge with: the 90th percentile over splits, at least 1. Nil where no split saw an error.
  package static func calibrated(_ splits: [Double]) -> Double? {
    let sorted = splits.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return nil }
    // The smallest value that nine tenths do not exceed.
    let place = min(sorted.count - 1, (sorted.count * 9 + 9) / 10 - 1)
    return max(1, sorted[place])
  }
}
