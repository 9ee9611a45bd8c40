import Evaluator
import PromQL
import TimeSeries

/// Checks one answer of the engine, or its failure, against an expectation (promqltest.md §4.2, §4.3).
struct AnswerCheck {
  let expectation: Expectation

  /// The first thing that is wrong; nil when all is as expected. `text` is the text that was run: the
  /// places of annotations refer to it.
  func mismatch(
    _ answer: Result<QueryResult, QueryError>, text: [UInt8], mode: ScriptEvaluation.Mode
  ) -> ResultComparison.Mismatch? {
    switch answer {
    case .success(let result):
      if expectation.failure != nil {
        return .init(problem: "the query must fail, but it did not")
      }
      if let problem = annotationProblem(result.annotations, text: text) {
        return .init(problem: problem)
      }
      return ResultComparison(expectation: expectation).mismatch(result.value, mode: mode)
    case .failure(let error):
      guard let expected = expectation.failure else {
        return .init(problem: "the query failed: \(error)")
      }
      if !expected.accepts(error.description) {
        return .init(
          problem: "the query failed with another text than expected",
          rows: [
            .init(
              series: "error", expected: expected.description, got: error.description, agrees: false)
          ])
      }
      return annotationProblem(error.annotations, text: text).map { .init(problem: $0) }
    }
  }

  private func annotationProblem(_ annotations: [Annotation], text: [UInt8]) -> String? {
    func texts(_ level: Annotation.Level) -> [String] {
      annotations.filter { $0.level == level }.map { $0.rendered(in: text) }
    }
    return Self.problem(expectation.warnings, texts(.warning), "warning")
      ?? Self.problem(expectation.infos, texts(.info), "info")
  }

  private static func problem(
    _ expectation: AnnotationExpectation, _ texts: [String], _ level: String
  ) -> String? {
    switch expectation {
    case .unchecked: return nil
    case .none:
      return texts.first.map { "expected no \(level), got: \($0)" }
    case .some(let expected):
      if texts.isEmpty { return "expected \(level == "info" ? "an" : "a") \(level): \(expected[0])" }
      if let missed = expected.first(where: { item in !texts.contains(where: item.accepts) }) {
        return "no \(level) is \(missed); got: \(texts.joined(separator: " | "))"
      }
      return texts.first { text in !expected.contains { $0.accepts(text) } }
        .map { "unexpected \(level): \($0)" }
    }
  }
}

extension QueryError {
  /// What was noted before the failure.
  fileprivate var annotations: [Annotation] {
    switch self {
    case .syntax, .creation, .source: []
    case .evaluation(_, let annotations): annotations
    }
  }
}
