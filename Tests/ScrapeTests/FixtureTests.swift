import Foundation
import Scrape
import Testing
import TimeSeries

/// Real expositions and odd inputs, and what Prometheus made of them.
@Suite struct FixtureTests {
  private struct Input {
    var body: [UInt8]
    var contentType: String
  }

  @Test func `what Prometheus stored is what we store`() throws {
    guard let fixtures = Fixtures.directory else {
      print("scrape results: skipped, there are no fixtures")
      return
    }
    let inputs = try inputs(fixtures)
    var ran = 0
    var skipped = 0
    for version in ["3.14", "3.5.3"] {
      let folder = fixtures.appending(path: "scrape-results/\(version)")
      let index = try String(contentsOf: folder.appending(path: "INDEX.tsv"), encoding: .utf8)
      for line in index.split(separator: "\n") {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 3, let input = inputs[base(fields[0])], let target = target(for: fields[0]),
          !input.contentType.contains("protobuf")
        else {
          skipped += 1
          continue
        }
        let error = try JSONDecoder().decode(String.self, from: Data(fields[2].utf8))
        try check(fields[0], input, target, error, folder)
        ran += 1
      }
    }
    print("scrape results: \(ran) jobs compared, \(skipped) skipped (protobuf, native histograms, no input)")
    #expect(ran > 100)
  }

  private func base(_ job: String) -> String { String(job.prefix { $0 != "+" }) }

  private func inputs(_ fixtures: URL) throws -> [String: Input] {
    var inputs: [String: Input] = [:]
    let odd = try JSONSerialization.jsonObject(
      with: Data(contentsOf: fixtures.appending(path: "scrape-results/inputs.json")))
    for (job, value) in odd as? [String: [String: String]] ?? [:] {
      guard let text = value["text"], let type = value["contentType"] else { continue }
      inputs[job] = Input(body: Array(text.utf8), contentType: type)
    }
    let folder = fixtures.appending(path: "expositions")
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where file.hasSuffix(".txt") {
      let job = String(file.dropLast(4))
      let headers = try String(contentsOf: folder.appending(path: job + ".headers"), encoding: .utf8)
      let type = headers.split(separator: "\n").first { $0.lowercased().hasPrefix("content-type:") }
      let value = type.map { $0.split(separator: ":", maxSplits: 1)[1].trimmingCharacters(in: .whitespaces) }
      inputs[job] = Input(
        body: Array(try Data(contentsOf: folder.appending(path: file))), contentType: value ?? "")
    }
    return inputs
  }

  /// The job's configuration, told by its name; nil where it is about native histograms.
  private func target(for job: String) -> Target? {
    var target = Target(
      url: "http://127.0.0.1:19278/metrics",
      labels: labels(("job", job), ("instance", "127.0.0.1:19278")))
    switch job.split(separator: "+").dropFirst().first.map(String.init) {
    case nil, "target_limit": break
    case "fallback_scrape_protocol": target.fallbackFormat = .openMetrics
    case "honor_labels": target.honorsLabels = true
    case "honor_timestamps": target.honorsTimestamps = false
    case "sample_limit": target.limits.samples = 5
    case "label_limit": target.limits.labels = 4
    case "label_name_length_limit": target.limits.labelNameLength = 20
    case "label_value_length_limit": target.limits.labelValueLength = 6
    case "body_size_limit": target.limits.bodySize = 50
    case "extra_scrape_metrics":
      target.reportsExtra = true
      target.timeoutMilliseconds = 1000
    default: return nil
    }
    return target
  }

  private func check(
    _ job: String, _ input: Input, _ target: Target, _ error: String, _ folder: URL
  ) throws {
    let expected = try stored(folder.appending(path: job + ".json"))
    guard let now = expected.time else { return }
    var scraper = Scraper(target: target)
    let status = base(job) == "nonexistent" ? 404 : 200
    let response = HTTPResponse(
      status: status, headers: [HTTPRequest.Header("Content-Type", input.contentType)],
      body: input.body)
    // Twice, as the server did: what has timestamps of its own comes the first time only.
    let first = scraper.scrape(.success(response), at: now - 1000) { 0 }
    let second = scraper.scrape(.success(response), at: now) { 0 }
    #expect(first.failure == second.failure)
    #expect(second.failure?.reason ?? "" == error, "\(job)")
    var samples: [Labels: Double] = [:]
    for result in [first, second] {
      for timed in result.timed where timed.timestamp > now - 300_000 {
        samples[result.labels[Int(timed.slot)]] = timed.value
      }
    }
    for row in second.rows + second.report { samples[second.labels[Int(row.slot)]] = row.value }
    for name in ["scrape_duration_seconds", "scrape_series_added"] {
      samples = samples.filter { $0.key.metricName != name }
    }
    if job.contains("honor_labels") { samples = samples.filter { expected.samples[$0.key] != nil } }
    for (labels, value) in expected.samples {
      #expect(samples[labels].map(GoText.json) == value, "\(job) \(labels)")
    }
    #expect(samples.count == expected.samples.count, "\(job)")
  }

  /// An instant query's answer.
  private func stored(_ file: URL) throws -> (time: Int64?, samples: [Labels: String]) {
    var samples: [Labels: String] = [:]
    var time: Int64?
    guard let data = try? Data(contentsOf: file) else { return (nil, [:]) }
    let body = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let list = (body?["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
    for item in list {
      guard let metric = item["metric"] as? [String: String], let pair = item["value"] as? [Any],
        let seconds = pair.first as? Double, let value = pair.last as? String
      else { continue }
      time = Int64((seconds * 1000).rounded())
      let labels = Labels(metric.map { ($0.key, $0.value) })
      if !["scrape_duration_seconds", "scrape_series_added"].contains(labels.metricName) {
        samples[labels] = value
      }
    }
    return (time, samples)
  }
}
