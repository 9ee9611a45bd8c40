import TimeSeries

/// Quantiles of plain values (promql-evaluation.md §5.4).
enum Quantile {
  /// The φ-quantile of at least one value; sorts them in place, NaN first.
  static func of(_ values: inout [Double], _ phi: Double) -> Double {
    if values.isEmpty || phi.isNaN { return .nan }
    if phi < 0 { return -.infinity }
    if phi > 1 { return .infinity }
    values.sort { $0 < $1 || ($0.isNaN && !$1.isNaN) }
    let rank = phi * Double(values.count - 1)
    let low = max(0, Int(rank.rounded(.down)))
    let high = min(values.count - 1, low + 1)
    let weight = rank - rank.rounded(.down)
    return values[low] * (1 - weight) + values[high] * weight
  }
}
