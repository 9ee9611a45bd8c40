public import Scrape
public import TimeSeries

/// One record of promgate's own recordings: what is new, and samples (docs/recordings.md).
///
/// Series and cohorts are numbered in the order in which records bring them.
public struct RecordBatch: Sendable {
  /// All that earlier records said of series and cohorts is void; numbers begin at 0 again.
  public var startsAnew = false
  /// The names of new cohorts.
  public var cohorts: [String] = []
  /// New series.
  public var series: [Labels] = []
  /// What is said about metrics.
  public var families: [MetricFamily] = []
  /// The cohort whose scrape the samples are, all at one time; nil for samples that came one by one.
  public var cohort: Int?
  /// The series of each sample.
  public var ids: [Int32] = []
  /// Milliseconds, one a sample.
  public var times: [Int64] = []
  /// One a sample; unspecified where there is a histogram.
  public var values: [Double] = []
  /// Where there are histograms, ascending, and those.
  public var histograms = HistogramSamples()
  /// One a sample, milliseconds, 0 for none; empty when there is none at all.
  public var starts: [Int64] = []

  public init() {}

  /// How many samples there are.
  public var count: Int { ids.count }

  /// Hands over every sample with its series' number, in the record's order.
  func forEachSample(_ body: (Int32, StoredSample) -> Void) {
    var histogram = 0
    for (position, id) in ids.enumerated() {
      var value = StoredSample.Value.float(values[position])
      if histogram < histograms.positions.count, histograms.positions[histogram] == position {
        value = .histogram(histograms.histograms[histogram])
        histogram += 1
      }
      let start = starts.isEmpty ? 0 : starts[position]
      body(id, StoredSample(timestamp: times[position], value, startTimestamp: start))
    }
  }

  var isEmpty: Bool { !startsAnew && series.isEmpty && cohorts.isEmpty && families.isEmpty && ids.isEmpty }
}

/// What is known of a series' last value, on both sides of the file: the next is written against it.
struct RecordState {
  var bits: UInt64 = 0
  /// How much it changed last, where that is a whole number.
  var delta: Int64 = 0

  /// A whole number that differences can be taken of; nil for any other value.
  @inline(__always)
  static func whole(_ value: Double) -> Int64? {
    guard value.magnitude < 4_503_599_627_370_496 else { return nil }
    let number = Int64(value)
    // Negative zero is not the zero that would come back.
    return Double(number).bitPattern == value.bitPattern ? number : nil
  }
}

/// How a value is written: the byte in the column of kinds, and what stands in the column of values.
enum RecordKind {
  /// The value before.
  static let same: UInt8 = 0
  /// A whole number: how much its change differs from the change before.
  static let whole: UInt8 = 1
  static let stale: UInt8 = 2
  static let histogram: UInt8 = 3
  /// The exclusive or with the value before: from here on 8 × (bytes - 1) + the zero bytes below them.
  static let bytes: UInt8 = 16
}
