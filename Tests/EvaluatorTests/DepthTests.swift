import Evaluator
import PromQL
import Testing
import TimeSeries

/// Queries of many levels are evaluated like any other, up to a limit that says so.
struct DepthTests {
  private static func source() throws -> StoreSnapshot {
    let store = Store()
    let labels = Labels([(name: LabelName.metric, value: "a"), (name: "x", value: "1")])
    try store.append(labels, StoredSample(timestamp: 0, .float(2)))
    return store.snapshot()
  }

  private static func value(_ query: String, over source: StoreSnapshot) throws -> Double? {
    let result = try QueryEngine().instant(Array(query.utf8), at: 0, over: source)
    switch result.value {
    case .vector(_, let samples):
      guard case .float(let value) = samples.first?.value else { return nil }
      return value
    case .scalar(_, let value): return value
    case .string, .matrix: return nil
    }
  }

  @Test func `long chains and deep nesting are evaluated`() throws {
    let source = try Self.source()
    let levels = 1_200
    let cases: [(query: String, answer: Double)] = [
      (Array(repeating: "a", count: levels).joined(separator: " + "), Double(2 * levels)),
      (Array(repeating: "1", count: levels).joined(separator: " + "), Double(levels)),
      (Array(repeating: "a", count: levels).joined(separator: " or "), 2),
      (Array(repeating: "a", count: levels).joined(separator: " and "), 2),
      (Array(repeating: "a", count: levels).joined(separator: " * 1 + "), Double(2 * levels)),
      (String(repeating: "abs(", count: levels) + "a" + String(repeating: ")", count: levels), 2),
      (String(repeating: "sum(", count: levels) + "a" + String(repeating: ")", count: levels), 2),
      (String(repeating: "-(", count: levels) + "a" + String(repeating: ")", count: levels), 2),
      (String(repeating: "1 ^ (", count: levels) + "a" + String(repeating: ")", count: levels), 1),
    ]
    for item in cases {
      let found = try Self.value(item.query, over: source)
      #expect(found == item.answer, "\(item.query.prefix(30))…")
    }
  }

  @Test func `what is too deep says so`() throws {
    let query = Array(repeating: "a", count: 120_000).joined(separator: "+")
    let error = #expect(throws: QueryError.self) { try Self.value(query, over: Self.source()) }
    #expect(error?.description.hasPrefix("expression is nested too deeply: at most ") == true)
  }
}
