import Testing
import TimeSeries

/// What the index finds is what a look at each series finds.
struct SeriesIndexTests {
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private static let names = ["a", "b", "job", "pod"]
  private static let values = ["", "x", "y", "xy", "10", "pod-1"]

  private static func labels(_ count: Int, _ random: inout Numbers) -> [Labels] {
    var all = Set<Labels>()
    for _ in 0..<count {
      all.insert(Labels(names.map { ($0, values.randomElement(using: &random) ?? "") }))
    }
    all.remove(.none)
    return all.sorted()
  }

  @Test func `rows satisfy all matchers, and no others do`() throws {
    var random = Numbers(state: 5)
    let operations: [LabelMatcher.Operation] = [.equal, .notEqual, .matches, .matchesNot]
    let patterns = Self.values + ["x|y", ".*", ".+", "pod-[0-9]+", "x.*", "nothing"]
    for _ in 0..<300 {
      let labels = Self.labels(60, &random)
      let index = SeriesIndex(sorted: labels)
      let matchers = try (0..<Int.random(in: 0...4, using: &random)).map { _ in
        try LabelMatcher(
          (Self.names + ["missing"]).randomElement(using: &random) ?? "",
          operations.randomElement(using: &random) ?? .equal, patterns.randomElement(using: &random) ?? "")
      }
      let expected = labels.indices.filter { row in matchers.allSatisfy { $0.accepts(labels[row]) } }
      #expect(index.rows(matching: matchers) == expected, "\(matchers)")
      // Again, with what the first time made known.
      #expect(index.rows(matching: matchers) == expected, "\(matchers)")
    }
  }

  @Test func `a label may have more values than two bytes number`() throws {
    let labels = (0..<70_000).map { Labels([("a", "\($0)"), ("b", $0 % 2 == 0 ? "even" : "odd")]) }.sorted()
    let index = SeriesIndex(sorted: labels)
    let rows = try index.rows(matching: [
      LabelMatcher("b", equals: "odd"), LabelMatcher("a", .matchesNot, ".{2,4}|6999[0-4].*|[0-6]....|"),
    ])
    #expect(rows.compactMap { labels[$0]["a"] } == ["1", "3", "5", "7", "9"])
  }

  @Test func `names and values ask for a row each, whatever many there are`() throws {
    let labels = (0..<5000).map { Labels([("a", "\($0 % 7)"), ("b", "\($0)"), ("c", "x")]) }.sorted()
    let index = SeriesIndex(sorted: labels)
    var asked = 0
    func isHere(_ row: Int) -> Bool {
      asked += 1
      return true
    }
    #expect(index.labelNames(matching: [], isHere).count == 3)
    #expect(index.labelValues(of: Array("a".utf8), matching: [], isHere).count == 7)
    #expect(index.labelValues(of: Array("c".utf8), matching: [], isHere).count == 1)
    #expect(asked == 3 + 7 + 1)
    asked = 0
    let some = [LabelMatcher("c", equals: "x")]
    #expect(index.labelValues(of: Array("a".utf8), matching: some, isHere).count == 7)
    #expect(index.labelNames(matching: some, isHere).count == 3)
    #expect(asked == 7 + 1)
  }

  @Test func `labels taken over from another set`() {
    var random = Numbers(state: 7)
    for _ in 0..<500 {
      let (ours, theirs) = (Self.labels(1, &random).first ?? .none, Self.labels(1, &random).first ?? .none)
      let names = Self.names.filter { _ in Bool.random(using: &random) }
      let kept = ours.dropping(LabelNames(names))
      var expected = LabelsBuilder(ours)
      for name in names { expected.set(name, theirs[name] ?? "") }
      #expect(kept.merging(theirs, LabelNames(names)) == expected.labels())
      var reused = Labels([("old", "value")])
      ours.dropping(LabelNames(names), into: &reused)
      #expect(reused == kept)
      ours.keeping(LabelNames(names), into: &reused)
      #expect(reused == ours.keeping(LabelNames(names)))
    }
  }
}
