extension NativeHistogram {
  /// Whether both are the same to the last bit (native-histograms.md §4.7): what `==`, `!=` and
  /// `changes` ask. NaN payloads and −0 matter, so do explicit empty buckets; hints do not.
  public func isExactlyEqual(to other: NativeHistogram) -> Bool {
    schema == other.schema && zeroThreshold == other.zeroThreshold
      && count.bitPattern == other.count.bitPattern && sum.bitPattern == other.sum.bitPattern
      && zeroCount.bitPattern == other.zeroCount.bitPattern
      && customBounds == other.customBounds
      && BucketList.isExactlyEqual(positive, other.positive)
      && BucketList.isExactlyEqual(negative, other.negative)
  }

  /// Whether both are equal up to a relative difference (promqltest.md §6): same schema, threshold,
  /// bounds and populated buckets. Hints are not compared; empty buckets do not count.
  public func isAlmostEqual(to other: NativeHistogram, tolerance: Double) -> Bool {
    schema == other.schema && zeroThreshold == other.zeroThreshold
      && customBounds == other.customBounds
      && count.isAlmostEqual(to: other.count, tolerance: tolerance)
      && sum.isAlmostEqual(to: other.sum, tolerance: tolerance)
      && zeroCount.isAlmostEqual(to: other.zeroCount, tolerance: tolerance)
      && Self.areAlmostEqual(positive, other.positive, tolerance)
      && Self.areAlmostEqual(negative, other.negative, tolerance)
  }

  private static func areAlmostEqual(
    _ lhs: [Bucket], _ rhs: [Bucket], _ tolerance: Double
  ) -> Bool {
    let left = lhs.filter { $0.count != 0 }
    let right = rhs.filter { $0.count != 0 }
    guard left.count == right.count else { return false }
    return zip(left, right).allSatisfy { pair in
      pair.0.index == pair.1.index
        && pair.0.count.isAlmostEqual(to: pair.1.count, tolerance: tolerance)
    }
  }
}
