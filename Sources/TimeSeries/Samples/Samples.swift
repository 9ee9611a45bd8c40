/// What one series holds in a range of time, decoded: a run of positions of a timeline.
///
/// Position `i` of the run has the timestamp `timeline[first + i]`. Every position in the
/// run holds something: a float, a stale marker, or a native histogram. A series with gaps on a
/// shared timeline comes with a timeline of its own, so that absence never needs a sentinel.
public struct Samples: Sendable {
  /// The timestamps; shared with other series where their samples are (compare with `===`).
  public var timeline: Timeline
  /// The position on `timeline` of the first value.
  public var first: Int
  /// The values, one a position; unspecified where there is a stale marker or a histogram.
  public var values: [Double]
  /// Whether it is known that every value is a number no lower than the one before it.
  public var neverFalls = false
  /// What few series have; nil for those that have none of it, so that samples are passed on at little cost.
  private var rare: Rare?

  private final class Rare: Sendable {
    let staleMarkers: [Int]
    let histograms: HistogramSamples?
    let startTimestamps: [Int64]?

    private init(_ staleMarkers: [Int], _ histograms: HistogramSamples?, _ startTimestamps: [Int64]?) {
      self.staleMarkers = staleMarkers
      self.histograms = histograms
      self.startTimestamps = startTimestamps
    }

    /// Nil where there is none of it. No failable initialiser: that would allocate before it fails.
    @inline(__always)
    static func holding(
      _ staleMarkers: [Int], _ histograms: HistogramSamples?, _ startTimestamps: [Int64]?
    ) -> Rare? {
      if staleMarkers.isEmpty, histograms == nil, startTimestamps == nil { return nil }
      return Rare(staleMarkers, histograms, startTimestamps)
    }
  }

  public init(
    timeline: Timeline, first: Int = 0, values: [Double], staleMarkers: [Int] = [],
    histograms: HistogramSamples? = nil, startTimestamps: [Int64]? = nil
  ) {
    self.timeline = timeline
    self.first = first
    self.values = values
    rare = Rare.holding(staleMarkers, histograms, startTimestamps)
  }

  /// Positions (indexes of `values`), ascending, at which a stale marker ends the series.
  public var staleMarkers: [Int] {
    get { rare?.staleMarkers ?? [] }
    set { rare = Rare.holding(newValue, histograms, startTimestamps) }
  }

  /// The native histograms, a side column; nil for a series of floats.
  public var histograms: HistogramSamples? {
    get { rare?.histograms }
    set { rare = Rare.holding(staleMarkers, newValue, startTimestamps) }
  }

  /// Start timestamps in milliseconds (0 = none), one a position; nil when none is known.
  public var startTimestamps: [Int64]? {
    get { rare?.startTimestamps }
    set { rare = Rare.holding(staleMarkers, histograms, newValue) }
  }

  /// Whether there is a float at every position, and nothing beside.
  public var areFloats: Bool { rare == nil }

  /// No sample at all.
  public static let none = Samples(timeline: .empty, values: [])

  /// Replaces everything by a run of floats, in the memory that there is. `write` is handed room for
  /// `capacity` values, and says how many it wrote.
  mutating func refill(
    _ timeline: Timeline, capacity: Int,
    _ write: (UnsafeMutablePointer<Double>) -> (first: Int, count: Int)
  ) {
    if values.count < capacity {
      values = unsafe [Double](unsafeUninitializedCapacity: capacity) { $1 = capacity }
    }
    var written = (first: 0, count: 0)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      // Without room nothing is written.
      if let target = buffer.baseAddress { written = unsafe write(target) }
    }
    first = written.first
    if values.count > written.count { values.removeLast(values.count - written.count) }
    if self.timeline !== timeline { self.timeline = timeline }
    neverFalls = false
    rare = nil
  }

  /// How many positions the run has.
  public var count: Int { values.count }

  /// The timestamp at a position of the run, in milliseconds.
  public func timestamp(_ position: Int) -> Int64 { timeline[first + position] }
}

extension Samples {
  /// Hands over every sample as a store takes it, in order of time; stale markers by their bits.
  public func forEachStored<Failure: Error>(_ body: (StoredSample) throws(Failure) -> Void) throws(Failure) {
    let (staleMarkers, histograms, startTimestamps) = (staleMarkers, histograms, startTimestamps)
    var (histogram, marker) = (0, 0)
    for position in 0..<count {
      var value = StoredSample.Value.float(values[position])
      if marker < staleMarkers.count, staleMarkers[marker] == position {
        value = .float(StaleMarker.value)
        marker += 1
      } else if let histograms, histogram < histograms.positions.count,
        histograms.positions[histogram] == position
      {
        value = .histogram(histograms.histograms[histogram])
        histogram += 1
      }
      try body(
        StoredSample(timestamp: timestamp(position), value, startTimestamp: startTimestamps?[position] ?? 0))
    }
  }
}

/// Native histograms of one series: a sparse side column over the positions of `Samples`.
public struct HistogramSamples: Sendable {
  /// Positions (indexes into the run), ascending.
  public var positions: [Int]
  /// The histogram at each of `positions`, with its hint as reading yields it.
  public var histograms: [NativeHistogram]

  public init(positions: [Int] = [], histograms: [NativeHistogram] = []) {
    self.positions = positions
    self.histograms = histograms
  }
}
