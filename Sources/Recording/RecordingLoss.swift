/// What a recording should hold and does not give, as far as it can be counted.
public struct RecordingLoss: Sendable, Hashable {
  /// Samples that are left out: of series whose names and labels are nowhere, or in a form that is not known.
  public var samples = 0
  /// How many series are left out whole.
  public var series = 0
  /// Records of a log that are left out since they make no sense, or are of a kind that is not known.
  public var records = 0
  /// Bytes that are not read since they are damaged, not complete, or behind damage.
  public var bytes = 0

  public init() {}

  /// Whether nothing is known to be lost.
  public var isNone: Bool { self == RecordingLoss() }

  static func += (lhs: inout RecordingLoss, rhs: RecordingLoss) {
    lhs.samples += rhs.samples
    lhs.series += rhs.series
    lhs.records += rhs.records
    lhs.bytes += rhs.bytes
  }
}

/// What could not be read, as it is gathered: sentences, and numbers.
struct LossNotes {
  private(set) var notes: [String] = []
  private(set) var loss = RecordingLoss()

  mutating func add(_ note: String, samples: Int = 0, series: Int = 0, records: Int = 0, bytes: Int = 0) {
    notes.append(note)
    var part = RecordingLoss()
    (part.samples, part.series, part.records, part.bytes) = (samples, series, records, bytes)
    loss += part
  }
}
