/// Samples of one series that somebody pushes.
public struct PushedSeries: Sendable {
  public var labels: Labels
  /// As sent: who comes behind a later one of the batch is left out.
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
  /// Floats that were accepted: those that repeat others, or came too late behind them, included.
  public var floats = 0
  /// Histograms that were accepted, alike.
  public var histograms = 0
  public var refusals: [Refusal] = []
  /// The limit that refused everything; nil for none.
  public var limit: StoreError?

  /// Nothing was stored.
  public init() {}

  /// A sample that was not taken: the number of its entry in the batch, and its own in the entry.
  public struct Refusal: Sendable {
    public var entry: Int
    public var position: Int
    public var error: StoreError
  }
}
