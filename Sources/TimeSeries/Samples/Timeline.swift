/// A column of timestamps: milliseconds since the Unix epoch, strictly ascending.
///
/// Series that are scraped together share one timeline; its identity (`===`) is what lets window
/// bounds be located once and used for every series on it.
public final class Timeline: Sendable {
  /// Milliseconds since the epoch, strictly ascending.
  public let timestamps: [Int64]

  /// A timeline over strictly ascending timestamps in milliseconds.
  public init(_ timestamps: [Int64]) { self.timestamps = timestamps }

  public var count: Int { timestamps.count }

  public static let empty = Timeline([])

  /// The first position whose timestamp is greater than `time`, `count` if none. O(log n).
  public func firstPosition(after time: Int64) -> Int {
    var low = 0
    var high = timestamps.count
    while low < high {
      let middle = (low + high) / 2
      if timestamps[middle] > time { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
