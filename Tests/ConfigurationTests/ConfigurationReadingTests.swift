import Configuration
import Manifests
import PromQL
import Testing

@Suite struct ConfigurationReadingTests {
  private static let job = "scrape_configs:\n- job_name: a\n"

  /// Texts, and what Prometheus says of them; nil where it loads them.
  private static let cases: [(text: String, message: String?)] = [
    ("", nil), ("global:\n", nil), ("# nothing\n", nil),
    ("foo: 1\n", "yaml: unmarshal errors:\n  line 1: field foo not found in type config.plain"),
    ("- a\n", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into config.plain"),
    ("a: [\n", "yaml: line 1: did not find expected node content"),
    ("a: b: c\n", "yaml: mapping values are not allowed in this context"),
    ("global: *x\n", "yaml: unknown anchor 'x' referenced"),
    ("global: {<<: 5}\n", "yaml: map merge requires map or sequence of maps as the value"),
    ("\tglobal: 5\n", "yaml: found character that cannot start any token"),
    ("global:\n\tscrape_interval: 5m\n", "yaml: line 2: found character that cannot start any token"),
    ("? [a]\n: b\n", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string"),
    ("~: b\n", "yaml: unmarshal errors:\n  line 1: field  not found in type config.plain"),
    (
      "foo: 1\nglobal: {scrape_interval: [5]}\nbar: 1\n",
      "yaml: unmarshal errors:\n  line 1: field foo not found in type config.plain\n"
        + "  line 2: cannot unmarshal !!seq into string\n  line 3: field bar not found in type config.plain"
    ),
    ("global: {scrape_interval: 5x}\nfoo: 1\n", #"unknown unit "x" in duration "5x""#),
    ("global: {scrape_interval: 5}\n", #"not a valid duration string: "5""#),
    (
      "global: {scrape_interval: 5s, scrape_timeout: 6s}\n",
      "global scrape timeout greater than scrape interval"
    ),
    ("global: {external_labels: {\"a b\": c}}\n", nil),
    ("global: {external_labels: {\"\": c}}\n", #""" is not a valid label name"#),
    (
      "global: {external_labels: {a: b, a: c}}\n",
      "yaml: unmarshal errors:\n  line 1: key \"a\" already set in map"
    ),
    ("global: {body_size_limit: 5}\n", "units: unknown unit  in 5"),
    ("global: {body_size_limit: 99999EB}\n", "units: overflow parsing unit"),
    (
      "global: {sample_limit: -1, label_limit: 1.5}\n",
      "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `-1` into uint"
    ),
    ("rule_files: [\"a/*/b.yml\"]\n", #"invalid rule file path "a/*/b.yml""#),
    ("scrape_configs:\n-\n", "empty or null scrape config section"),
    ("scrape_configs:\n- static_configs: []\n", "job_name is empty"),
    (job + "- job_name: a\n", #"found multiple scrape configs with job name "a""#),
    (
      job + "  foo: 1\n", "yaml: unmarshal errors:\n  line 3: field foo not found in type config.ScrapeConfig"
    ),
    (
      job + "  job_name: b\n",
      "yaml: unmarshal errors:\n  line 3: field job_name already set in type config.ScrapeConfig"
    ),
    (
      job + "  honor_labels: maybe\n",
      "yaml: unmarshal errors:\n  line 3: cannot unmarshal !!str `maybe` into bool"
    ),
    (
      job + "  params: {a: b}\n",
      "yaml: unmarshal errors:\n  line 3: cannot unmarshal !!str `b` into []string"
    ),
    (
      job + "  scrape_interval: 5s\n  scrape_timeout: 6s\n",
      #"scrape timeout greater than scrape interval for scrape config with job name "a""#
    ),
    (job + "  static_configs: [{targets: [\"http://x:1\"]}]\n", #""http://x:1" is not a valid hostname"#),
    (
      job + "  static_configs: [{targets: [\"http://x:1\"]}]\n  relabel_configs: [{target_label: a}]\n", nil
    ),
    (job + "  static_configs:\n  -\n", "empty or null section in static_configs"),
    (job + "  static_configs: [{}]\n", nil),
    (
      job + "  scrape_protocols: [PrometheusProto,PrometheusProto]\n",
      "duplicated protocol in scrape_protocols, got [PrometheusProto PrometheusProto] "
        + "for scrape config with job name \"a\""
    ),
    (job + "  relabel_configs:\n  -\n", "empty or null target relabeling rule in scrape config"),
    (
      job + "  relabel_configs: [{action: hashmod, target_label: a}]\n",
      "relabel configuration for hashmod requires non-zero modulus"
    ),
    (
      job + "  relabel_configs: [{regex: \"(\", action: drop}]\n",
      "error parsing regexp: missing closing ): `^(?s:()$`"
    ),
    (
      job + "  relabel_configs: [{action: keepequal, source_labels: [a], target_label: b, regex: (.*)}]\n",
      "keepequal action requires only 'source_labels' and `target_label`, and no other fields"
    ),
    (
      job + "  relabel_configs: [{action: labeldrop, source_labels: []}]\n",
      "labeldrop action requires only 'regex', and no other fields"
    ),
    (
      job + "  metric_name_validation_scheme: legacy\n  relabel_configs: [{target_label: \"a b\"}]\n",
      #""a b" is invalid 'target_label' for replace action"#
    ),
    (job + "  relabel_configs: [{action: foo}]\n", #"unknown relabel action "foo""#),
    (job + "  basic_auth: ~\n  tls_config: {}\n  authorization: {}\n", nil),
    (
      job + "  basic_auth: {username: a, username_file: b}\n",
      "at most one of basic_auth username, username_file & username_ref must be configured"
    ),
    (job + "  tls_config: {min_version: TLS9}\n", "unknown TLS version: TLS9"),
    (job + "  proxy_url: \"http://[::1\"\n", #"parse "http://[::1": missing ']' in host"#),
    (
      job + "  dns_sd_configs: [{names: [a], type: A}]\n",
      "a port is required in DNS-SD configs for all record types except SRV"
    ),
    (
      job + "  kubernetes_sd_configs: [{role: pod, selectors: [{role: node}]}]\n",
      "pod role supports only pod selectors"
    ),
    (
      job + "  kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, label: 'a in (b'}]}]\n",
      "unable to parse requirement: found '', expected: ',' or ')'"
    ),
    (
      job + "  kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, field: a}]}]\n",
      "invalid selector: 'a'; can't understand 'a'"
    ),
    (
      job
        + "  kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, label: 'a/b=c,d!=,!e,f notin (g,h)', field: 'a=b'}]}]\n",
      nil
    ),
    ("global: {scrape_native_histograms: !!bool x}\n", "yaml: cannot decode !!str `x` as a !!bool"),
    ("remote_read: [{}]\n", "url for remote_read is empty"),
    ("remote_read: [{url: '::'}]\n", #"parse "::": missing protocol scheme"#),
    ("remote_read: [{url: 'http://a b'}]\n", #"parse "http://a b": invalid character " " in host name"#),
    ("remote_read: [{url: 'http://a:b'}]\n", #"parse "http://a:b": invalid port ":b" after host"#),
    ("remote_read: [{url: 'http://a%zz'}]\n", #"parse "http://a%zz": invalid URL escape "%zz""#),
    ("remote_write:\n-\n", "empty or null remote write config section"),
    ("tracing: {}\n", "tracing endpoint must be set"),
    (
      "otlp: {promote_resource_attributes: ['', a, a]}\n",
      "invalid 'promote_resource_attributes': empty promoted OTel resource attribute\n"
        + "duplicated promoted OTel resource attribute \"a\""
    ),
    ("storage: {tsdb: {out_of_order_time_window: 1h}, exemplars: {max_exemplars: 5}}\n", nil),
  ]

  private static func read(_ text: String, environment: [String: String] = [:]) -> ConfigurationReading {
    ConfigurationReading(ManifestSource(name: "c.yml", bytes: Array(text.utf8))) { environment[$0] }
  }

  @Test func `what Prometheus refuses is refused in its words`() {
    for (text, message) in Self.cases {
      let reading = Self.read(text)
      #expect(reading.prometheusText == message, "\(text)")
      #expect((reading.configuration == nil) == (message != nil), "\(text)")
      #expect(
        reading.problems.allSatisfy { $0.diagnostic.range != nil }, "a problem without a place: \(text)")
    }
  }

  @Test func `defaults are Prometheus' and jobs inherit from global`() throws {
    let reading = Self.read(
      """
      global: {scrape_interval: 5s, sample_limit: 7, body_size_limit: 1.5KB, metric_name_validation_scheme: legacy}
      scrape_configs:
      - job_name: a
      - {job_name: b, scrape_interval: 1m, sample_limit: 3, metric_name_validation_scheme: utf8, bearer_token: x}
      """)
    let configuration = try #require(reading.configuration)
    #expect(configuration.global.scrapeTimeout == 5000)
    #expect(configuration.global.evaluationInterval == 60_000)
    let (first, second) = (configuration.jobs[0], configuration.jobs[1])
    #expect(first.scrapeInterval == 5000 && first.scrapeTimeout == 5000)
    #expect(first.limits.samples == 7 && first.limits.bodySize == 1536)
    #expect(first.nameEscaping == "underscores" && second.nameEscaping == "allow-utf-8")
    #expect(first.metricsPath == "/metrics" && first.scheme == "http" && first.honorsTimestamps)
    #expect(first.scrapeProtocols == ScrapeProtocols.standard)
    #expect(second.scrapeInterval == 60_000 && second.scrapeTimeout == 5000 && second.limits.samples == 3)
    #expect(second.client.authorization?.scheme == "Bearer")
    #expect(second.client.authorization?.credentials.exposed == "x")
  }

  @Test func `external labels take variables of the environment and nothing else does`() throws {
    let reading = Self.read(
      "global: {external_labels: {a: '${REGION}-$ZONE$$x', b: $NOPE, c: '${', d: $, e: 'x$-y'}}\nrule_files: [$ZONE]\n",
      environment: ["REGION": "eu", "ZONE": "1"])
    let configuration = try #require(reading.configuration)
    let labels = configuration.global.externalLabels.map { "\($0.name)=\($0.value)" }
    #expect(labels == ["a=eu-1$x", "d=$", "e=xy"])
    #expect(configuration.ruleFiles.map(\.text) == ["$ZONE"])
    #expect(reading.remarks.map(\.message).contains { $0.contains("NOPE") })
  }

  @Test func `what is accepted and not done is named with its place`() {
    let reading = Self.read(
      "tracing: {endpoint: x}\nscrape_configs:\n- job_name: a\n  consul_sd_configs: [{server: x}]\nremote_write:\n"
        + "- {url: http://x, azuread: {cloud: y}}\n")
    #expect(reading.problems.isEmpty)
    let said = reading.findings.map { $0.rendered() }
    #expect(said.count == 3)
    #expect(said.contains { $0.hasPrefix("c.yml:1:10: info: tracing") })
    #expect(said.contains { $0.hasPrefix("c.yml:4:22: info: consul_sd_configs") })
    #expect(said.contains { $0.hasPrefix("c.yml:6:28: info: azuread") })
  }

  @Test func `secrets are never shown`() throws {
    let reading = Self.read(
      "scrape_configs:\n- job_name: a\n  basic_auth: {username: u, password: hidden}\n"
        + "remote_read: [{url: 'http://u:hidden@x/y'}]\n")
    let configuration = try #require(reading.configuration)
    #expect(configuration.jobs.first?.client.basicAuthentication?.password.exposed == "hidden")
    #expect(!"\(configuration.jobs)".contains("hidden"))
    #expect(configuration.remoteReads.first??.url?.description == "http://u:xxxxx@x/y")
  }

  @Test func `a text that is built to hurt ends soon`() {
    let lines = (1...9).map { level in
      let inner = Array(repeating: level == 1 ? "*a" : "*b\(level - 1)", count: 10).joined(separator: ", ")
      return "b\(level): &b\(level) [\(inner)]\n"
    }
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + lines.joined()
    #expect(Self.read(bomb).configuration == nil)
    #expect(Self.read(String(repeating: "[", count: 100_000)).configuration == nil)
    let keys = (0..<20_000).map { "k\($0): 1\n" }.joined()
    let reading = Self.read(keys)
    #expect(reading.configuration == nil && reading.problems.count == 100)
  }
}
