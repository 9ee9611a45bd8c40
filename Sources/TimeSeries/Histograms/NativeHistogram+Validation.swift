extension NativeHistogram {
  /// What is wrong with the histogram in Prometheus' words, nil if it may be stored
  /// (native-histograms.md §1.1). The count is not compared with the buckets.
  public var validationProblem: String? {
    if isCustom {
      if let problem = customProblem { return "custom buckets: " + problem }
    } else if Self.exponentialSchemas.contains(schema) {
      if let problem = exponentialProblem { return problem }
    } else {
      return "histogram has an invalid schema, which must be between -4 and 8 for exponential "
        + "buckets, or -53 for custom buckets, got schema \(schema)"
    }
    if let problem = Self.negativeCount(positive) { return "positive side: " + problem }
    if count < 0 {
      return "observation count is  \(GoText.general(count)): "
        + "histogram's observation count is negative"
    }
    return nil
  }

  private var customProblem: String? {
    if let problem = boundsProblem { return problem }
    if let first = positive.first, first.index < 0 {
      return SpanProblem.negativeOffset(number: 1, offset: first.index).description
    }
    if let last = positive.last, Int64(last.index) > Int64(customBounds.count) {
      return "only \(customBounds.count) custom bounds defined which is insufficient to cover total "
        + "span length of \(Int64(last.index) + 1): histogram custom bounds are too few"
    }
    if zeroCount != 0 { return "must have zero count of 0" }
    if zeroThreshold != 0 { return "must have zero threshold of 0" }
    if !negative.isEmpty { return "must not have negative spans" }
    return nil
  }

  private var boundsProblem: String? {
    var previous = -Double.infinity
    for bound in customBounds {
      if bound.isNaN { return "histogram custom bounds must not be NaN" }
      if bound <= previous {
        return "previous bound is \(GoText.fixed(previous)) and current is \(GoText.fixed(bound)): "
          + "histogram custom bounds must be in strictly increasing order"
      }
      previous = bound
    }
    if previous == .infinity {
      return "last +Inf bound must not be explicitly defined: "
        + "histogram custom bounds must be finite"
    }
    return nil
  }

  private var exponentialProblem: String? {
    if let problem = Self.negativeCount(negative) { return "negative side: " + problem }
    if zeroCount < 0 { return "zero bucket" + Self.negativeCountText(zeroCount) }
    if !customBounds.isEmpty { return "histogram with exponential schema must not have custom bounds" }
    return nil
  }

  private static func negativeCount(_ buckets: [Bucket]) -> String? {
    guard let position = buckets.firstIndex(where: { $0.count < 0 }) else { return nil }
    return "bucket number \(position + 1)" + negativeCountText(buckets[position].count)
  }

  private static func negativeCountText(_ count: Double) -> String {
    " has observation count of \(GoText.general(count)): "
      + "histogram has a bucket whose observation count is negative"
  }
}
