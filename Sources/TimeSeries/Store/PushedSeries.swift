/// Samples of one series that somebody pushes.
public struct PushedSeries: Sendable {
  public var labels: Labels
  /// In order of time.
  public var samples: [StoredSample]
  /// Where the series lives, once the store has said so.
  public var reference: SeriesReference?

  public init(labels: Labels, samples: [StoredSample], reference: SeriesReference? = nil) {
    self.labels = labels
    self.samples = samples
    self.reference = reference
  }
}

/// What became of a batch.
public struct PushedOutcome: Sendable {
  /// Floats that are stored now, exact repetitions included.
  public var floats = 0
  /// Histograms that are stored now, exact repetitions included.
  public var histograms = 0
  public var refusals: [Refusal] = []
  /// The limit that refused everything; nil for none.
  public var limit: StoreError?

  /// Nothing was stored.
  public init() {}

  /// A sample that was not taken: the number of its entry in the batch, and its own in the entry; of a
  /// batch that was undone, that of the entry alone.
  public struct Refusal: Sendable {
    public var entry: Int
    public var position: Int
    public var error: StoreError
  }
}
