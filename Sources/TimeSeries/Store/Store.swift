import Synchronization

/// The in-memory store: one writer at a time, any number of readers on snapshots.
///
/// Series that are scraped together live in a cohort and share its timeline; series with timestamps
/// of their own are kept one by one. Retention drops whole blocks (design §1.12).
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

  /// Appends samples that were pushed, each series' in order of time.
  ///
  /// With `allOrNone` the first refusal undoes everything and is the only one that is returned; otherwise
  /// the good samples are kept and all refusals returned, by the number of the entry. Limits refuse
  /// everything in either case. Samples more than an hour older than the newest one are out of bounds, as
  /// for Prometheus without a window for them.
  public func append(_ batch: [PushedSeries], allOrNone: Bool) -> PushedOutcome {
    state.withLock { $0.append(batch, allOrNone: allOrNone) }
  }

  /// Has everything that is taken from now on told to a journal.
  public func keep(_ journal: @escaping StoreJournal) { state.withLock { $0.journal = journal } }

  /// Opens a cohort for the series of one target; the one with this name if there is one already, which is
  /// how a target goes on after a restart.
  public func openCohort(_ name: String = "") -> CohortReference { state.withLock { $0.openCohort(name) } }

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
}

/// Which cohort a target's scrapes go to.
public struct CohortReference: Sendable, Hashable {
  package let index: Int
}

/// A series' place in the store; outlived references are noticed and looked up again.
public struct SeriesReference: Sendable, Hashable {
  package let id: Int32
  package let generation: UInt32
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

/// What the store holds, behind its lock.
struct StoreState: Sendable {
  let limits: StoreLimits
  var entries: [Entry] = []
  private var ids: [Labels: Int32] = [:]
  private var free: [Int32] = []
  var cohorts: [Cohort] = []
  private var cohortNames: [String] = []
  var journal: StoreJournal?
  var loose: [Int32: LooseSeries] = [:]
  private var sampleCount = 0
  private var newest = Int64.min
  /// The index over most series, and the series that came since.
  private var index = IndexGeneration(entries: [], ids: [])
  private var unindexed: [Int32] = []

  /// One series: who it is and where its samples are.
  struct Entry: Sendable {
    var labels: Labels
    var generation: UInt32
    /// The cohorts that hold or held samples of it.
    var cohorts: [Int32] = []
    var hasLoose = false
  }

  init(limits: StoreLimits) { self.limits = limits }

  mutating func snapshot() -> StoreSnapshot {
    if unindexed.count > max(256, index.ids.count / 8) { rebuildIndex() }
    return StoreSnapshot(
      entries: entries, cohorts: cohorts, loose: loose, index: index, unindexed: unindexed,
      sampleCount: sampleCount)
  }

  mutating func append(_ labels: Labels, _ sample: StoredSample) throws(StoreError) {
    guard sampleCount < limits.maximumSamples else {
      throw .tooManySamples(limit: limits.maximumSamples)
    }
    try append(sample, to: try series(labels), labels: labels)
    journal?(.pushed([PushedSeries(labels: labels, samples: [sample])]))
  }

  private mutating func append(_ sample: StoredSample, to id: Int32, labels: Labels) throws(StoreError) {
    let taken = try loose[id, default: LooseSeries()].append(sample, labels: labels)
    guard taken else { return }
    entries[Int(id)].hasLoose = true
    sampleCount += 1
    advance(to: sample.timestamp)
  }

  /// How much older than the newest sample a pushed one may be, milliseconds: half a block of
  /// Prometheus'.
  private static let pushedAge: Int64 = 3_600_000

  mutating func append(_ batch: [PushedSeries], allOrNone: Bool) -> PushedOutcome {
    var outcome = PushedOutcome()
    // Each entry's series is looked up once: hashing labels is most of the work.
    var known = batch.map { ids[$0.labels] }
    let fresh = zip(batch, known).reduce(into: Set<Labels>()) { if $1.1 == nil { $0.insert($1.0.labels) } }
    if ids.count + fresh.count > limits.maximumSeries {
      outcome.limit = .tooManySeries(limit: limits.maximumSeries)
      return outcome
    }
    let wanted = batch.reduce(0) { $0 + $1.samples.count }
    if sampleCount + wanted > limits.maximumSamples {
      outcome.limit = .tooManySamples(limit: limits.maximumSamples)
      return outcome
    }
    let oldest = newest == .min ? .min : newest &- Self.pushedAge
    // All or none: what would be taken is looked at before anything is.
    if allOrNone, let (entry, refusal) = firstRefusal(batch, known, oldest) {
      outcome.refusals = [PushedOutcome.Refusal(entry: entry, position: 0, error: refusal)]
      return outcome
    }
    for (entry, series) in batch.enumerated() {
      for (position, sample) in series.samples.enumerated() {
        do throws(StoreError) {
          if sample.timestamp < oldest { throw .outOfBounds(series.labels, timestamp: sample.timestamp) }
          let living = known[entry].flatMap { lives($0, series.labels) }
          let id: Int32
          if let living { id = living } else { id = try self.series(series.labels) }
          known[entry] = id
          try append(sample, to: id, labels: series.labels)
          if case .histogram = sample.value { outcome.histograms += 1 } else { outcome.floats += 1 }
        } catch {
          outcome.refusals.append(
            PushedOutcome.Refusal(entry: entry, position: position, error: error))
        }
      }
    }
    if let journal { journal(.pushed(taken(batch, outcome))) }
    return outcome
  }

  /// What of a batch was taken.
  private func taken(_ batch: [PushedSeries], _ outcome: PushedOutcome) -> [PushedSeries] {
    guard !outcome.refusals.isEmpty else { return batch }
    var taken = batch
    // From behind, so that the positions before stay what they were.
    for refusal in outcome.refusals.reversed() {
      taken[refusal.entry].samples.remove(at: refusal.position)
    }
    return taken
  }

  private func firstRefusal(
    _ batch: [PushedSeries], _ known: [Int32?], _ oldest: Int64
  ) -> (Int, StoreError)? {
    // Senders repeat series within a batch: those are looked at with what came before them.
    var seen: [Labels: LooseSeries] = [:]
    var once: [Int32: Int] = [:]
    for (entry, series) in batch.enumerated() {
      let stored = known[entry].flatMap { loose[$0] }
      // Most entries are one sample of a series that is stored already.
      if series.samples.count == 1, let id = known[entry], let stored, once[id] == nil {
        once[id] = entry
        let sample = series.samples[0]
        if sample.timestamp < oldest {
          return (entry, .outOfBounds(series.labels, timestamp: sample.timestamp))
        }
        if let refusal = stored.refusal(of: sample, labels: series.labels) { return (entry, refusal) }
        continue
      }
      let before = known[entry].flatMap { once[$0] }
      var trial = seen[series.labels] ?? before.map { LooseSeries(of: batch[$0]) }
      for sample in series.samples {
        if sample.timestamp < oldest {
          return (entry, .outOfBounds(series.labels, timestamp: sample.timestamp))
        }
        if trial == nil, let refusal = stored?.refusal(of: sample, labels: series.labels) {
          return (entry, refusal)
        }
        var later = trial ?? LooseSeries()
        do throws(StoreError) { _ = try later.append(sample, labels: series.labels) } catch {
          return (entry, error)
        }
        trial = later
      }
      seen[series.labels] = trial
    }
    return nil
  }

  /// The series, unless retention has given it up meanwhile.
  private func lives(_ id: Int32, _ labels: Labels) -> Int32? {
    entries[Int(id)].labels == labels ? id : nil
  }

  mutating func openCohort(_ name: String) -> CohortReference {
    if !name.isEmpty, let index = cohortNames.firstIndex(of: name) { return CohortReference(index: index) }
    cohorts.append(Cohort())
    cohortNames.append(name)
    return CohortReference(index: cohorts.count - 1)
  }

  mutating func append(
    _ scraped: inout [ScrapedSeries], at timestamp: Int64, to reference: CohortReference
  ) throws(StoreError) {
    if let newest = cohorts[reference.index].newest, timestamp <= newest {
      throw .outOfOrder(scraped.first?.labels ?? .none, timestamp: timestamp, newest: newest)
    }
    guard sampleCount + scraped.count <= limits.maximumSamples else {
      throw .tooManySamples(limit: limits.maximumSamples)
    }
    for i in scraped.indices where !isAlive(scraped[i].reference) {
      let id = try series(scraped[i].labels)
      scraped[i].reference = SeriesReference(
        id: id, generation: entries[Int(id)].generation)
    }
    let row = row(of: scraped, at: timestamp, in: reference.index)
    cohorts[reference.index].head.append(row)
    sampleCount += row.sampleCount
    if cohorts[reference.index].head.count >= Cohort.rowsPerBlock {
      cohorts[reference.index].seal()
    }
    advance(to: timestamp)
    journal?(.row(scraped, at: timestamp, cohort: reference, name: cohortNames[reference.index]))
  }

  private func isAlive(_ reference: SeriesReference?) -> Bool {
    guard let reference else { return false }
    return entries[Int(reference.id)].generation == reference.generation
  }

  /// The values in the order of the cohort's slots.
  private mutating func row(
    of scraped: [ScrapedSeries], at timestamp: Int64, in cohort: Int
  ) -> ScrapeRow {
    var values = [Double](repeating: 0, count: cohorts[cohort].slots.count)
    var presence = [UInt64](repeating: 0, count: (values.count + 63) / 64)
    var count = 0
    for series in scraped {
      guard let value = series.value, let reference = series.reference else { continue }
      let slot = cohorts[cohort].slot(of: reference.id)
      if slot == values.count {
        values.append(0)
        if values.count > presence.count * 64 { presence.append(0) }
        if !entries[Int(reference.id)].cohorts.contains(Int32(cohort)) {
          entries[Int(reference.id)].cohorts.append(Int32(cohort))
        }
      }
      let bit: UInt64 = 1 << UInt64(slot % 64)
      if presence[slot / 64] & bit == 0 { count += 1 }
      presence[slot / 64] |= bit
      values[slot] = value
    }
    return ScrapeRow(
      timestamp: timestamp, values: values, presence: count == values.count ? nil : presence,
      sampleCount: count)
  }

  private mutating func series(_ labels: Labels) throws(StoreError) -> Int32 {
    if let id = ids[labels] { return id }
    if labels.isEmpty { throw .emptyLabels }
    guard ids.count < limits.maximumSeries else {
      throw .tooManySeries(limit: limits.maximumSeries)
    }
    let id: Int32
    if let reused = free.popLast() {
      id = reused
      entries[Int(id)] = Entry(labels: labels, generation: entries[Int(id)].generation &+ 1)
    } else {
      id = Int32(entries.count)
      entries.append(Entry(labels: labels, generation: 0))
    }
    ids[labels] = id
    unindexed.append(id)
    return id
  }

  // MARK: Retention

  private mutating func advance(to timestamp: Int64) {
    guard timestamp > newest else { return }
    newest = timestamp
    guard let retention = limits.retention else { return }
    let (cutoff, overflow) = newest.subtractingReportingOverflow(retention)
    guard !overflow else { return }
    var dropped = 0
    for i in cohorts.indices
    where cohorts[i].blocks.first?.timeline.timestamps.last ?? .max < cutoff {
      dropped += cohorts[i].drop(before: cutoff)
    }
    // Loose series are trimmed a block's worth at a time: each trim moves what stays.
    for (id, series) in loose where series.lastsLongPast(cutoff) {
      dropped += loose[id]?.drop(before: cutoff) ?? 0
    }
    guard dropped > 0 else { return }
    sampleCount -= dropped
    forgetVanishedSeries()
  }

  /// Gives up series without any sample; their identifiers are used again.
  private mutating func forgetVanishedSeries() {
    var alive = Set<Int32>()
    for cohort in cohorts {
      alive.formUnion(cohort.slots)
      for block in cohort.blocks { alive.formUnion(block.series) }
    }
    for (id, series) in loose {
      if series.isEmpty { loose[id] = nil } else { alive.insert(id) }
    }
    let dead = ids.filter { !alive.contains($0.value) }
    guard !dead.isEmpty else { return }
    for (labels, id) in dead {
      ids[labels] = nil
      entries[Int(id)].generation &+= 1
      entries[Int(id)].labels = .none
      entries[Int(id)].cohorts = []
      entries[Int(id)].hasLoose = false
      free.append(id)
    }
    rebuildIndex()
  }

  private mutating func rebuildIndex() {
    index = IndexGeneration(entries: entries, ids: Array(ids.values))
    unindexed = []
  }
}

extension LooseSeries {
  /// What a batch brings of a series, as far as it can be taken.
  fileprivate init(of pushed: PushedSeries) {
    self.init()
    for sample in pushed.samples { _ = try? append(sample, labels: pushed.labels) }
  }

  /// Whether a block's worth of samples, or all, lie before a time.
  fileprivate func lastsLongPast(_ time: Int64) -> Bool {
    guard let last = timestamps.last else { return false }
    return last < time
      || (timestamps.count > Cohort.rowsPerBlock && timestamps[Cohort.rowsPerBlock] < time)
  }
}

/// An index and the series that its rows stand for.
struct IndexGeneration: Sendable {
  let index: SeriesIndex
  /// The series of each row of the index.
  let ids: [Int32]

  init(entries: [StoreState.Entry], ids: [Int32]) {
    let order = ids.sorted { entries[Int($0)].labels < entries[Int($1)].labels }
    self.ids = order
    index = SeriesIndex(sorted: order.map { entries[Int($0)].labels })
  }
}
