public import TimeSeries

/// Puts the results of one target's scrapes into a store.
///
/// The series of a target are one cohort; samples with timestamps of their own go in one by one.
public struct StoreWriter: Sendable {
  private let store: Store
  private let cohort: CohortReference
  /// By slot; the labels of an unused slot are empty.
  private var series: [ScrapedSeries] = []

  /// - Parameter target: whose results will come. In a store that knows it, its series go on.
  public init(_ store: Store, target: Target? = nil) {
    self.store = store
    cohort = store.openCohort(target.map { "\($0.url) \($0.labels)" } ?? "")
  }

  /// Stores a result. Every result of the target must come here, in order.
  ///
  /// Returns what the store did not take: a scrape goes in whole or not at all; samples with their
  /// own timestamps are taken one by one, and the first refusal is told.
  public mutating func write(_ result: ScrapeResult) -> StoreError? {
    for slot in result.added { bind(slot, result.labels) }
    var refusal: StoreError?
    for sample in result.timed {
      let value = StoredSample(timestamp: sample.timestamp, .float(sample.value))
      do {
        try store.append(series[Int(sample.slot)].labels, value)
      } catch {
        refusal = refusal ?? error
      }
    }
    for row in result.rows { series[Int(row.slot)].value = row.value }
    for slot in result.stale { series[Int(slot)].value = StaleMarker.value }
    for row in result.report { series[Int(row.slot)].value = row.value }
    refusal = refusal ?? append(at: result.timestamp)
    for slot in result.freed { series[Int(slot)] = ScrapedSeries(labels: .none, value: nil) }
    return refusal
  }

  private mutating func bind(_ slot: Int32, _ labels: [Labels]) {
    while series.count <= Int(slot) { series.append(ScrapedSeries(labels: .none, value: nil)) }
    series[Int(slot)] = ScrapedSeries(labels: labels[Int(slot)], value: nil)
  }

  private mutating func append(at timestamp: Int64) -> StoreError? {
    var scraped = series
    var places: [Int] = []
    // The store takes series that have labels and something to say.
    if series.contains(where: { $0.value == nil }) {
      places = series.indices.filter { series[$0].value != nil }
      scraped = places.map { series[$0] }
    }
    for index in series.indices { series[index].value = nil }
    guard !scraped.isEmpty else { return nil }
    do {
      try store.append(&scraped, at: timestamp, to: cohort)
    } catch {
      return error
    }
    for index in scraped.indices {
      series[places.isEmpty ? index : places[index]].reference = scraped[index].reference
    }
    return nil
  }
}
