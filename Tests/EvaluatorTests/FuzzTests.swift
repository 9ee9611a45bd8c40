import Evaluator
import Foundation
import PromQL
import PromQLTest
import Testing
import TimeSeries

/// Queries made of pieces of the scripts' queries, cut, spliced and damaged: whatever they are, they are
/// answered or refused, within a bounded number of samples. `make fuzz` runs on.
@Suite struct FuzzTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Scripts")
  private static let pieces = [
    "(", ")", "[", "]", "{", "}", ",", "\"", " @ ", " offset ", " by (a) ", "[5m]", "[1h:1s]", " bool ",
    "1e308",
    "NaN", "-", "\u{FFFD}", " or ", " / ", "start()", " group_left () ", " fill (1) ", " anchored", "#",
  ].map { Array($0.utf8) }

  /// The queries and the data of all scripts.
  private static func corpus() throws -> (queries: [[UInt8]], store: Store) {
    var queries: [[UInt8]] = []
    let store = Store()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    where name.hasSuffix(".test") {
      let script = try ScriptParser.parse(Array(Data(contentsOf: folder.appending(path: name))))
      for command in script.commands {
        switch command.action {
        case .clear: break
        // Later scripts repeat series of earlier ones: what does not fit is left out.
        case .load(let load): try? load.append(to: store)
        case .evaluate(let evaluation): queries.append(evaluation.query)
        }
      }
    }
    return (queries, store)
  }

  private static func damaged(_ queries: [[UInt8]], _ random: inout SeededRandom) -> [UInt8] {
    var query = queries[random.below(queries.count)]
    for _ in 0...random.below(4) {
      let place = random.below(query.count + 1)
      switch random.below(6) {
      case 0: query.insert(contentsOf: pieces[random.below(pieces.count)], at: place)
      case 1: if place < query.count { query[place] = UInt8(random.below(256)) }
      case 2: query.removeSubrange(place..<min(query.count, place + random.below(8)))
      case 3:
        let other = queries[random.below(queries.count)]
        let start = random.below(other.count + 1)
        query.insert(contentsOf: other[start..<min(other.count, start + random.below(40))], at: place)
      case 4: query = Array("(".utf8) + query + Array(") + ".utf8) + queries[random.below(queries.count)]
      default: query = Array("max_over_time((".utf8) + query + Array(")[10m:7s])".utf8)
      }
    }
    return query
  }

  @Test func `any query is answered or refused`() throws {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["PROMGATE_SEED"].flatMap { UInt64($0) } ?? 1
    let count = environment["PROMGATE_CASES"].flatMap { UInt64($0) } ?? 5_000
    let (queries, store) = try Self.corpus()
    let source = store.snapshot()
    #expect(queries.count > 500 && source.seriesCount > 100)
    var options = ScriptRunner.options
    options.maximumSamples = 200_000
    let engine = QueryEngine(options: options, features: .all)
    var answered = 0
    for seed in first..<first + count {
      var random = SeededRandom(seed: seed)
      let query = Self.damaged(queries, &random)
      let watch = Watchdog("seed \(seed): \(String(decoding: query, as: UTF8.self))")
      defer { watch.end() }
      do throws(QueryError) {
        _ = try engine.instant(query, at: 600_000, over: source, cancellation: watch.flag)
        _ = try engine.range(
          query, over: Grid(start: 0, end: 900_000, step: 45_000), in: source, cancellation: watch.flag)
        answered += 1
      } catch {
        // A refusal says something.
        #expect(!error.description.isEmpty, "seed \(seed)")
      }
      guard let expression = try? PromQL.Expression.parse(query) else { continue }
      // What prints parses, and prints the same.
      let printed = expression.description
      // Literals at the very end of what durations can be lose a millisecond, as in Prometheus.
      if printed.contains("106751d") { continue }
      #expect((try? PromQL.Expression.parse(printed))?.description == printed, "seed \(seed): \(printed)")
    }
    print("fuzzed queries: \(answered) of \(count) answered")
    #expect(answered * 20 > count)
  }
}

/// Raises a query's flag after a minute, and records that it had to.
private final class Watchdog: Sendable {
  let flag = Cancellation()
  private let task: Task<Void, Never>

  init(_ what: String) {
    task = Task.detached { [flag] in
      try? await Task.sleep(for: .seconds(60))
      if !Task.isCancelled {
        flag.raise(.timedOut)
        Issue.record("a query takes more than a minute: \(what)")
      }
    }
  }

  func end() { task.cancel() }
}

/// The same numbers for the same seed.
private struct SeededRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(1, bound)))
  }
}
