/// A column of timestamps: milliseconds since the Unix epoch, strictly ascending.
///
/// Series that are scraped together share one timeline; its identity (`===`) is what lets window
/// bounds be located once and used for every series on it.
public final class Timeline: Sendable {
  /// Milliseconds since the epoch, strictly ascending.
  public let timestamps: [Int64]

  /// Its number among the timelines of one selection, from zero on, so that what is known of each can be
  /// found in an array. A hint: other timelines have the same number. `Int.max` where there is none.
  package let number: Int

  /// A timeline over strictly ascending timestamps in milliseconds.
  public convenience init(_ timestamps: [Int64]) { self.init(timestamps, number: .max) }

  package init(_ timestamps: [Int64], number: Int) {
    self.timestamps = timestamps
    self.number = number
  }

  public var count: Int { timestamps.count }

  public static let empty = Timeline([])

  /// The first position whose timestamp is greater than `time`, `count` if none. O(log n).
  public func firstPosition(after time: Int64) -> Int { timestamps.partitioningIndex { $0 > time } }
}

extension RandomAccessCollection {
  /// The same as `partitioningIndex`, found from the end: O(log of the distance from there), and what lies
  /// before is not touched.
  @inlinable
  package func partitioningIndexFromEnd(where isBehind: (Element) -> Bool) -> Index {
    var high = endIndex
    var stride = 1
    while high > startIndex {
      let probe = index(high, offsetBy: -stride, limitedBy: startIndex) ?? startIndex
      if !isBehind(self[probe]) {
        return self[index(after: probe)..<high].partitioningIndex(where: isBehind)
      }
      high = probe
      stride *= 2
    }
    return high
  }

  /// The first index whose element satisfies a condition, which all elements behind it satisfy too; the end
  /// if there is none. O(log n).
  @inlinable
  package func partitioningIndex(where isBehind: (Element) -> Bool) -> Index {
    var (low, count) = (startIndex, count)
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if isBehind(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
