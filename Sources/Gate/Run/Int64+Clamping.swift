extension Int64 {
  /// `self + count × unit`, at the end of the type where it does not fit.
  package func addingClamped(_ count: Int64, times unit: Int64) -> Int64 {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    let (sum, overflows) = addingReportingOverflow(product)
    return overflow || overflows ? .max : sum
  }
}
