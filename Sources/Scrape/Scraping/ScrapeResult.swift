public import TimeSeries

/// What one scrape of one target came to: a plain value, ready to be stored.
///
/// Series are named by slots: small numbers that are the target's own. A slot means the same labels
/// from the scrape whose `added` lists it until a scrape whose `freed` lists it, after which a later
/// scrape may give it to another series. So a store keeps one array per target from slot to its own
/// reference, and looks labels up only for what is in `added`. Use the parts in the order `added`,
/// `timed`, `rows`, `stale`, `report`, `freed`.
public struct ScrapeResult: Sendable {
  /// A series' value at the result's timestamp.
  public struct Row: Sendable, Hashable {
    /// The series, an index of `labels`.
    public var slot: Int32
    /// The sample; a stale marker only in the report of a target that has ended.
    public var value: Double

    public init(slot: Int32, value: Double) {
      self.slot = slot
      self.value = value
    }
  }

  /// A sample that brought its own timestamp.
  public struct TimedSample: Sendable, Hashable {
    /// The series, an index of `labels`.
    public var slot: Int32
    /// Milliseconds since the epoch.
    public var timestamp: Int64
    /// The sample; a stale marker only in the report of a target that has ended.
    public var value: Double

    public init(slot: Int32, timestamp: Int64, value: Double) {
      self.slot = slot
      self.timestamp = timestamp
      self.value = value
    }
  }

  /// Samples that were left out without failing the scrape (exposition.md §8.6).
  public struct Dropped: Sendable, Hashable {
    /// The same series text twice, or another value at a time that has one.
    public var duplicates = 0
    /// Older than the series' newest sample.
    public var outOfOrder = 0
    /// More than ten minutes ahead of the scrape, or absurdly far from it.
    public var outOfBounds = 0

    public init() {}
  }

  /// Whether the target has ended: no other result follows.
  public var isLast = false
  /// When: milliseconds since the epoch, the same for rows, stale markers and report.
  public var timestamp: Int64
  /// The labels of every slot in use; the labels of an unused slot are empty.
  public var labels: [Labels]
  /// Slots that this scrape has bound to labels.
  public var added: [Int32] = []
  /// Samples at `timestamp`, in the exposition's order, at most one a slot.
  public var rows: [Row] = []
  /// Samples with timestamps of their own, ascending within a slot.
  public var timed: [TimedSample] = []
  /// Slots that get a stale marker at `timestamp`.
  public var stale: [Int32] = []
  /// `up` and its companions at `timestamp`; a stale marker each when the target has ended.
  public var report: [Row] = []
  /// Slots that mean nothing from now on.
  public var freed: [Int32] = []
  /// How many samples were left out.
  public var dropped = Dropped()
  /// Why `up` is 0; nil when it is 1.
  public var failure: ScrapeFailure?
  /// How long the scrape took, in seconds of the loop's time.
  public var durationSeconds = 0.0
  /// How many samples the exposition held, counted up to the failure if there was one.
  public var samplesScraped = 0

  public init(timestamp: Int64, labels: [Labels]) {
    self.timestamp = timestamp
    self.labels = labels
  }

  /// Whether the scrape succeeded.
  public var isUp: Bool { failure == nil }
}

/// Where results go. Called in the order of each target's scrapes, for several targets at once.
public typealias ScrapeSink = @Sendable (_ target: Target, _ result: ScrapeResult) async -> Void
