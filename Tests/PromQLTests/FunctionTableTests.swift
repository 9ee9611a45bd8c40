import PromQL
import Testing

struct FunctionTableTests {
  @Test func `each function has facts that hang together`() {
    for function in Function.allCases {
      let facts = function.facts
      #expect(!facts.summary.isEmpty)
      #expect(facts.minimum <= facts.parameters.count, "\(function)")
      #expect(facts.maximum.map { $0 >= facts.minimum } ?? true, "\(function)")
      #expect(facts.result == .scalar || facts.result == .instantVector, "\(function)")
      #expect(facts.family.name == function.rawValue)
      #expect(facts.edges.isEmpty || facts.parameters.contains(.rangeVector), "\(function)")
    }
  }

  @Test func `the calls that the table allows parse, and one argument fewer or more does not`() {
    for function in Function.allCases {
      let facts = function.facts
      let argument = { (position: Int) -> String in
        switch facts.parameters[min(position, facts.parameters.count - 1)] {
        case .scalar: "1"
        case .string: "\"s\""
        case .instantVector: facts.family == .info && position == 1 ? "{a=\"b\"}" : "up"
        case .rangeVector: "up[5m]"
        }
      }
      let call = { (count: Int) -> String in
        "\(function.rawValue)(\((0..<count).map(argument).joined(separator: ", ")))"
      }
      #expect(CaretTable.messages(call(facts.minimum)) == [])
      #expect(CaretTable.messages(call(facts.maximum ?? 20)) == [])
      if facts.minimum > 0 { #expect(CaretTable.messages(call(facts.minimum - 1)).count == 1) }
      if let maximum = facts.maximum, maximum > 0 {
        #expect(CaretTable.messages(call(maximum + 1)).count == 1)
      }
    }
  }

  @Test func `experimental names and calls that must not be pinned are those of Prometheus`() {
    let experimental = Function.allCases.filter { $0.facts.isExperimental }.map(\.rawValue)
    #expect(
      experimental == [
        "double_exponential_smoothing", "end", "histogram_quantiles", "info", "mad_over_time", "max_of",
        "min_of", "range", "sort_by_label", "sort_by_label_desc", "start", "start_timestamp", "step",
        "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
      ])
    let unpinnable = Function.allCases.filter { !$0.facts.isPinnable }.map(\.rawValue)
    #expect(
      unpinnable == [
        "day_of_month", "day_of_week", "day_of_year", "days_in_month", "end", "hour", "minute", "month",
        "predict_linear", "range", "start", "step", "time", "timestamp", "year",
      ])
    #expect(AggregationOperator.allCases.filter { $0.facts.isExperimental } == [.limitk, .limitRatio])
  }

  @Test func `operators bind as the table says`() throws {
    for lower in BinaryOperator.allCases {
      for higher in BinaryOperator.allCases where higher.facts.precedence > lower.facts.precedence {
        let text = "a \(lower.rawValue) b \(higher.rawValue) c"
        let expression = try Expression.parse(text)
        guard case .binary(let binary) = expression[expression.root].form else {
          Issue.record("\(text)")
          continue
        }
        #expect(binary.operation == lower, "\(text)")
      }
    }
  }
}
