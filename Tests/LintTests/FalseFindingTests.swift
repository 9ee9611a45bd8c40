import Foundation
import Lint
import Manifests
import PromQL
import Testing

/// What is said to be wrong is: pairs of queries that look alike, of which one is fine.
struct FalseFindingTests {
  private static func findings(
    _ query: String, _ range: String, backend: Bool = false, canary: String = "web"
  ) -> [Finding] {
    var options = LintOptions()
    options.isVictoriaMetrics = backend
    let indented = query.replacing("\n", with: " ")
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: \(canary), namespace: test}
      spec:
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: \(canary)}
        service: {port: 80}
        analysis:
          interval: 1m
          threshold: 5
          maxWeight: 50
          stepWeight: 10
          metrics:
          - name: check
            interval: 1m
            thresholdRange: \(range)
            query: |
              \(indented)
      """
    return Linter(options).lint(ManifestReading(reading: text)).findings
  }

  private static func codes(_ query: String, _ range: String) -> Set<String> {
    Set(findings(query, range).map(\.code))
  }

  @Test(arguments: [false, true])
  func `sound canaries have no findings, whoever answers`(isVictoriaMetrics: Bool) {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let reading = ManifestReading(paths: [folder.appending(path: "Corpus/canaries.yaml").path()])
    #expect(reading.set.templates.count > 8 && reading.set.canaries.count == 1)
    var options = LintOptions()
    options.isVictoriaMetrics = isVictoriaMetrics
    let found = Linter(options).lint(reading).findings
    #expect(found.isEmpty, "\(Linting.summary(found))")
  }

  // MARK: x/0

  private static let ok = "sum(rate(ok_total[1m]))"
  private static let failed = "sum(rate(failed_total[1m]))"

  @Test(arguments: [
    "\(ok) / (\(ok) + \(failed))",
    "\(ok) * 100 / (\(failed) + \(ok))",
    "100 * (\(ok) / (\(ok) + \(failed)))",
    "(\(ok) or vector(0)) / ((\(ok) or vector(0)) + (\(failed) or vector(0)))",
    "avg(speed{track=\"new\"}) / avg(speed)",
    "max(depth{queue=\"a\"}) / sum(depth)",
    "sum(irate(a_total[5m])) / sum(rate(a_total[5m]))",
    "sum(irate(a_total[1m])) / sum(rate(a_total[5m]))",
    "sum(rate(a_total[1m])) / sum(increase(a_total[1m]))",
    "sum(a) / sum(a + b)",
    "sum(rate(a_total[1m])) / sum(rate({__name__=~\"a_total|b_total\"}[1m]))",
    "sum by (pod) (rate(a_total{code=\"200\"}[1m])) / sum by (pod) (rate(a_total{code=~\"200|500\"}[1m]))",
    "sum by (pod) (rate(a_total{x=\"1\"}[1m])) / on () group_left sum(rate(a_total[1m]))",
    "sum by (pod, job) (rate(a_total{x=\"1\"}[1m])) / on (job) group_left sum by (job) (rate(a_total[1m]))",
    "count(up{job=\"a\"} == 1) / count(up{job=\"a\"})",
    "(count(up{job=\"a\"}) or vector(0)) / (count(up) or vector(0))",
    "sum(rate(d_bucket{le=\"0.5\"}[1m])) / sum(rate(d_count[1m]))",
    "sum(rate(d_bucket{le=\"0.5\"}[1m])) / sum(rate(d_bucket{le=\"+Inf\"}[1m]))",
    "sum(rate(d_bucket{le=\"0.5\"}[1m])) / sum(rate(d_bucket{le=\"2.5\"}[1m]))",
    "sum(rate(d_sum[1m])) / sum(rate(d_count[1m]))",
    "rate(d_sum[1m]) / rate(d_count[1m])",
    "histogram_sum(sum(rate(d[1m]))) / histogram_count(sum(rate(d[1m])))",
    "(sum(rate(a_total[1m])) - sum(rate(a_total{code=\"500\"}[1m]))) / sum(rate(a_total[1m]))",
    "sum(rate(a_total{code=\"200\"}[1m])) / scalar(sum(rate(a_total[1m])))",
    "sum(rate(http_requests_failed_total[1m])) / sum(rate(http_requests_total[1m]))",
    "sum(rate(good_total[1m])) / clamp_min(sum(rate(workers_total[1m])), 1)",
    "sum(rate(good_total[1m])) / (sum(rate(workers_total[1m])) > 0)",
    "sum(rate(good_total[1m])) / (sum(rate(workers_total[1m])) != 0)",
    "sum(rate(good_total[1m])) / (sum(rate(workers_total[1m])) unless sum(rate(workers_total[1m])) == 0)",
    "sum(sum_over_time(a{x=\"1\"}[5m])) / sum(avg_over_time(a[5m]))",
    "sum(last_over_time(a[5m])) / sum(max_over_time(a[5m]))",
    "avg_over_time(x[5m:1m]) / avg_over_time(x[5m:1m])",
  ])
  func `a divisor that is 0 with its numerator yields no infinity`(query: String) {
    #expect(!Self.codes(query, "{min: 0.9}").contains("MT017"), "\(query)")
  }

  @Test(arguments: [
    "\(ok) / \(failed)",
    "\(ok) / (\(failed) + sum(rate(other_total[1m])))",
    "\(ok) / (\(ok) - \(failed))",
    "\(ok) / ((\(ok) + \(failed)) or vector(0))",
    "(\(ok) or vector(1)) / (\(ok) + \(failed))",
    "(\(ok) + 1) / \(ok)",
    "avg(speed) / avg(speed{track=\"new\"})",
    "sum(rate(a_total[1m])) / sum(rate({__name__=~\"b_total|c_total\"}[1m]))",
    "avg(temperature_celsius{room=\"a\"}) / avg(temperature_celsius)",
    "avg(speed{track=\"new\"}) / min(speed)",
    "sum(rate(a_total[5m])) / sum(irate(a_total[5m]))",
    "sum(rate(a_total[5m])) / sum(rate(a_total[1m]))",
    "sum(rate(a_total[5m])) / sum(rate(a_total[5m] offset 1h))",
    "sum(rate(a_total[1m])) / on () group_right sum by (pod) (rate(a_total[1m]))",
    "sum by (job) (rate(a_total{x=\"1\"}[1m])) / on () group_left sum by (pod) (rate(a_total[1m]))",
    "(count(up{job=\"a\"}) or vector(0)) / (sum(up) or vector(0))",
    "sum(rate(d_bucket{le=\"2.5\"}[1m])) / sum(rate(d_bucket{le=\"0.5\"}[1m]))",
    "sum(rate(d_count[1m])) / sum(rate(d_sum[1m]))",
    "sum(rate(e_sum[1m])) / sum(rate(d_count[1m]))",
    "sum(rate(a_total{code=\"200\"}[1m])) / sum(rate(a_total{job=\"x\"}[1m]))",
    "sum(last_over_time(a[5m])) / sum(min_over_time(a[1m]))",
    "5 / sum(a)",
  ])
  func `a divisor that may be 0 alone yields +Inf`(query: String) {
    #expect(Self.codes(query, "{min: 0.9}").contains("MT017"), "\(query)")
  }

  // MARK: Comparisons

  private static let share = "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m]))"

  @Test func `what a comparison drops is no value, and fails`() {
    // Query, threshold, whether MT020 is said, and the severity of MT019.
    let cases: [(String, String, Bool, Diagnostic.Severity?)] = [
      ("\(Self.share) * 100 > 99", "{min: 99}", false, .info),
      ("\(Self.share) * 100 >= 99", "{min: 99}", false, .info),
      ("99 < \(Self.share) * 100", "{min: 99}", false, .info),
      ("\(Self.share) * 100 > 99", "{max: 101}", false, .error),
      ("\(Self.share) * 100 < 50", "{max: 50}", false, .info),
      ("\(Self.share) * 100 < 50", "{max: 90}", false, .info),
      ("\(Self.share) * 100 < 50", "{min: 60}", false, .error),
      ("\(Self.share) * 100 > 99", "{min: 50, max: 100}", false, .info),
      ("sum(rate(e_total[1m])) > 5", "{max: 5}", false, .error),
      ("sum(rate(e_total[1m])) > 5", "{max: 50}", false, .error),
      ("sum(up) == 3", "{min: 3}", false, .info),
      ("sum(up) == 3", "{min: 3, max: 3}", false, .info),
      ("sum(up) == 3", "{max: 2}", false, .error),
      ("sum(up) != 0", "{min: 1}", false, .info),
      ("sum(up) != 0", "{max: 1}", false, .error),
      // Inside the query, and at its root.
      ("100 - (\(Self.share) * 100 > 99)", "{max: 100}", false, nil),
      ("sum(rate(e_total[1m]) > 5)", "{min: 0}", false, nil),
      ("(\(Self.share) > 0.9) or vector(0)", "{min: -1}", true, nil),
      ("(sum(rate(a_total[1m])) and sum(b) > 3)", "{min: 0}", false, nil),
      ("sum(rate(a_total[1m])) unless sum(b)", "{min: 0}", false, nil),
      ("sum(rate(a_total[1m])) >= 0", "{min: 0}", true, nil),
      // With bool there is a value always.
      ("\(Self.share) > bool 0.9", "{min: 1}", false, nil),
      ("\(Self.share) > bool 0.9", "{max: 0}", false, nil),
      ("\(Self.share) > bool 0.9", "{max: 5}", true, nil),
      ("\(Self.share) > bool 0.9", "{min: 5}", true, nil),
      // That there is something at all.
      ("count(up{job=\"a\"})", "{min: 1}", false, nil),
      ("sum(present_over_time(a[5m]))", "{min: 1}", false, nil),
      ("group(a)", "{min: 1, max: 1}", false, nil), ("group(a)", "{max: 5}", true, nil),
      ("count(up) or vector(1)", "{min: 1}", true, nil), ("count(up)", "{max: 0}", true, nil),
      // Nothing is left, whatever happens.
      ("\(Self.share) > 99", "{min: 99}", true, nil),
      ("\(Self.share) > 1", "{min: 1}", true, nil),
      ("\(Self.share) >= 1", "{min: 1}", false, .info),
      ("sum(rate(a_total[1m])) < 0", "{max: 0}", true, nil),
      ("sum(\(Self.share) > 99) or vector(0)", "{max: 5}", true, nil),
    ]
    for (query, range, saysRange, severity) in cases {
      let found = Self.findings(query, range)
      #expect(
        found.contains { $0.code == "MT020" } == saysRange, "\(query) \(range): \(Linting.summary(found))")
      #expect(
        found.first { $0.code == "MT019" }?.severity == severity,
        "\(query) \(range): \(Linting.summary(found))")
    }
  }

  // MARK: Selectors

  @Test func `only labels that discovery sets are an error without a recording`() {
    let cases: [(String, Diagnostic.Severity?)] = [
      ("pod=~\"web-.*\"", .error), ("kubernetes_pod_name=~\"web-primary-.*\"", .error),
      ("deployment=~\"web.*\"", .error), ("destination_workload=\"web-primary\"", .error),
      ("service=\"web\"", .warning), ("service_name=\"web\"", .warning),
      ("exported_service=~\"web.*\"", .warning),
      ("job=\"web\"", .warning), ("app=~\"web.*\"", .warning),
      ("app_kubernetes_io_name=\"web-primary\"", .warning),
      ("application=\"web-primary\"", .warning), ("workload=\"web-primary\"", .warning),
      ("app=\"web\"", nil), ("service=\"web-canary\"", nil), ("component=\"web\"", nil),
      ("name=\"web\"", nil),
      // The pods decide.
      ("pod=~\"web-[0-9a-z]{1,10}-[0-9a-z]{5}\",service=\"web\"", nil),
      ("pod=~\"web-[0-9a-z]{1,10}-[0-9a-z]{5}\",job=~\"web.*\"", nil),
      ("pod=~\"web-.*\",service=\"web\"", .error),
    ]
    for (selector, severity) in cases {
      let found = Self.findings("sum(rate(r_total{namespace=\"test\",\(selector)}[1m]))", "{max: 5}")
      #expect(
        found.first { $0.code == "MT008" }?.severity == severity, "\(selector): \(Linting.summary(found))")
      // What is a doubt is not told as a fact.
      let told = found.first { $0.code == "MT008" }
      #expect(
        told?.message.hasPrefix("if ") ?? (severity == .warning) == (severity == .warning), "\(selector)")
    }
  }

  @Test func `what follows from the canary's selector is not said of the primary's`() {
    for canary in ["pod=~\"web-.*\"", "pod=\"web\"", "pod=~\"web.+\""] {
      let found = Self.findings(
        "sum(rate(r_total{namespace=\"test\",\(canary)}[1m])) / "
          + "sum(rate(r_total{namespace=\"test\",pod=~\"web-primary-.*\"}[1m]))", "{max: 5}"
      ).filter { $0.code == "MT008" }
      #expect(found.count == 1, "\(canary): \(Linting.summary(found))")
    }
    let both = Self.findings(
      "sum(rate(r_total{namespace=\"test\",pod=~\"web-primary-.*\"}[1m])) / sum(rate(r_total[1m]))",
      "{max: 5}")
    #expect(both.contains { $0.code == "MT008" })
  }

  @Test func `a recording decides whose label it is`() throws {
    func findings(_ values: [String]) throws -> [Finding] {
      let samples = values.flatMap { value in
        (0..<10).map { "r_total{namespace=\"test\",service=\"\(value)\"} \($0) \($0 * 15)\n" }
      }
      var example = try #require(Rule.named("MT008")?.fires.last)
      example.data = "# TYPE r counter\n" + samples.joined() + "# EOF\n"
      return try Linting.findings(of: example).filter { $0.code == "MT008" }
    }
    #expect(try findings(["podinfo", "podinfo-canary"]).map(\.severity) == [.error])
    #expect(try findings(["podinfo-primary"]).map(\.severity) == [.error])
    #expect(try findings(["podinfo"]).isEmpty)
  }

  // MARK: Once

  @Test func `one fault is told once`() {
    let cases: [(String, String, String)] = [
      ("(sum by (job) (rate(a_total{job=\"x\"}[1m])) / sum(rate(b_total[1m]))) > 0.5", "MT032", "{min: 0.5}"),
      ("sort(sum by (job) (rate(a_total{job=\"x\"}[1m])) / sum(rate(b_total[1m])))", "MT032", "{max: 5}"),
      ("(sum by (job) (a{job=\"x\"}) and sum(b)) or vector(0)", "MT032", "{max: 5}"),
      ("topk(1, sum by (job) (a{job=\"x\"}) / sum(b)) * 2", "MT032", "{max: 5}"),
      ("(sum by (job) (a{job=\"x\"}) / sum(b)) unless c", "MT032", "{max: 5}"),
      ("sum(rate(a_total[1m])) default 0", "MT042", "{max: 5}"),
      ("sum(a) > 5", "MT019", "{max: 5}"),
      ("count(a > 5)", "MT040", "{max: 0}"), ("topk(3, rate(a_total[1m]))", "MT005", "{max: 5}"),
    ]
    for (query, code, range) in cases {
      let found = Self.findings(query, range)
      #expect(found.count { $0.code == code } == 1, "\(query): \(Linting.summary(found))")
      #expect(
        !found.contains { ["MT002", "MT020", "MT039"].contains($0.code) },
        "\(query): \(Linting.summary(found))")
    }
  }

  @Test func `what is folded lends its severity`() throws {
    let found = try #require(Self.findings("count(a > 5)", "{max: 0}").first { $0.code == "MT040" })
    #expect(found.severity == .error)
    #expect(found.related.contains { $0.message.contains("the check always fails") })
  }
}
