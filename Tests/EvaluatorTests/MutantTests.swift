import Evaluator
import Foundation
import PromQL
import PromQLTest
import Testing

/// Breaks one function, operator or annotation at a time: some script beside this file must fail.
///
/// A function or operator is broken by adding 1 to what it yields wherever a script uses it; functions
/// that only sort or relabel are left out instead. An annotation is broken by leaving it out.
@Suite struct MutantTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Scripts")

  private static func scripts() throws -> [(name: String, script: Script, text: String)] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".test") }
      .sorted().map { name in
        let bytes = try Data(contentsOf: folder.appending(path: name))
        return (name, try ScriptParser.parse(Array(bytes)), String(decoding: bytes, as: UTF8.self))
      }
  }

  @Test func `breaking any function fails a script`() throws {
    let scripts = try Self.scripts()
    for function in Function.allCases {
      let isNoticed = try Self.isNoticed(in: scripts) { node in
        guard case .call(let call) = node.form, call.function == function else { return nil }
        switch function.facts.family {
        case .sort, .sortByLabel, .labelReplace, .labelJoin, .info:
          return call.arguments.first.map { .replaced(by: $0) }
        case .point, .bounded, .date, .reading, .window, .absent, .absentOverTime, .scalar, .vector, .time,
          .pi, .larger, .smaller, .query, .timestamp, .startTimestamp, .histogramQuantile,
          .histogramQuantiles, .histogramFraction:
          return .increased
        }
      }
      #expect(isNoticed, "no script notices that \(function.rawValue) is broken")
    }
  }

  @Test func `breaking any aggregation fails a script`() throws {
    let scripts = try Self.scripts()
    for operation in AggregationOperator.allCases {
      let isNoticed = try Self.isNoticed(in: scripts) { node in
        guard case .aggregation(let aggregation) = node.form, aggregation.operation == operation else {
          return nil
        }
        return .increased
      }
      #expect(isNoticed, "no script notices that \(operation.rawValue) is broken")
    }
  }

  /// Between which types an operator stands.
  private static let sides: [(left: ValueType, right: ValueType)] = [
    (.scalar, .scalar), (.scalar, .instantVector), (.instantVector, .scalar),
    (.instantVector, .instantVector),
  ]

  @Test func `breaking any operator between any types fails a script`() throws {
    let scripts = try Self.scripts()
    for operation in BinaryOperator.allCases {
      for side in Self.sides {
        if case .set = operation.facts.kind, side != (.instantVector, .instantVector) { continue }
        // Between scalars nothing can be trimmed.
        if case .trim = operation.facts.kind, side.left == .scalar { continue }
        let isNoticed = try Self.isNoticed(in: scripts) { node, expression in
          guard case .binary(let binary) = node.form, binary.operation == operation,
            expression[binary.lhs].type == side.left, expression[binary.rhs].type == side.right
          else { return nil }
          return .increased
        }
        #expect(
          isNoticed,
          "no script notices that \(operation.rawValue) between \(side.left) and \(side.right) is broken")
      }
    }
  }

  @Test func `leaving out any annotation fails a script`() throws {
    let scripts = try Self.scripts()
    for code in AnnotationCode.allCases {
      // Scripts that do not expect the text cannot miss it.
      let text = code.facts.text.split(separator: "%").first ?? ""
      var options = ScriptRunner.options
      options.mutedAnnotation = code
      let runner = ScriptRunner(engine: QueryEngine(options: options, features: .all))
      let isNoticed = scripts.contains { $0.text.contains(text) && runner.run($0.script).failed > 0 }
      // Scripts know no option for types as labels.
      #expect(isNoticed != (code == .suspectCounterType), "no script notices that \(code) is left out")
    }
  }

  @Test func `each fault of the engine fails a script`() throws {
    let scripts = try Self.scripts()
    for mutation in Mutation.allCases {
      var options = ScriptRunner.options
      options.mutation = mutation
      let runner = ScriptRunner(engine: QueryEngine(options: options, features: .all))
      #expect(scripts.contains { runner.run($0.script).failed > 0 }, "no script notices \(mutation)")
    }
  }

  // MARK: Breaking

  /// What becomes of a node.
  private enum Fault {
    case increased
    case replaced(by: PromQL.Expression.NodeID)
  }

  private static func isNoticed(
    in scripts: [(name: String, script: Script, text: String)],
    _ fault: (PromQL.Expression.Node) -> Fault?
  ) throws -> Bool {
    try isNoticed(in: scripts) { node, _ in fault(node) }
  }

  /// Runs what of each script has a faulty node, until something fails.
  private static func isNoticed(
    in scripts: [(name: String, script: Script, text: String)],
    _ fault: (PromQL.Expression.Node, PromQL.Expression) -> Fault?
  ) throws -> Bool {
    let runner = ScriptRunner()
    for (_, script, _) in scripts {
      var broken = Script(commands: [])
      var isBroken = false
      for original in script.commands {
        var command = original
        if case .evaluate(var evaluation) = command.action {
          guard let query = self.broken(evaluation.query, fault) else { continue }
          evaluation.query = query
          command.action = .evaluate(evaluation)
          isBroken = true
        }
        broken.commands.append(command)
      }
      if isBroken, runner.run(broken).failed > 0 { return true }
    }
    return false
  }

  /// The query with its first faulty node changed; nil when it has none, or has an error.
  private static func broken(
    _ query: [UInt8], _ fault: (PromQL.Expression.Node, PromQL.Expression) -> Fault?
  ) -> [UInt8]? {
    guard let expression = try? PromQL.Expression.parse(query) else { return nil }
    for node in expression.nodes {
      guard let fault = fault(node, expression) else { continue }
      let range = max(0, node.range.start)..<min(query.count, node.range.end)
      let inside: [UInt8]
      switch fault {
      case .increased: inside = Array("((".utf8) + query[range] + Array(") + 1)".utf8)
      case .replaced(let other): inside = Array(expression.source(of: other))
      }
      return query[..<range.lowerBound] + inside + query[range.upperBound...]
    }
    return nil
  }
}
