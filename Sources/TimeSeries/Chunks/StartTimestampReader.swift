/// Reads the start timestamps that stand between the samples of a chunk (chunks-and-blocks.md §1.3).
struct StartTimestampReader {
  private let isFirstKnown: Bool
  /// The sample from which on starts differ; 0: never.
  private let change: Int
  private var first: Int64 = 0
  private var difference: Int64 = 0

  /// The header's byte; nil for encodings without start timestamps.
  init(_ header: UInt8) {
    isFirstKnown = header & 0x80 != 0
    change = Int(header & 0x7F)
  }

  /// The start of a sample, read from behind its value. `previous` is the time of the sample before,
  /// of the first sample its own.
  @inline(__always)
  mutating func read(_ reader: inout BitReader, _ sample: Int, previous: Int64) -> Int64 {
    if sample == 0 {
      if isFirstKnown { first = previous &- reader.varint() }
      return first
    }
    guard change > 0, sample >= change else { return first }
    let read = reader.signedVariable()
    difference = sample == change ? read : difference &+ read
    return previous &- difference
  }
}
