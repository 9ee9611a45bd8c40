/// The bit pattern with which Prometheus says "this series ended here" (promql.md §4.6).
///
/// It survives copies, never arithmetic: test the bits where data enters, and carry positions after.
public enum StaleMarker {
  public static let bits: UInt64 = 0x7ff0_0000_0000_0002
  public static let value = Double(bitPattern: bits)
  /// The ordinary NaN that Prometheus writes.
  public static let ordinaryNaN = Double(bitPattern: 0x7ff8_0000_0000_0001)

  @inlinable
  public static func isStale(_ value: Double) -> Bool { value.bitPattern == bits }
}
