import Evaluator
import Foundation
import Server
import Testing
import TimeSeries

/// docs/security.md beside the code that it speaks of.
struct SecurityPageTests {
  private static let page: String = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return (try? String(contentsOf: root.appending(path: "docs/security.md"), encoding: .utf8)) ?? ""
  }()

  @Test func `every reason to turn somebody away is on the page, as it is in the code`() {
    var rest = Self.page
    for reason in Refusal.allCases {
      let row = "| `\(reason.rawValue)` | \(reason.meaning) |\n"
      #expect(rest.contains(row), "\(row)")
      rest = rest.replacing(row, with: "")
    }
    let table =
      rest.components(separatedBy: "## Who was turned away").last?.components(separatedBy: "\n## ").first
      ?? ""
    #expect(!table.contains("| `"), "a reason that is none: \(table)")
  }

  @Test func `limits without a flag are what the page says`() {
    let limits = HTTPLimits()
    let rows = [
      "| a head | | \(limits.headerSize >> 20) MiB, \(limits.headerCount) fields | 431 |",
      "| requests in work | | \(limits.concurrentRequests) | 503 |",
      "| time for a request to arrive | | \(limits.requestTimeout.components.seconds) s | 408 |",
      "| time for a part of an answer to be taken | | \(limits.stallTimeout.components.seconds) s |",
      "| a connection without a request | | \(limits.idleTimeout.components.seconds / 60) min |",
    ]
    for row in rows { #expect(Self.page.contains(row), "\(row)") }
  }

  @Test func `defaults of flags are what the page says`() {
    let limits = HTTPLimits()
    let (store, options) = (StoreLimits(), PrometheusAPI.Options())
    let rows: [(flag: String, value: String)] = [
      ("--max-connections", "\(limits.connections)"), ("--query-concurrency", "\(options.concurrentQueries)"),
      ("--query-timeout", "\(options.queryTimeout.components.seconds / 60)m"),
      ("--max-samples", "\(options.evaluation.maximumSamples)"),
      ("--max-body-size", "\(limits.bodySize >> 20)M"),
      ("--max-bodies-size", "\(limits.bodiesSize >> 20)M"), ("--max-series", "\(store.maximumSeries)"),
      ("--max-stored-samples", "\(store.maximumSamples)"),
    ]
    for (flag, value) in rows {
      #expect(Self.page.contains(" | `\(flag)` | \(value) | "), "\(flag) \(value)")
    }
  }
}
