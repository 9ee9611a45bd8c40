import TimeSeries

/// Quantiles of plain values (promql-evaluation.md §5.4).
enum Quantile {
  /// The φ-quantile of values in any order, NaN when there is none. O(n log n).
  static func of(_ values: some Collection<Double>, _ phi: Double) -> Double {
    of(sorted: values.map { RankedNumber($0) }.sorted(), phi)
  }

  /// The φ-quantile of values in order.
  static func of(sorted values: [RankedNumber], _ phi: Double) -> Double {
    if values.isEmpty || phi.isNaN { return .nan }
    if phi < 0 { return -.infinity }
    if phi > 1 { return .infinity }
    let rank = phi * Double(values.count - 1)
    let low = max(0, Int(rank.rounded(.down)))
    let high = min(values.count - 1, low + 1)
    let weight = rank - rank.rounded(.down)
    return values[low].value * (1 - weight) + values[high].value * weight
  }
}

/// A number as an integer that sorts as numbers do: NaN first, then from minus infinity up, a zero with a
/// sign before the one without.
struct RankedNumber: Comparable {
  private let rank: Int64

  @inline(__always)
  init(_ value: Double) {
    let bits = Int64(bitPattern: value.bitPattern)
    rank = value.isNaN ? .min : bits ^ ((bits >> 63) & .max)
  }

  var value: Double {
    rank == .min ? .nan : Double(bitPattern: UInt64(bitPattern: rank ^ ((rank >> 63) & .max)))
  }

  @inline(__always)
  static func < (a: RankedNumber, b: RankedNumber) -> Bool { a.rank < b.rank }
}

/// The values of a window in order, kept in order while the window moves: a step costs what comes and goes, a
/// search and a move of memory for each.
struct SortedWindow {
  private(set) var sorted: [RankedNumber] = []
  private var window = 0..<0

  /// Moves to a window that begins and ends no earlier than the last one.
  mutating func move(to next: Range<Int>, of values: [Double]) {
    let left = window.lowerBound..<min(next.lowerBound, window.upperBound)
    let come = max(next.lowerBound, window.upperBound)..<next.upperBound
    window = next
    guard left.count + come.count <= next.count / 4 else {
      sorted.removeAll(keepingCapacity: true)
      for value in values[next] { sorted.append(RankedNumber(value)) }
      return sorted.sort()
    }
    for (old, new) in zip(left, come) { replace(RankedNumber(values[old]), by: RankedNumber(values[new])) }
    for position in left.dropFirst(come.count) {
      sorted.remove(at: place(of: RankedNumber(values[position])))
    }
    for position in come.dropFirst(left.count) {
      let number = RankedNumber(values[position])
      sorted.insert(number, at: place(of: number))
    }
  }

  /// Only what lies between the two places moves.
  private mutating func replace(_ old: RankedNumber, by new: RankedNumber) {
    let from = place(of: old)
    let to = place(of: new)
    unsafe sorted.withUnsafeMutableBufferPointer { sorted in
      guard let memory = sorted.baseAddress else { return }
      // Both places lie within the values; `to` counts the one that leaves.
      if to > from {
        unsafe (memory + from).update(from: memory + from + 1, count: to - 1 - from)
        unsafe memory[to - 1] = new
      } else {
        unsafe (memory + to + 1).update(from: memory + to, count: from - to)
        unsafe memory[to] = new
      }
    }
  }

  /// The first place whose number is not less.
  private func place(of number: RankedNumber) -> Int { sorted.partitioningIndex { $0 >= number } }
}
