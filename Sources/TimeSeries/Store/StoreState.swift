/// What the store holds, behind its lock.
struct StoreState: Sendable {
  let limits: StoreLimits
  var entries: [Entry] = []
  var ids: [Labels: Int32] = [:]
  /// Numbers of series that are gone, to be used again.
  var free: [Int32] = []
  /// Numbers of series that are gone, which the index still names: used again with the next index.
  var gone: [Int32] = []
  /// An unused place has no rows.
  var cohorts: [Cohort] = []
  /// Where each cohort is that holds anything.
  var places: [CohortReference: Int] = [:]
  var freePlaces: [Int] = []
  private var namelessCount = 0
  var journal: StoreJournal?
  /// By series; nil for one that has only scraped samples.
  var loose: [LooseSeries?] = []
  var timelines = TimelineTable()
  /// Retention is looked at again when the newest sample is later than this.
  var nextTrim = Int64.min
  var sampleCount = 0
  var newest = Int64.min
  /// Whether a native histogram was ever taken.
  private var hasHeldHistograms = false
  /// The index over most series, and the series that came since.
  var index = IndexGeneration()
  var unindexed: [Int32] = []
  /// By series: whether the index names it.
  var isIndexed: [Bool] = []
  /// How many series that are not indexed snapshots have had since the index was made.
  var lookedThrough = 0

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

    mutating func remove(cohort removed: Int32) {
      if cohort == removed {
        cohort = otherCohorts.first ?? -1
        otherCohorts = Array(otherCohorts.dropFirst())
      } else if let place = otherCohorts.firstIndex(of: removed) {
        otherCohorts.remove(at: place)
      }
    }

    /// Whether nothing holds a sample of it.
    var isEmpty: Bool { cohort < 0 && !hasLoose }
  }

  init(limits: StoreLimits) { self.limits = limits }

  mutating func snapshot() -> StoreSnapshot {
    // Every reader looks through what is not indexed yet: once they have looked at as much as an index
    // costs, there is one.
    lookedThrough += unindexed.count
    if indexIsOutOfDate || lookedThrough > 32 * (index.ids.count + 64) { rebuildIndex() }
    return StoreSnapshot(
      entries: entries, cohorts: cohorts, loose: loose, index: index, unindexed: unindexed,
      seriesCount: ids.count, sampleCount: sampleCount, mayHoldHistograms: hasHeldHistograms)
  }

  mutating func append(_ labels: Labels, _ sample: StoredSample) throws(StoreError) {
    guard sampleCount < limits.maximumSamples else {
      throw .tooManySamples(limit: limits.maximumSamples)
    }
    if let refusal = refusal(of: sample, ids[labels].map { Int($0) }, labels) { throw refusal }
    let id = try series(labels)
    _ = append(sample, to: id)
    advance(to: sample.timestamp)
    journal?(.pushed([PushedSeries(labels: labels, samples: [sample])]))
  }

  /// Takes a sample that nothing refuses; false when its series has one as late or later. Does not advance:
  /// who comes with several samples does so behind the last one, or series that are to come might be gone.
  private mutating func append(_ sample: StoredSample, to id: Int32) -> Bool {
    let place = Int(id)
    while loose.count <= place { loose.append(nil) }
    if loose[place] == nil { loose[place] = LooseSeries() }
    guard loose[place]?.append(sample, &timelines, span: limits.blockSpan) ?? false else { return false }
    entries[place].hasLoose = true
    if !sample.isFloat { hasHeldHistograms = true }
    sampleCount += 1
    return true
  }

  /// Why a series does not take a sample; nil place for a series that is not there yet.
  private func refusal(of sample: StoredSample, _ place: Int?, _ labels: Labels) -> StoreError? {
    if let place, place < loose.count, let series = loose[place] {
      return series.refusal(of: sample, labels: labels)
    }
    return sample.isFloat ? nil : LooseSeries().refusal(of: sample, labels: labels)
  }

  mutating func append(
    _ batch: inout [PushedSeries], allOrNone: Bool, latest: Int64, age: Int64
  ) -> PushedOutcome {
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
    outcome.refusals = refusals(in: batch, latest, age, stopsAtFirst: allOrNone)
    if allOrNone, !outcome.refusals.isEmpty { return outcome }
    take(&batch, &outcome)
    return outcome
  }

  /// How much older than the newest sample a pushed one may be, milliseconds: half a block of
  /// Prometheus'.
  static let pushedAge: Int64 = 3_600_000

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
    in batch: [PushedSeries], _ latest: Int64, _ age: Int64, stopsAtFirst: Bool
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
          let (oldest, overflow) = known.subtractingReportingOverflow(age)
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
    var latest = newest
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
        latest = max(latest, sample.timestamp)
      }
    }
    advance(to: latest)
    guard let journal else { return }
    var taken = batch
    // From behind, so that the positions before stay what they were.
    for (entry, position) in leftOut.reversed() { taken[entry].samples.remove(at: position) }
    journal(.pushed(taken))
  }

  mutating func numberOfNameless() -> Int {
    namelessCount += 1
    return namelessCount
  }

  /// Where a cohort is; a place for it when it held nothing.
  private mutating func place(of cohort: CohortReference) -> Int {
    if let place = places[cohort] { return place }
    let place = freePlaces.popLast() ?? cohorts.count
    if place == cohorts.count { cohorts.append(Cohort()) }
    cohorts[place].reference = cohort
    places[cohort] = place
    return place
  }

  mutating func append(
    _ scraped: inout [ScrapedSeries], at timestamp: Int64, to reference: CohortReference
  ) throws(StoreError) {
    if let place = places[reference], let newest = cohorts[place].newest, timestamp <= newest {
      throw .outOfOrder(scraped.first?.labels ?? .none, timestamp: timestamp, newest: newest)
    }
    guard sampleCount + scraped.count <= limits.maximumSamples else {
      throw .tooManySamples(limit: limits.maximumSamples)
    }
    try locate(&scraped)
    let place = place(of: reference)
    let row = row(of: scraped, at: timestamp, in: place)
    cohorts[place].append(row)
    sampleCount += row.sampleCount
    if cohorts[place].head.count >= Cohort.rowsPerBlock || cohorts[place].headSpan >= limits.blockSpan {
      seal(place)
    }
    advance(to: timestamp)
    journal?(.row(scraped, at: timestamp, cohort: reference, name: reference.name))
  }

  /// Fills in where the series live that have a value; takes none of the new ones when there is no room for
  /// all.
  private mutating func locate(_ scraped: inout [ScrapedSeries]) throws(StoreError) {
    var added: [Int32] = []
    for i in scraped.indices where scraped[i].value != nil && !isAlive(scraped[i].reference) {
      let count = ids.count
      do throws(StoreError) {
        let id = try series(scraped[i].labels)
        if ids.count > count { added.append(id) }
        scraped[i].reference = SeriesReference(id: id, generation: entries[Int(id)].generation)
      } catch {
        forget(added)
        throw error
      }
    }
  }

  func isAlive(_ reference: SeriesReference?) -> Bool {
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
    if isIndexed.count < entries.count { isIndexed.append(false) }
    return id
  }
}
