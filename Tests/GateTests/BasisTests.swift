import Evaluator
import Gate
import Testing
import TimeSeries

/// What the value of a check stands on.
@Suite struct BasisTests {
  @Test(
    arguments: [
      // The divisor of a share, its rates counted up.
      (
        #"sum(rate(x{a!="5"}[1m])) / sum(rate(x[1m])) * 100"#, 60_000, #"sum(sum(increase(x[1m])))"#, true
      ),
      (
        #"100 - (sum(irate(x{e="1"}[2m])) / sum(irate(x[2m])) * 100)"#, 120_000, "sum(sum(increase(x[2m])))",
        true
      ),
      (#"(sum(rate(e[5m])) / sum(rate(x[5m]))) or vector(0)"#, 300_000, "sum(sum(increase(x[5m])))", false),
      // A mean is no share, but its requests can be counted.
      ("sum(rate(x_sum[1m])) / sum(rate(x_count[1m]))", 60_000, "sum(sum(increase(x_count[1m])))", false),
      // A quantile: what has fallen into the last bucket.
      (
        #"histogram_quantile(0.99, sum(rate(x_bucket{a="b"}[1m])) by (le))"#, 60_000,
        #"sum(increase(x_bucket{le="+Inf",a="b"}[1m]))"#, false
      ),
      (
        "histogram_quantile(0.9, rate(x_bucket[90s] offset 1m))", 150_000,
        #"sum(increase(x_bucket{le="+Inf"}[90s] offset 1m))"#, false
      ),
      // Nothing to count.
      ("avg(load)", 0, nil, false), ("sum(rate(x[1m]))", 60_000, nil, false),
      ("max_over_time(rate(x[1m])[10m:1m])", 660_000, nil, false),
    ] as [(String, Int64, String?, Bool)])
  func `requests are found in the text of a query`(
    query: String, reach: Int64, requests: String?, isShare: Bool
  ) throws {
    let basis = try #require(BasisQueries(of: query))
    #expect(basis.reach == reach)
    #expect(basis.requests == requests)
    #expect(basis.countsShare == isShare)
  }

  @Test func `no query has no basis`() { #expect(BasisQueries(of: "sum(") == nil) }

  @Test func `series samples and requests are counted`() throws {
    let measured = Measured()
    try measured.add("x", ["a": "1"], every: 10) { $0 }
    try measured.add("x", ["a": "2"], every: 10) { 2 * $0 }
    let check = Check(
      metric: "m", kind: .inline, query: .text(#"sum(rate(x{a="1"}[1m])) / sum(rate(x[1m]))"#),
      bounds: .range(min: nil, max: nil))
    let answers = RecordedAnswers([check], over: measured.source)
    let basis = try #require(answers.evidence(for: 0, at: 600_000).basis)
    // The first selector finds one of the two series that the second finds: 1 + 2 of them, 6 samples each.
    #expect(basis.series == 3 && basis.samples == 18)
    #expect(basis.requests.map { ($0 - 180).magnitude < 1e-9 } == true)
  }
}
