/// Custom buckets whose bounds differ (native-histograms.md §4.2).
enum CustomBounds {
  /// The bounds that both lists have, in one pass.
  static func shared(_ lhs: [Double], _ rhs: [Double]) -> [Double] {
    var result: [Double] = []
    var (i, j) = (0, 0)
    while i < lhs.count, j < rhs.count {
      if lhs[i] == rhs[j] {
        result.append(lhs[i])
        i += 1
        j += 1
      } else if lhs[i] < rhs[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return result
  }

  /// Finds where buckets go when bounds are left out. Ask in ascending order of index.
  struct Walk {
    private let from: [Double]
    private let to: [Double]
    private var position = 0

    init(from: [Double], to: [Double]) {
      self.from = from
      self.to = to
    }

    /// The first bucket of the new bounds that reaches as far as the bucket `index` of the old
    /// ones; the overflow bucket if none does.
    mutating func target(of index: Int32) -> Int {
      let index = Int(index)
      guard index < from.count else { return to.count }
      let upper = index < 0 ? -Double.infinity : from[index]
      while position < to.count, to[position] < upper { position += 1 }
      return position
    }
  }
}
