import Synchronization

/// The in-memory store: one writer at a time, any number of readers on snapshots.
///
/// Series that are scraped together live in a cohort and share its timeline; series with timestamps
/// of their own are kept one by one. What is older than retention goes, wherever it lies: in blocks as soon
/// as nothing in them is younger, and a block spans at most an eighth of the retention (design §1.12). A
/// series and a cohort without a sample are gone, and their numbers are used again.
public final class Store: Sendable {
  private let state: Mutex<StoreState>

  public init(limits: StoreLimits = StoreLimits()) {
    state = Mutex(StoreState(limits: limits))
  }

  /// Everything stored so far, immutable; costs a few references, and an index when many series
  /// are new since the last one.
  public func snapshot() -> StoreSnapshot { state.withLock { $0.snapshot() } }

  /// Appends one sample with a timestamp of its own.
  ///
  /// A sample that repeats the last one of its series exactly is ignored. Throws when it is older,
  /// differs at the same time, is an invalid histogram, or a limit is reached.
  public func append(_ labels: Labels, _ sample: StoredSample) throws(StoreError) {
    try state.withLock { state throws(StoreError) in try state.append(labels, sample) }
  }

  /// Appends samples that were pushed.
  ///
  /// As in Prometheus' head, a sample is checked against what was stored before the batch. Samples of one
  /// batch that would be refused because of each other are left out without a word, and count as stored.
  ///
  /// With `allOrNone` the first refusal undoes everything and is the only one that is returned; otherwise
  /// the good samples are kept and all refusals returned, by the number of the entry. Limits refuse
  /// everything in either case. Samples more than an hour older than the newest one are out of bounds, as
  /// for Prometheus without a window for them; so are those after `latest`, milliseconds.
  public func append(_ batch: [PushedSeries], allOrNone: Bool, latest: Int64 = .max) -> PushedOutcome {
    var batch = batch
    return append(&batch, allOrNone: allOrNone, latest: latest)
  }

  /// The same, for who pushes again: the references of the entries' series are filled in, and spare the
  /// next batch their look-up.
  public func append(
    _ batch: inout [PushedSeries], allOrNone: Bool, latest: Int64 = .max
  ) -> PushedOutcome {
    state.withLock { $0.append(&batch, allOrNone: allOrNone, latest: latest, age: StoreState.pushedAge) }
  }

  /// Appends what a store took before, from its record: however old, as it came.
  package func append(replayed batch: [PushedSeries]) -> PushedOutcome {
    var batch = batch
    return state.withLock { $0.append(&batch, allOrNone: false, latest: .max, age: .max) }
  }

  /// Which references are those of series that there are.
  package func areAlive(_ references: [SeriesReference?]) -> [Bool] {
    state.withLock { state in references.map { state.isAlive($0) } }
  }

  /// Has everything that is taken from now on told to a journal.
  public func keep(_ journal: @escaping StoreJournal) { state.withLock { $0.journal = journal } }

  /// Opens a cohort for the series of one target; the one with this name if there is one already, which is
  /// how a target goes on after a restart.
  ///
  /// A cohort costs nothing as long as it holds no sample, and when all it held is older than retention.
  public func openCohort(_ name: String = "") -> CohortReference {
    name.isEmpty
      ? CohortReference(name: "", number: state.withLock { $0.numberOfNameless() })
      : CohortReference(name: name, number: 0)
  }

  /// Appends one scrape's values. `entries` keep the references of the series, so that the next
  /// scrape need not look their labels up; entries without a value leave a gap.
  ///
  /// Throws `outOfOrder` when the cohort holds this time or a later one, and the limits; a scrape
  /// is taken whole or not at all.
  public func append(
    _ entries: inout [ScrapedSeries], at timestamp: Int64, to cohort: CohortReference
  ) throws(StoreError) {
    try state.withLock { state throws(StoreError) in
      try state.append(&entries, at: timestamp, to: cohort)
    }
  }

  /// Packs the scrapes of a cohort that no others follow soon: they take less memory, and the samples of a
  /// series lie side by side. Each call makes a block, and many small ones are slow.
  package func seal(_ cohort: CohortReference) {
    state.withLock { $0.seal(cohort) }
  }
}

/// Which cohort a target's scrapes go to; good for ever, whether the store holds samples of it or not.
public struct CohortReference: Sendable, Hashable {
  /// Empty for one that nobody opens again.
  package let name: String
  /// Tells those without a name apart; no two in the life of a store are alike.
  package let number: Int
}

/// A series' place in the store; outlived references are noticed and looked up again.
public struct SeriesReference: Sendable, Hashable {
  package let id: Int32
  package let generation: UInt32

  init(id: Int32, generation: UInt32) {
    self.id = id
    self.generation = generation
  }

  /// Nil for all ones.
  package init?(packed: UInt64) {
    guard packed != .max else { return nil }
    id = Int32(truncatingIfNeeded: packed)
    generation = UInt32(packed >> 32)
  }

  /// Both numbers in one.
  package var packed: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: id)) }
}

/// One series of a scrape: its labels, what it was worth this time, and where it lives.
public struct ScrapedSeries: Sendable {
  public var labels: Labels
  /// A stale marker's bits end the series; nil leaves a gap.
  public var value: Double?
  /// Filled in by the store.
  public var reference: SeriesReference?

  public init(labels: Labels, value: Double?) {
    self.labels = labels
    self.value = value
  }
}
