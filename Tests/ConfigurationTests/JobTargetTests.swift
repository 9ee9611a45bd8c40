import Configuration
import Manifests
import Testing
import TimeSeries

@Suite struct JobTargetTests {
  /// What becomes of `x:1` in a job with these keys: its address, or why there is none.
  private static func outcome(_ keys: String) throws -> String {
    let text = "scrape_configs:\n- {job_name: a, \(keys)}\n"
    let reading = ConfigurationReading(ManifestSource(name: "c.yml", bytes: Array(text.utf8)))
    let job = try #require(reading.configuration?.jobs.first, "\(text): \(reading.prometheusText ?? "")")
    switch try JobTargets(job).outcome(
      of: Labels([(name: "__address__", value: "x:1")]), in: Labels([(name: "__meta_a", value: "b")]))
    {
    case .kept(let target):
      #expect(target.all["__meta_a"] == nil && target.discovered["__meta_a"] == "b")
      #expect(target.labels.pairs.allSatisfy { !$0.name.hasPrefix("__") })
      return target.url + " " + (target.labels["instance"] ?? "-")
    case .dropped: return "dropped"
    case .failed(let problem, _): return problem
    }
  }

  private static let cases: [(keys: String, outcome: String)] = [
    ("scheme: http", "http://x:1/metrics x:1"),
    ("scheme: https, metrics_path: m", "https://x:1/m x:1"),
    ("metrics_path: '/a b'", "http://x:1/a%20b x:1"),
    ("params: {b: ['x y', z], a: ['/']}", "http://x:1/metrics?a=%2F&b=x+y&b=z x:1"),
    (
      "params: {b: [x, z]}, relabel_configs: [{target_label: __param_b, replacement: y}, {target_label: __param_c, replacement: w}]",
      "http://x:1/metrics?b=y&b=z&c=w x:1"
    ),
    ("relabel_configs: [{source_labels: [__meta_a], regex: b, action: drop}]", "dropped"),
    ("relabel_configs: [{source_labels: [__meta_a], target_label: instance}]", "http://x:1/metrics b"),
    ("relabel_configs: [{target_label: __address__, replacement: 'y:2'}]", "http://y:2/metrics y:2"),
    ("relabel_configs: [{target_label: __address__, replacement: ''}]", "no address"),
    ("relabel_configs: [{target_label: __address__, replacement: a/b}]", "\"a/b\" is not a valid hostname"),
    (
      "relabel_configs: [{target_label: __scrape_interval__, replacement: x}]",
      "error parsing scrape interval: not a valid duration string: \"x\""
    ),
    (
      "relabel_configs: [{target_label: __scrape_interval__, replacement: '0'}]",
      "scrape interval cannot be 0"
    ),
    ("relabel_configs: [{target_label: __scrape_timeout__, replacement: 0s}]", "scrape timeout cannot be 0"),
    (
      "relabel_configs: [{target_label: __scrape_timeout__, replacement: 2h}]",
      "scrape timeout cannot be greater than scrape interval (\"2h\" > \"1m\")"
    ),
  ]

  @Test func `a target is made as Prometheus makes it`() throws {
    for (keys, outcome) in Self.cases { #expect(try Self.outcome(keys) == outcome, "\(keys)") }
  }
}
