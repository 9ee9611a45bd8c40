import FoundationEssentials
import PromQLTest

/// A report as JSON: counts, and every file with its failures.
struct TestReportJSON: Encodable {
  struct File: Encodable {
    var path: String
    var passed: Int
    var failed: Int
    /// Why the file could not be read.
    var error: String?
    var failures: [Item]
  }

  struct Item: Encodable {
    var line: Int
    var query: String
    var run: String
    var problem: String
    var series: [Row]
  }

  struct Row: Encodable {
    var series: String
    var expected: String?
    var got: String?
    var agrees: Bool
  }

  var passed: Int
  var failed: Int
  var unreadable: Int
  var files: [File]

  init(_ report: TestReport) {
    passed = report.passed
    failed = report.failed
    unreadable = report.unreadable
    files = report.files.map { file in
      var result = File(path: file.path, passed: file.passed, failed: file.failed, failures: [])
      if case .unreadable(let reason) = file.content { result.error = String(reason.drop { $0 == " " }) }
      result.failures = file.outcomes.compactMap { outcome in
        outcome.failure.map { failure in
          Item(
            line: outcome.line, query: outcome.subject, run: "\(failure.run)",
            problem: failure.problem,
            series: failure.rows.map {
              Row(series: $0.series, expected: $0.expected, got: $0.got, agrees: $0.agrees)
            })
        }
      }
      return result
    }
  }

  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
