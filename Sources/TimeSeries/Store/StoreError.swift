/// How much a store may hold. A limit that is hit refuses what came last and names itself.
public struct StoreLimits: Sendable, Hashable {
  /// The most series at one time; 4,000,000 at most, which is what a block of one target can hold.
  public private(set) var maximumSeries: Int
  /// The most samples at one time.
  public var maximumSamples: Int
  /// How long samples are kept, milliseconds behind the newest; nil keeps all.
  public var retention: Int64?

  public init(
    maximumSeries: Int = 1_000_000, maximumSamples: Int = 200_000_000, retention: Int64? = nil
  ) {
    self.maximumSeries = min(maximumSeries, Self.mostSeries)
    self.maximumSamples = maximumSamples
    self.retention = retention
  }

  /// How far a block of samples may reach, milliseconds: blocks go whole, and a sample stays that much longer
  /// than it must.
  var blockSpan: Int64 { retention.map { max(1, $0 / 8) } ?? .max }

  /// Places in a block take 32 bits: 128 values that do not compress, for each of these, stay below.
  private static let mostSeries = 4_000_000
}

/// Why a sample was not taken. `description` follows Prometheus' words where it has any.
public enum StoreError: Error, Sendable, Hashable {
  case emptyLabels
  case outOfOrder(Labels, timestamp: Int64, newest: Int64)
  /// Another value than that of the newest sample, at its time; `values` is nil where a histogram is new.
  case duplicateTimestamp(Labels, timestamp: Int64, values: ValueClash?)
  /// Pushed, and older than anything that is still taken.
  case outOfBounds(Labels, timestamp: Int64)
  /// Pushed, and further ahead of the clock than is taken.
  case tooFarAhead(Labels, timestamp: Int64)
  case invalidHistogram(Labels, String)
  case tooManySeries(limit: Int)
  case tooManySamples(limit: Int)
}

/// Two floats, or a float and a histogram, at one time.
public struct ValueClash: Sendable, Hashable {
  /// Nil for a histogram.
  public var existing: Double?
  public var new: Double

  public init(existing: Double?, new: Double) {
    self.existing = existing
    self.new = new
  }
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .emptyLabels: words
    case .outOfOrder(let labels, let timestamp, let newest):
      "\(words): \(labels) has one at \(newest) ms, this one is at \(timestamp) ms"
    case .duplicateTimestamp(let labels, _, _), .invalidHistogram(let labels, _): "\(words): \(labels)"
    case .outOfBounds(let labels, let timestamp), .tooFarAhead(let labels, let timestamp):
      "\(words): \(labels) at \(timestamp) ms"
    case .tooManySeries, .tooManySamples: words
    }
  }

  /// Prometheus' words, where it has any, without the series.
  package var words: String {
    switch self {
    case .emptyLabels: "empty labelset: a series needs at least one label"
    case .outOfOrder: "out of order sample"
    case .duplicateTimestamp(_, let timestamp, let values):
      Self.duplicate(at: timestamp, values)
    case .outOfBounds: "out of bounds"
    case .tooFarAhead: "out of bounds: timestamp is too far in the future"
    case .invalidHistogram(_, let problem): problem
    case .tooManySeries(let limit):
      "too many series: the store holds at most \(limit) (--max-series)"
    case .tooManySamples(let limit):
      "too many samples: the store holds at most \(limit) (--max-stored-samples)"
    }
  }

  private static func duplicate(at timestamp: Int64, _ values: ValueClash?) -> String {
    let rule = "duplicate sample for timestamp"
    guard let values, timestamp != 0 else { return rule }
    let existing = values.existing.map { "existing \(GoText.general($0))" } ?? "existing is a histogram"
    return "\(rule) \(timestamp); overrides not allowed: \(existing), new value \(GoText.general(values.new))"
  }
}

/// One sample on its way into a store.
public struct StoredSample: Sendable {
  public enum Value: Sendable {
    /// A float; the stale marker's bits mark the end of the series.
    case float(Double)
    /// A histogram; the stale marker's bits as its sum mark the end of the series.
    case histogram(NativeHistogram)
  }

  /// Milliseconds since the epoch.
  public var timestamp: Int64
  public var value: Value

  /// Whether the value is a float.
  var isFloat: Bool {
    switch value {
    case .float: true
    case .histogram: false
    }
  }

  /// Milliseconds since the epoch; 0 when unknown.
  public var startTimestamp: Int64

  public init(timestamp: Int64, _ value: Value, startTimestamp: Int64 = 0) {
    self.timestamp = timestamp
    self.value = value
    self.startTimestamp = startTimestamp
  }
}
