import Foundation
import Scrape
import Synchronization
import TimeSeries

/// A label set from pairs.
func labels(_ pairs: (String, String)...) -> Labels {
  Labels(pairs.map { (name: $0.0, value: $0.1) })
}

/// A target for tests: job `j`, instance `i`, a scrape every ten seconds.
func target(_ change: (inout Target) -> Void = { _ in }) -> Target {
  var target = Target(url: "http://i/metrics", labels: labels(("job", "j"), ("instance", "i")))
  target.intervalMilliseconds = 10_000
  change(&target)
  return target
}

/// An answer that carries an exposition.
func answer(
  _ text: String, _ type: String = "text/plain; version=0.0.4", status: Int = 200
) -> Result<HTTPResponse, HTTPFailure> {
  .success(
    HTTPResponse(
      status: status, headers: [HTTPRequest.Header("content-type", type)], body: Array(text.utf8)))
}

extension Scraper {
  /// One scrape of a text at a time in seconds; it takes a quarter of a second.
  mutating func scrape(_ text: String, at seconds: Int64) -> ScrapeResult {
    scrape(answer(text), at: seconds * 1000) { 0.25 }
  }
}

extension ScrapeResult {
  private func name(_ slot: Int32, without dropped: LabelNames) -> String {
    labels[Int(slot)].dropping(dropped).description
  }

  private static func text(_ value: Double) -> String {
    StaleMarker.isStale(value) ? "stale" : GoText.json(value)
  }

  /// `{labels} value [@seconds]` for all samples and `stale {labels}` for all markers, target labels
  /// left out; the report is not shown.
  var listing: [String] {
    let target = LabelNames(["job", "instance"])
    let early = timed.map { sample in
      let time = Double(sample.timestamp) / 1000
      return "\(name(sample.slot, without: target)) \(Self.text(sample.value)) @\(time)"
    }
    return early
      + rows.map { "\(name($0.slot, without: target)) \(Self.text($0.value))" }
      + stale.map { "stale \(name($0, without: target))" }
  }

  /// All samples at the result's time with all their labels.
  var full: [String] { rows.map { "\(labels[Int($0.slot)]) \(Self.text($0.value))" } }

  /// `up 1` and so on.
  var reported: [String] {
    report.map { "\(labels[Int($0.slot)].metricName ?? "") \(Self.text($0.value))" }
  }

  func reported(_ name: String) -> Double? {
    report.first { labels[Int($0.slot)].metricName == name }?.value
  }
}

/// Answers from a function, as of a clock.
struct CannedFetcher: Fetcher {
  var respond: @Sendable (HTTPRequest) async throws(HTTPFailure) -> HTTPResponse

  func fetch(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    try await respond(request)
  }
}

/// A list that tasks add to.
final class Gathered<Element: Sendable>: Sendable {
  private let list = Mutex<[Element]>([])

  func add(_ element: Element) { list.withLock { $0.append(element) } }
  var all: [Element] { list.withLock { $0 } }
}

/// Where recordings of real programs lie beside the project, if they do.
enum Fixtures {
  static var directory: URL? {
    let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")
    let given = ProcessInfo.processInfo.environment["PROMGATE_SHARED"].map { URL(filePath: $0) }
    let directory = (given ?? beside).appending(path: "fixtures")
    return FileManager.default.fileExists(atPath: directory.path) ? directory : nil
  }
}
