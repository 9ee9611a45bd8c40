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
    state.withLock { $0.append(&batch, allOrNone: allOrNone, latest: latest) }
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

  /// Packs the scrapes of a cohort that no others follow soon: they take less memory, and the samples of a
  /// series lie side by side. Each call makes a block, and many small ones are slow.
  package func seal(_ cohort: CohortReference) {
    state.withLock { $0.cohorts[cohort.index].seal() }
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

/// What the store holds, behind its lock.
struct StoreState: Sendable {
  let limits: StoreLimits
  var entries: [Entry] = []
  private var ids: [Labels: Int32] = [:]
  private var free: [Int32] = []
  var cohorts: [Cohort] = []
  private var cohortNames: [String] = []
  var journal: StoreJournal?
  /// By series; nil for one that has only scraped samples.
  var loose: [LooseSeries?] = []
  private var timelines = TimelineTable()
  /// Retention is looked at again when the newest sample is later than this.
  private var nextTrim = Int64.min
  private var sampleCount = 0
  private var newest = Int64.min
  /// Whether a native histogram was ever taken.
  private var hasHeldHistograms = false
  /// The index over most series, and the series that came since.
  private var index = IndexGeneration(entries: [], ids: [])
  private var unindexed: [Int32] = []
  /// How many series that are not indexed snapshots have had since the index was made.
  private var lookedThrough = 0

  /// One series: who it is and where its samples are.
  struct Entry: Sendable {
    var labels: Labels
    var generation: UInt32
    var hasLoose = false
    /// The first of the cohorts that hold or held samples of it, which for most is the only one; −1: none.
    private(set) var cohort: Int32 = -1
    private(set) var otherCohorts: [Int32] = []

    init(labels: Labels, generation: UInt32) {
      self.labels = labels
      self.generation = generation
    }

    /// The cohorts that hold or held samples of it.
    var cohorts: [Int32] { cohort < 0 ? [] : [cohort] + otherCohorts }

    mutating func add(cohort added: Int32) {
      if cohort < 0 {
        cohort = added
      } else if cohort != added, !otherCohorts.contains(added) {
        otherCohorts.append(added)
      }
    }

    mutating func forgetCohorts() { (cohort, otherCohorts) = (-1, []) }
  }

  init(limits: StoreLimits) { self.limits = limits }

  mutating func snapshot() -> StoreSnapshot {
    // Every reader looks through what is not indexed yet: once they have looked at as much as an index
    // costs, there is one.
    lookedThrough += unindexed.count
    if unindexed.count > max(256, index.ids.count / 8) || lookedThrough > 32 * (index.ids.count + 64) {
      rebuildIndex()
    }
    return StoreSnapshot(
      entries: entries, cohorts: cohorts, loose: loose, index: index, unindexed: unindexed,
      sampleCount: sampleCount, mayHoldHistograms: hasHeldHistograms)
  }

  mutating func append(_ labels: Labels, _ sample: StoredSample) throws(StoreError) {
    guard sampleCount < limits.maximumSamples else {
      throw .tooManySamples(limit: limits.maximumSamples)
    }
    let id = try series(labels)
    if let refusal = refusal(of: sample, Int(id), labels) { throw refusal }
    _ = append(sample, to: id)
    journal?(.pushed([PushedSeries(labels: labels, samples: [sample])]))
  }

  /// Takes a sample that nothing refuses; false when its series has one as late or later.
  private mutating func append(_ sample: StoredSample, to id: Int32) -> Bool {
    let place = Int(id)
    while loose.count <= place { loose.append(nil) }
    if loose[place] == nil { loose[place] = LooseSeries() }
    guard loose[place]?.append(sample, &timelines) ?? false else { return false }
    entries[place].hasLoose = true
    if !sample.isFloat { hasHeldHistograms = true }
    sampleCount += 1
    advance(to: sample.timestamp)
    return true
  }

  /// Why a series does not take a sample; nil place for a series that is not there yet.
  private func refusal(of sample: StoredSample, _ place: Int?, _ labels: Labels) -> StoreError? {
    if let place, place < loose.count, let series = loose[place] {
      return series.refusal(of: sample, labels: labels)
    }
    return sample.isFloat ? nil : LooseSeries().refusal(of: sample, labels: labels)
  }

  mutating func append(_ batch: inout [PushedSeries], allOrNone: Bool, latest: Int64) -> PushedOutcome {
    var outcome = PushedOutcome()
    // Each entry's series is looked up once, where the sender's last batch does not say it: hashing labels
    // is most of the work.
    var fresh: Set<Labels> = []
    var wanted = 0
    for index in batch.indices {
      wanted += batch[index].samples.count
      if !locate(&batch[index]) { fresh.insert(batch[index].labels) }
    }
    if ids.count + fresh.count > limits.maximumSeries {
      outcome.limit = .tooManySeries(limit: limits.maximumSeries)
      return outcome
    }
    if sampleCount + wanted > limits.maximumSamples {
      outcome.limit = .tooManySamples(limit: limits.maximumSamples)
      return outcome
    }
    outcome.refusals = refusals(in: batch, latest, stopsAtFirst: allOrNone)
    if allOrNone, !outcome.refusals.isEmpty { return outcome }
    take(&batch, &outcome)
    return outcome
  }

  /// How much older than the newest sample a pushed one may be, milliseconds: half a block of
  /// Prometheus'.
  private static let pushedAge: Int64 = 3_600_000

  /// Fills in where a series lives; false when it is not there yet. A wrong reference would mix up series.
  private func locate(_ series: inout PushedSeries) -> Bool {
    if let reference = series.reference, isAlive(reference),
      entries[Int(reference.id)].labels == series.labels
    {
      return true
    }
    guard let id = ids[series.labels] else {
      series.reference = nil
      return false
    }
    series.reference = SeriesReference(id: id, generation: entries[Int(id)].generation)
    return true
  }

  /// What of a batch is refused for what was stored before it, in its order.
  private func refusals(
    in batch: [PushedSeries], _ latest: Int64, stopsAtFirst: Bool
  ) -> [PushedOutcome.Refusal] {
    var refusals: [PushedOutcome.Refusal] = []
    // The first sample of an empty store says what is old.
    var newest = newest == .min ? nil : newest
    for entry in batch.indices {
      let place = batch[entry].reference.map { Int($0.id) }
      for position in batch[entry].samples.indices {
        let time = batch[entry].samples[position].timestamp
        let error: StoreError?
        if time > latest {
          error = .tooFarAhead(batch[entry].labels, timestamp: time)
        } else {
          let known = newest ?? time
          newest = known
          let (oldest, overflow) = known.subtractingReportingOverflow(Self.pushedAge)
          if !overflow, time < oldest {
            error = .outOfBounds(batch[entry].labels, timestamp: time)
          } else if let place, place < loose.count, loose[place]?.ends(before: time) == true,
            batch[entry].samples[position].isFloat
          {
            // Most are floats that go on.
            continue
          } else {
            error = refusal(of: batch[entry].samples[position], place, batch[entry].labels)
          }
        }
        guard let error else { continue }
        refusals.append(PushedOutcome.Refusal(entry: entry, position: position, error: error))
        if stopsAtFirst { return refusals }
      }
    }
    return refusals
  }

  /// Stores what is not refused; what comes too late behind others of the batch is left out.
  private mutating func take(_ batch: inout [PushedSeries], _ outcome: inout PushedOutcome) {
    var leftOut: [(entry: Int, position: Int)] = []
    var next = 0
    for entry in batch.indices {
      for position in batch[entry].samples.indices {
        if next < outcome.refusals.count, outcome.refusals[next].entry == entry,
          outcome.refusals[next].position == position
        {
          next += 1
          leftOut.append((entry, position))
          continue
        }
        let sample = batch[entry].samples[position]
        if sample.isFloat { outcome.floats += 1 } else { outcome.histograms += 1 }
        if batch[entry].reference == nil, !locate(&batch[entry]) {
          guard let id = try? series(batch[entry].labels) else { continue }
          batch[entry].reference = SeriesReference(id: id, generation: entries[Int(id)].generation)
        }
        guard let id = batch[entry].reference?.id, append(sample, to: id) else {
          leftOut.append((entry, position))
          continue
        }
      }
    }
    guard let journal else { return }
    var taken = batch
    // From behind, so that the positions before stay what they were.
    for (entry, position) in leftOut.reversed() { taken[entry].samples.remove(at: position) }
    journal(.pushed(taken))
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
    cohorts[reference.index].append(row)
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
        entries[Int(reference.id)].add(cohort: Int32(cohort))
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
    // Looked at sixty-four times in the span that is kept, not at each sample.
    guard let retention = limits.retention, newest > nextTrim else { return }
    nextTrim = newest.addingReportingOverflow(retention / 64).partialValue
    let (cutoff, overflow) = newest.subtractingReportingOverflow(retention)
    guard !overflow else { return }
    var dropped = 0
    for i in cohorts.indices
    where cohorts[i].blocks.first?.last ?? .max < cutoff {
      dropped += cohorts[i].drop(before: cutoff)
    }
    // Loose series are trimmed a block's worth at a time: each trim moves what stays.
    for id in loose.indices where loose[id]?.lastsLongPast(cutoff) == true {
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
      for block in cohort.blocks { alive.formUnion(block.list.series) }
    }
    for (id, series) in loose.enumerated() {
      guard let series else { continue }
      if series.isEmpty { loose[id] = nil } else { alive.insert(Int32(id)) }
    }
    let dead = ids.filter { !alive.contains($0.value) }
    guard !dead.isEmpty else { return }
    for (labels, id) in dead {
      ids[labels] = nil
      entries[Int(id)].generation &+= 1
      entries[Int(id)].labels = .none
      entries[Int(id)].forgetCohorts()
      entries[Int(id)].hasLoose = false
      free.append(id)
    }
    rebuildIndex()
  }

  private mutating func rebuildIndex() {
    index = IndexGeneration(entries: entries, ids: Array(ids.values))
    unindexed = []
    lookedThrough = 0
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
