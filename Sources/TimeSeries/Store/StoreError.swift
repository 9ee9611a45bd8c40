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

  /// Places in a block take 32 bits: 128 values that do not compress, for each of these, stay below.
  private static let mostSeries = 4_000_000
}

/// Why a sample was not taken. `description` follows Prometheus' words where it has any.
public enum StoreError: Error, Sendable, Hashable {
  case emptyLabels
  case outOfOrder(Labels, timestamp: Int64, newest: Int64)
  case duplicateTimestamp(Labels, timestamp: Int64)
  /// Pushed, and older than anything that is still taken.
  case outOfBounds(Labels, timestamp: Int64)
  case invalidHistogram(Labels, String)
  case tooManySeries(limit: Int)
  case tooManySamples(limit: Int)
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .emptyLabels: "empty labelset: a series needs at least one label"
    case .outOfOrder(let labels, let timestamp, let newest):
      "out of order sample: \(labels) has one at \(newest) ms, this one is at \(timestamp) ms"
    case .duplicateTimestamp(let labels, let timestamp):
      "duplicate sample for timestamp: \(labels) holds another value at \(timestamp) ms"
    case .outOfBounds(let labels, let timestamp): "out of bounds: \(labels) at \(timestamp) ms"
    case .invalidHistogram(let labels, let problem): "\(problem): \(labels)"
    case .tooManySeries(let limit):
      "too many series: the store holds at most \(limit) (--max-series)"
    case .tooManySamples(let limit):
      "too many samples: the store holds at most \(limit) (--max-stored-samples)"
    }
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
