import Evaluator
import Foundation
import PromQL
import PromQLTest
import Testing

/// Runs the scripts beside this file, and Prometheus' own where they are at hand.
@Suite struct ScriptTests {
  private static let ownScripts = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Scripts")

  @Test func `every evaluation of our own scripts passes`() throws {
    let report = try Self.run(Self.ownScripts)
    #expect(report.files.count >= 24)
    #expect(report.passed >= 400)
    Self.expectAllPassed(report)
  }

  @Test func `our own scripts use every function and operator`() throws {
    var functions = Set<Function>()
    var aggregations = Set<AggregationOperator>()
    var operators = Set<BinaryOperator>()
    for name in try Self.names(in: Self.ownScripts) {
      let bytes = try Data(contentsOf: Self.ownScripts.appending(path: name))
      for command in try ScriptParser.parse(Array(bytes)).commands {
        guard case .evaluate(let evaluation) = command.action else { continue }
        for node in try Expression.parse(evaluation.query).nodes {
          switch node.form {
          case .call(let call): functions.insert(call.function)
          case .aggregation(let aggregation): aggregations.insert(aggregation.operation)
          case .binary(let binary): operators.insert(binary.operation)
          case .number, .string, .selector, .matrix, .subquery, .parenthesis, .unary: continue
          }
        }
      }
    }
    #expect(Set(Function.allCases).subtracting(functions) == [])
    #expect(Set(AggregationOperator.allCases).subtracting(aggregations) == [])
    #expect(Set(BinaryOperator.allCases).subtracting(operators) == [])
  }

  @Test func `every evaluation of Prometheus' own scripts passes`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["PROMGATE_SHARED"].map { URL(filePath: $0) }
      ?? root.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "promqltest")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      print("Prometheus' own scripts: skipped, there is no \(folder.lastPathComponent)")
      return
    }
    let report = try Self.run(folder)
    print("Prometheus' own scripts: \(report.summary)")
    Self.expectAllPassed(report)
  }

  @Test func `labels of types decide what is a counter where they are on`() throws {
    let script = """
      load 1m
        speed{__type__="gauge"} 1 2 3
        laps{__type__="counter"} 1 2 3

      eval instant at 2m rate(speed[2m])
        expect info msg: PromQL info: metric might not be a counter, __type__ label is not set to "counter" or \
      "histogram", got "gauge": "speed" (1:6)
        {} 0.016666666666666666

      eval instant at 2m rate(laps[2m])
        expect no_info
        {} 0.016666666666666666
      """
    var options = ScriptRunner.options
    options.usesTypeAndUnitLabels = true
    let runner = ScriptRunner(engine: QueryEngine(options: options, features: .all))
    let result = runner.run(try ScriptParser.parse(Array(script.utf8)))
    #expect(result.passed == 2, "\(result.outcomes.compactMap(\.failure))")
  }

  private static func run(_ folder: URL) throws -> TestReport {
    let runner = ScriptRunner()
    return TestReport(
      files: try names(in: folder).map { name in
        let bytes = try Data(contentsOf: folder.appending(path: name))
        return FileReport(path: name, script: Array(bytes), runner: runner)
      })
  }

  private static func names(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".test") }.sorted()
  }

  private static func expectAllPassed(_ report: TestReport) {
    #expect(report.failed == 0 && report.unreadable == 0, "\(TestText().render(report))")
  }
}
