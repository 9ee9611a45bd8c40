import Lint
import Manifests
import PromQL
import Testing

/// `--backend victoriametrics`.
struct VictoriaMetricsTests {
  private static func findings(
    _ query: String, _ range: String = "{max: 500}", interval: String = "1m", scrape: Int64? = nil,
    backend: Bool = true
  ) -> [Finding] {
    var options = LintOptions()
    options.isVictoriaMetrics = backend
    options.scrapeInterval = scrape
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: web, namespace: test}
      spec:
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
        service: {port: 80}
        analysis:
          interval: 1m
          threshold: 5
          maxWeight: 50
          stepWeight: 10
          metrics:
          - name: check
            interval: \(interval)
            thresholdRange: \(range)
            query: |
              \(query)
      """
    return Linter(options).lint(ManifestReading(reading: text)).findings
  }

  @Test(arguments: [
    "sum(rate(r_total{namespace=\"test\"}))", "median(rate(r_total{namespace=\"test\"}[1m]))",
    "sum(rate(r_total{code=\"500\" or code=\"503\"}[1m])) default 1000", "sum(increase_pure(r_total[1m]))",
    "WITH (c = {namespace=\"test\", pod=~\"web-[0-9a-z]{1,10}-[0-9a-z]{5}\"}) sum(rate(r_total{c}[1m])) / sum(rate(w_total{c}[1m]))",
    "SUM(rate(a_total[1m])) BY (namespace,) limit 1", "label_set(sum(rate(r_total[1m])), \"a\", \"b\")",
    "sum(rate(a_total[1m]) keep_metric_names)", "sum(rate(a_total[1.5m]))",
    "sum(rate(a_total[1m])) > 0.1Ki default 1000",
    "histogram_quantile(0.99, sum(rate(latency_seconds_bucket[1m])) by (vmrange))", "sum((a, b),)",
    "sum(a) if sum(b)",
  ])
  func `its language has no findings of its own`(query: String) {
    // They name no workload, to be short.
    let found = Self.findings(query).filter { !["MT021", "MT039", "MT100"].contains($0.code) }
    #expect(found.isEmpty, "\(query): \(Linting.summary(found))")
  }

  @Test func `what is judged of PromQL is judged in MetricsQL too`() {
    let cases = [
      (
        "sum(rate(r_total{pod=~\"web-.*\",namespace=\"test\" or pod=\"x\",namespace=\"test\"}))", "MT008",
        "{max: 5}"
      ),
      (
        "label_map(sum(rate(r_total{pod=~\"web-.*\",namespace=\"test\"}[1m])), \"a\", \"b\", \"c\")", "MT008",
        "{max: 5}"
      ),
      ("median(rate(r_total{code=\"5..\"}))", "MT030", "{max: 5}"),
      ("rate(r_total)", "MT005", "{max: 5}"),
      ("range_median(rate(r_total[1m]))", "MT005", "{max: 5}"),
      ("sum(rate(r_total[1m])) default 0", "MT016", "{max: 5}"),
      ("WITH (f(q) = sum(rate(q[1m]))) f(r_total{code!~\"5..\"}) / f(r_total)", "MT020", "{min: 99}"),
      ("100 - 100 * sum(rate(r_total{code=~\"5..\"})) / sum(rate(r_total))", "MT049", "{max: 5}"),
      ("sum(rate(r_total[1m])) offset 1h", "MT041", "{max: 5}"),
      ("sum(temperature_ratio) + sum(rate(temperature_ratio))", "MT025", "{max: 5}"),
      ("medain(r_total)", "MT002", "{max: 5}"), ("sum(rate(r_total[1m])", "MT002", "{max: 5}"),
      ("info(r_total)", "MT002", "{max: 5}"), ("foo[5m]", "MT004", "{max: 5}"),
    ]
    for (query, code, range) in cases {
      let found = Self.findings(query, range)
      #expect(found.contains { $0.code == code }, "\(query): \(Linting.summary(found))")
    }
  }

  @Test func `what is not judged is said once, as an info`() {
    let found = Self.findings(
      "histogram_share(1, sum(rate(d_bucket[1m])) by (le)) + range_avg(sum(a)) + range_avg(sum(b))")
    #expect(found.filter { $0.code == "MT090" }.map(\.severity) == [.info])
    #expect(
      found.first { $0.code == "MT090" }?.message == "what histogram_share, range_avg yield is not judged")
    #expect(Self.findings("sum(rate(r_total))").allSatisfy { $0.code != "MT090" })
  }

  @Test func `rules of Prometheus alone are quiet`() {
    // Each with the code that Prometheus has.
    let cases = [
      ("scalar(sum(rate(a_total[1m])))", "MT004"),
      ("sum(rate(b_total[1m])) / sum(rate(a_total[1m])) or vector(900)", "MT061"),
      ("avg(rate(b_total[1m]) / rate(a_total[1m]))", "MT018"),
      ("sum(rate(http_request_duration_seconds[1m]))", "MT006"),
      ("max_over_time(sum(rate(a_total[1m]))[5m:])", "MT036"), ("sum(rate(d_bucket{le=\"1\"}[1m]))", "MT024"),
    ]
    for (query, code) in cases {
      #expect(Self.findings(query, backend: false).contains { $0.code == code }, "\(query)")
      let found = Self.findings(query)
      #expect(!found.contains { $0.code == code }, "\(query): \(Linting.summary(found))")
    }
    // One sample in the window is enough.
    for (scrape, isShort) in [(30_000, false), (60_000, false), (120_000, true)] as [(Int64, Bool)] {
      let found = Self.findings("sum(rate(a_total[1m]))", scrape: scrape)
      #expect(found.contains { $0.code == "MT012" } == isShort, "\(scrape)")
    }
    #expect(
      Self.findings("sum(rate(a_total[1m]))", scrape: 60_000, backend: false).contains { $0.code == "MT012" })
  }

  @Test func `an interval is a duration of the language that is asked`() {
    let query = "sum(rate(a_total[{{ interval }}]))"
    for (interval, isPromQL, isMetricsQL) in [
      ("1m", true, true), ("1m5i", false, true), ("1m30", false, false),
    ] {
      func isRefused(_ backend: Bool) -> Bool {
        Self.findings(query, interval: interval, backend: backend).contains {
          $0.code == "MT010" || $0.code == "MT002" || $0.code == "MT042"
        }
      }
      #expect(isRefused(false) == !isPromQL && isRefused(true) == !isMetricsQL, "\(interval)")
    }
  }

  @Test func `Prometheus is told what is VictoriaMetrics' alone, and what is no query at all`() {
    let cases = [
      ("median(a)", "MT042"), ("a default 0", "MT042"), ("label_set(a, \"b\", \"c\")", "MT042"),
      ("sum(a) limit 3", "MT042"), ("a{b=\"c\" or d=\"e\"}", "MT042"),
      ("sum(rate(a_total))", "MT002"), ("sum(rate(a[1m]) default 0", "MT002"),
      ("holt_winters(a[1m], 0.5, 0.5)", "MT002"), ("sum(a", "MT002"),
    ]
    for (query, code) in cases {
      let found = Self.findings(query, backend: false).filter { ["MT002", "MT042"].contains($0.code) }
      #expect(found.map(\.code) == [code], "\(query): \(Linting.summary(found))")
    }
    let buckets = Self.findings(
      "histogram_quantile(0.99, sum(rate(d_bucket[1m])) by (vmrange))", backend: false)
    #expect(
      buckets.first { $0.code == "MT042" }?.severity == .warning
        && !buckets.contains { $0.severity == .error })
  }
}
