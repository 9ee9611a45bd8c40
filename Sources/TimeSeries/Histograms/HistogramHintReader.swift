struct HistogramHintReader: Sendable {
  mutating func readFloat() {}
  mutating func readStaleMarker(at: Int64) {}
  mutating func hint(of h: NativeHistogram, at: Int64) -> NativeHistogram.ResetHint { .unknown }
}
extension NativeHistogram {
  var validationProblem: String? { nil }
  func isExactlyEqual(to: NativeHistogram) -> Bool { false }
}
