extension NativeHistogram: CustomStringConvertible {
  /// `{count:4, sum:5, (0.5,1]:1, (1,2]:2}`: every populated bucket ascending, numbers as `%g`
  /// (promql.md §2.2).
  public var description: String {
    var text = "{count:\(GoText.general(count)), sum:\(GoText.general(sum))"
    for bucket in unclampedBuckets where bucket.count != 0 { text += ", \(bucket)" }
    return text + "}"
  }

  /// The longest stretch of one side that `testExpression` fills in.
  private static let longestTestExpression: Int64 = 100_000

  /// `{{schema:1 count:3 sum:5 offset:-1 buckets:[1 0 2]}}`: a literal of the test language
  /// (native-histograms.md §8). The language has one stretch of buckets a side, with empty ones
  /// filled in; nil when one would be longer than 100,000 buckets.
  public var testExpression: String? {
    var parts: [String] = []
    func add(_ key: String, _ value: Double) {
      if value != 0 { parts.append("\(key):\(GoText.general(value))") }
    }
    if schema != 0 { parts.append("schema:\(schema)") }
    add("count", count)
    add("sum", sum)
    add("z_bucket", zeroCount)
    add("z_bucket_w", zeroThreshold)
    if !customBounds.isEmpty { parts.append("custom_values:\(Self.list(customBounds))") }
    switch hint {
    case .unknown: break
    case .reset: parts.append("counter_reset_hint:reset")
    case .notReset: parts.append("counter_reset_hint:not_reset")
    case .gauge: parts.append("counter_reset_hint:gauge")
    }
    for (prefix, buckets) in [("", positive), ("n_", negative)] {
      guard let first = buckets.first else { continue }
      guard let counts = Self.filled(buckets) else { return nil }
      if first.index != 0 { parts.append("\(prefix)offset:\(first.index)") }
      parts.append("\(prefix)buckets:\(Self.list(counts))")
    }
    return "{{" + parts.joined(separator: " ") + "}}"
  }

  private static func list(_ values: [Double]) -> String {
    "[" + values.map(GoText.general).joined(separator: " ") + "]"
  }

  /// The counts from the first to the last bucket, unless they are too many.
  private static func filled(_ buckets: [Bucket]) -> [Double]? {
    guard let first = buckets.first else { return [] }
    var counts: [Double] = []
    var next = Int64(first.index)
    for bucket in buckets {
      let gap = max(0, Int64(bucket.index) - next)
      guard Int64(counts.count) + gap < longestTestExpression else { return nil }
      counts.append(contentsOf: repeatElement(0, count: Int(gap)))
      counts.append(bucket.count)
      next = Int64(bucket.index) + 1
    }
    return counts
  }
}

extension BoundedBucket: CustomStringConvertible {
  /// `(0.5,1]:2`: brackets say which bounds belong to the bucket.
  public var description: String {
    (includesLower ? "[" : "(") + GoText.general(lower) + "," + GoText.general(upper)
      + (includesUpper ? "]:" : "):") + GoText.general(count)
  }
}
