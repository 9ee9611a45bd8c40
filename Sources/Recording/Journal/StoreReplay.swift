public import TimeSeries

/// Puts the records of a recording into a store, as they were taken the first time.
public struct StoreReplay {
  private let store: Store
  private var series: [ScrapedSeries] = []
  private var cohorts: [CohortReference] = []
  /// Samples that the store did not take: repetitions of what it has, as a rule.
  public private(set) var refused = 0

  public init(into store: Store) { self.store = store }

  /// Puts in the next record. Throws when the store's limits do not allow it.
  public mutating func append(_ batch: RecordBatch) throws(StoreError) {
    if batch.startsAnew { (series, cohorts) = ([], []) }
    cohorts += batch.cohorts.map { store.openCohort($0) }
    series += batch.series.map { ScrapedSeries(labels: $0, value: nil) }
    guard batch.count > 0 else { return }
    if let cohort = batch.cohort { try appendRow(batch, cohorts[cohort]) } else { try push(batch) }
  }

  private mutating func appendRow(_ batch: RecordBatch, _ cohort: CohortReference) throws(StoreError) {
    var row: [ScrapedSeries] = []
    row.reserveCapacity(batch.count)
    for (id, value) in zip(batch.ids, batch.values) {
      var entry = series[Int(id)]
      entry.value = value
      row.append(entry)
    }
    do throws(StoreError) {
      try store.append(&row, at: batch.times[0], to: cohort)
    } catch {
      guard case .outOfOrder = error else { throw error }
      refused += row.count
      return
    }
    for (id, entry) in zip(batch.ids, row) { series[Int(id)].reference = entry.reference }
  }

  private mutating func push(_ batch: RecordBatch) throws(StoreError) {
    var pushed: [PushedSeries] = []
    var last: Int32?
    batch.forEachSample { id, sample in
      if id == last {
        pushed[pushed.count - 1].samples.append(sample)
      } else {
        pushed.append(PushedSeries(labels: series[Int(id)].labels, samples: [sample]))
      }
      last = id
    }
    let outcome = store.append(replayed: pushed)
    if let limit = outcome.limit { throw limit }
    refused += outcome.refusals.count
  }
}
