import Evaluator
import PromQL
import Testing
import TimeSeries

/// What may be answered where other connections wait meanwhile: little, and nothing that hides how much it is.
@Suite struct QuickQueryTests {
  private func isQuick(_ query: String, steps: Int64? = nil, _ store: Store) throws -> Bool {
    let engine = QueryEngine()
    let prepared =
      try steps.map {
        try engine.prepare(Array(query.utf8), over: Grid(start: 0, end: ($0 - 1) * 1000, step: 1000))
      }
      ?? engine.prepare(Array(query.utf8), at: 0)
    return prepared.isQuick(over: store.snapshot())
  }

  @Test func `few series and steps are quick, many are not`() throws {
    let store = Store()
    for series in 0..<2000 {
      let name = series < 10 ? "few" : "many"
      let labels = Labels([("__name__", name), ("series", "\(series)")])
      try store.append(labels, StoredSample(timestamp: 0, .float(1)))
    }
    for query in ["1 + 1", "few", "none", #"few{series="1"}"#, "sum(rate(few[5m])) / sum(few)"] {
      #expect(try isQuick(query, store), "\(query)")
    }
    // Everything, what only a pattern or a negation picks, long windows, steps of its own.
    for query in [
      "many", #"{__name__!=""}"#, #"{series=~"1.*"}"#, "max_over_time(few[30d])", "sum_over_time(few[1d:1s])",
    ] {
      #expect(try !isQuick(query, store), "\(query)")
    }
    #expect(try isQuick("sum(few)", steps: 100, store))
    #expect(try !isQuick("sum(few)", steps: 11_000, store))
    #expect(try !isQuick((0..<100).map { _ in "1" }.joined(separator: "+"), steps: 11_000, store))
  }

  @Test func `a store that has had native histograms has nothing quick but what selects nothing`() throws {
    let store = Store()
    var histogram = NativeHistogram()
    histogram.count = 1
    histogram.positive = [.init(index: 0, count: 1)]
    try store.append(Labels([("__name__", "h")]), StoredSample(timestamp: 0, .histogram(histogram)))
    #expect(try !isQuick("h", store))
    #expect(try isQuick("1 + 1", store))
  }
}
