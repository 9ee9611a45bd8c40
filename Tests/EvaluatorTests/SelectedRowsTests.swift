import Evaluator
import PromQL
import Testing
import TimeSeries

/// A source that tells more of its rows than their labels changes no answer.
struct SelectedRowsTests {
  /// The same rows, of which only labels and samples are known.
  private struct Plain: SeriesSource {
    let store: StoreSnapshot

    func select(_ selection: Selection) -> any Selected { Rows(inner: store.select(selection)) }

    func bound(_ matchers: [LabelMatcher]) -> Int? { nil }

    func labelNames(_ selection: Selection) -> [ArraySlice<UInt8>] {
      Listing.labelNames(of: select(selection))
    }

    func labelValues(of name: [UInt8], _ selection: Selection) -> [ArraySlice<UInt8>] {
      Listing.labelValues(of: name, in: select(selection))
    }

    func statistics(limit: Int) throws -> SeriesStatistics {
      try Listing.statistics(of: select(.everything), limit: limit)
    }

    struct Rows: Selected {
      let inner: any Selected
      var labels: [Labels] { inner.labels }
      var count: Int { inner.labels.count }
      func labels(_ row: Int) -> Labels { inner.labels[row] }
      var mayHaveTypeOrUnit: Bool { labels.contains { $0.hasTypeOrUnit } }
      var mayHoldHistograms: Bool { inner.mayHoldHistograms }
      func numbers(of names: LabelNames) -> RowNumbers? { nil }
      func extent(_ row: Int) -> SampleExtent? { nil }
      func read(_ row: Int, into result: inout Samples) throws { result = try samples(row) }
      func chunks(
        _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
      ) throws -> [WrittenChunk] {
        writer.chunks(try samples(row), first: first, last: last)
      }
      func samples(_ row: Int) throws -> Samples {
        var samples = try inner.samples(row)
        samples.timeline = Timeline(Array(samples.timeline))
        return samples
      }
    }
  }

  private static let queries = [
    "sum(m)", "sum by (code) (m)", "count by (code, zone) (rate(m[2m]))", "avg without (pod) (m)",
    "max by (__name__) (m)", "sum by (missing) (m)", "stddev by (zone) (m)", "topk(2, m)",
    "group by (pod) (m)",
    "min by (le) (m)", "m * on (pod) group_left (node) info", "info * on (pod) group_right (node) m",
    "rate(m[2m]) / on (pod, code, le) m", "m and on (pod) info", "m unless on (code) m{code=\"1\"}",
    "histogram_quantile(0.5, sum by (le, pod) (m))", "histogram_quantile(0.9, m)",
    "m == on (pod, code, le) m",
    "count_values by (zone) (\"v\", m)", "quantile by (zone) (0.5, m)", "{__name__=~\"m|info\"}", "-m",
    "m > bool 3",
    "sum by (zone) (m) + on () group_left sum(m)", "label_replace(m, \"x\", \"$1\", \"pod\", \"(.*)\")",
  ]

  private static func store() throws -> Store {
    let store = Store()
    for target in 0..<7 {
      let cohort = store.openCohort()
      let pod = ("pod", "pod-\(target)")
      var rows = (0..<12).map { series in
        ScrapedSeries(
          labels: Labels([
            ("__name__", "m"), ("code", "\(series % 3)"), pod, ("zone", target % 2 == 0 ? "" : "z"),
            ("le", series % 4 == 3 ? "+Inf" : "\(series % 4)"),
          ]), value: 0)
      }
      rows.append(
        ScrapedSeries(labels: Labels([("__name__", "info"), ("node", "n\(target % 3)"), pod]), value: 1))
      for sample in 0..<200 {
        for series in 0..<12 { rows[series].value = Double(sample * (series % 4 + 1) + target) }
        try store.append(&rows, at: Int64(sample) * 15_000 + Int64(target) * 300, to: cohort)
      }
    }
    return store
  }

  @Test(arguments: queries)
  func `answers are those of plain rows`(_ query: String) throws {
    let store = try Self.store().snapshot()
    let engine = QueryEngine()
    let grid = Grid(start: 600_000, end: 2_900_000, step: 70_000)
    let text = Array(query.utf8)
    func range(_ source: any SeriesSource) throws -> String {
      "\(try engine.range(text, over: grid, in: source).value)"
    }
    func instant(_ source: any SeriesSource) throws -> String {
      "\(try engine.instant(text, at: 2_000_000, over: source).value)"
    }
    let plain = Plain(store: store)
    let isSame = try (range(store) == range(plain), instant(store) == instant(plain))
    #expect(isSame == (true, true))
    guard case .matrix(let rows) = try engine.range(text, over: grid, in: store).value else {
      return #expect(Bool(false))
    }
    #expect(!rows.isEmpty)
  }
}
