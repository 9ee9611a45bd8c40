/// What was noticed while two histograms were added.
public struct HistogramCombination: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// One histogram says that the counter was reset, the other that it was not.
  public static let hintCollision = HistogramCombination(rawValue: 1)
  /// Their custom bounds differ: the result has those that both had.
  public static let reconciledBounds = HistogramCombination(rawValue: 2)
}

/// One histogram has exponential buckets and the other custom ones.
public struct IncompatibleHistograms: Error, Sendable, Hashable, CustomStringConvertible {
  public init() {}

  public var description: String {
    "cannot apply this operation on histograms with a mix of exponential and custom bucket schemas"
  }
}

extension NativeHistogram.ResetHint {
  /// The hint of a sum, and whether the two contradict each other. Symmetric.
  public func combined(with other: Self) -> (hint: Self, collides: Bool) {
    switch (self, other) {
    case (.gauge, _), (_, .gauge): (.gauge, false)
    case (.reset, .reset): (.reset, false)
    case (.notReset, .notReset): (.notReset, false)
    case (.reset, .notReset), (.notReset, .reset): (.unknown, true)
    case (.unknown, _), (_, .unknown): (.unknown, false)
    }
  }
}

extension HistogramSum {
  /// Adds `sign` (1 or −1) times another histogram.
  mutating func combine(
    _ other: NativeHistogram, sign: Double
  ) throws(IncompatibleHistograms) -> HistogramCombination {
    guard isCustom == other.isCustom else { throw IncompatibleHistograms() }
    var facts: HistogramCombination = []
    let folded = hint.combined(with: other.hint)
    hint = folded.hint
    if folded.collides { facts.insert(.hintCollision) }
    addTotals(count: sign * other.count, sum: sign * other.sum)
    if !isCustom {
      combineExponential(other, sign)
    } else if customBounds == other.customBounds {
      BucketList.add(other.positive[...], times: sign, to: &positive)
    } else {
      reconcileBounds(other, sign)
      facts.insert(.reconciledBounds)
    }
    return facts
  }

  private mutating func combineExponential(_ other: NativeHistogram, _ sign: Double) {
    let otherZero = reconcileZero(with: other)
    addToZero(sign * otherZero.sum)
    if otherZero.compensation != 0 { addToZero(sign * otherZero.compensation) }
    if schema > other.schema {
      let difference = schema &- other.schema
      BucketList.reduce(&positive, by: difference)
      BucketList.reduce(&negative, by: difference)
      schema = other.schema
    }
    let difference = other.schema &- schema
    addSide(other.positive, reducedBy: difference, sign, to: &positive)
    addSide(other.negative, reducedBy: difference, sign, to: &negative)
  }

  /// Adds one side; its leading buckets inside the zero bucket were counted there.
  private func addSide(
    _ buckets: [NativeHistogram.Bucket], reducedBy difference: Int32, _ sign: Double,
    to entries: inout [Entry]
  ) {
    guard difference > 0 else {
      let inner = buckets.prefix { isInZeroBucket($0.index) }.count
      return BucketList.add(buckets[inner...], times: sign, to: &entries)
    }
    var reduced = buckets.map { Entry(index: $0.index, total: CompensatedSum($0.count)) }
    BucketList.reduce(&reduced, by: difference)
    let inner = reduced.prefix { isInZeroBucket($0.index) }.count
    let totals = reduced.dropFirst(inner)
    let sums = totals.map { NativeHistogram.Bucket(index: $0.index, count: $0.total.sum) }
    BucketList.add(sums[...], times: sign, to: &entries)
    let errors = totals.filter { $0.total.compensation != 0 }
    guard !errors.isEmpty else { return }
    let addends = errors.map {
      NativeHistogram.Bucket(index: $0.index, count: $0.total.compensation)
    }
    BucketList.add(addends[...], times: sign, to: &entries)
  }

  private func isInZeroBucket(_ index: Int32) -> Bool {
    ExponentialBounds.upper(Int(index), schema: schema) <= zeroThreshold
  }

  /// Moves both histograms' custom buckets to the bounds that they share, and adds them there.
  private mutating func reconcileBounds(_ other: NativeHistogram, _ sign: Double) {
    let shared = CustomBounds.shared(customBounds, other.customBounds)
    var totals = [CompensatedSum](repeating: CompensatedSum(), count: shared.count + 1)
    var walk = CustomBounds.Walk(from: customBounds, to: shared)
    for entry in positive {
      let target = walk.target(of: entry.index)
      let total = entry.total
      totals[target].add(total.sum)
      if total.compensation != 0 { totals[target].add(total.compensation) }
    }
    walk = CustomBounds.Walk(from: other.customBounds, to: shared)
    for bucket in other.positive { totals[walk.target(of: bucket.index)].add(sign * bucket.count) }
    positive = []
    for (index, total) in totals.enumerated() where total.sum != 0 || total.compensation != 0 {
      let entry = Entry(index: Int32(truncatingIfNeeded: index), total: total)
      if entry.total.sum != 0 || entry.total.compensation != 0 { positive.append(entry) }
    }
    customBounds = shared
  }
}
