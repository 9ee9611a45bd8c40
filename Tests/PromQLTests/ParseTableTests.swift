import Foundation
import PromQL
import Testing

/// Facts that lie outside the repository; the tests that read them say so when they are absent.
enum SharedFacts {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["PROMGATE_SHARED"] {
      return URL(fileURLWithPath: path)
    }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static func text(_ path: String) -> String? {
    try? String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
  }
}

struct ParseTableTests {
  @Test func `every recorded parse case agrees`() throws {
    guard let table = SharedFacts.text("spec/promql-parse-cases.tsv") else {
      print("parse table: absent, 0 cases ran")
      return
    }
    var ran = 0
    for line in table.split(separator: "\n") where !line.hasPrefix("#") {
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      let query = try JSONDecoder().decode(String.self, from: Data(columns[1].utf8))
      ran += 1
      if columns[2] == "ERR" {
        #expect(Self.errors(query) == (try Self.expectedErrors(columns[3])), "\(query)")
      } else {
        let printed = try JSONDecoder().decode(String.self, from: Data(columns[4].utf8))
        let expected = "\(columns[3]) \(printed) \(columns[5])"
        #expect(Self.summary(query) == expected, "\(query)")
      }
    }
    print("parse table: \(ran) cases ran")
    #expect(ran > 600)
  }

  private static func errors(_ query: String) -> [String] {
    do {
      return ["parsed: \(try Expression.parse(query))"]
    } catch {
      return error.diagnostics.map { "\($0.range?.start ?? -1),\($0.range?.end ?? -1) \($0.message)" }
    }
  }

  private static func expectedErrors(_ json: String) throws -> [String] {
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[Any]])
    return rows.map { "\($0[0]),\($0[1]) \($0[2])" }
  }

  private static func summary(_ query: String) -> String {
    do {
      let expression = try Expression.parse(query)
      let root = expression[expression.root]
      return "\(root.type.name) \(expression) {\(root.range.start) \(root.range.end)}"
    } catch {
      return "\(error)"
    }
  }
}
