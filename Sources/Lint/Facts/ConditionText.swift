/// A condition of an Argo Rollouts analysis, read as far as it compares the result with numbers: what it says
/// of all values of a span. What is not understood may hold or not.
struct ConditionText {
  /// What is known of a condition.
  enum Truth: Sendable {
    case always
    case never
    case maybe

    var inverted: Truth {
      switch self {
      case .always: .never
      case .never: .always
      case .maybe: .maybe
      }
    }

    func and(_ other: Truth) -> Truth {
      switch (self, other) {
      case (.never, _), (_, .never): .never
      case (.always, .always): .always
      case (.maybe, _), (_, .maybe): .maybe
      }
    }

    func or(_ other: Truth) -> Truth { inverted.and(other.inverted).inverted }
  }

  /// `result[0] >= 95`
  struct Comparison: Sendable {
    var operation: String
    var bound: Double
  }

  private let tokens: [Substring]
  /// The numbers that the result is compared with, in the order written.
  private(set) var comparisons: [Comparison] = []

  init(_ text: String) {
    tokens = text.utf8.count <= 4096 ? Self.tokens(text) : []
    var reader = Reader(tokens: tokens[...], span: -.infinity ... .infinity)
    _ = reader.disjunction()
    comparisons = reader.comparisons
  }

  /// Of results that lie within a span. None at all, and NaN, is not looked at.
  func truth(of span: ClosedRange<Double>) -> Truth {
    var reader = Reader(tokens: tokens[...], span: span)
    let truth = reader.disjunction()
    return reader.tokens.isEmpty && !tokens.isEmpty ? truth : .maybe
  }

  private static let signs = ["&&", "||", ">=", "<=", "==", "!="]

  private static func tokens(_ text: String) -> [Substring] {
    var tokens: [Substring] = []
    var rest = text[...]
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
      } else if let sign = signs.first(where: { rest.hasPrefix($0) }) {
        tokens.append(rest.prefix(sign.count))
        rest = rest.dropFirst(sign.count)
      } else {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
        tokens.append(word.isEmpty ? rest.prefix(1) : word)
        rest = rest.dropFirst(max(1, word.count))
      }
    }
    return tokens
  }

  private struct Reader {
    var tokens: ArraySlice<Substring>
    let span: ClosedRange<Double>
    var comparisons: [Comparison] = []
    var depth = 0

    enum Operand {
      case result
      /// How many values the result has: one or more.
      case count
      case number(Double)
      case truth(Truth)
      case unknown
    }

    init(tokens: ArraySlice<Substring>, span: ClosedRange<Double>) {
      self.tokens = tokens
      self.span = span
    }

    mutating func take(_ words: String...) -> Bool {
      guard let first = tokens.first, words.contains(String(first)) else { return false }
      tokens.removeFirst()
      return true
    }

    mutating func disjunction() -> Truth {
      var truth = conjunction()
      while take("||", "or") { truth = truth.or(conjunction()) }
      return truth
    }

    mutating func conjunction() -> Truth {
      var truth = negation()
      while take("&&", "and") { truth = truth.and(negation()) }
      return truth
    }

    mutating func negation() -> Truth {
      var isInverted = false
      while take("!", "not") { isInverted.toggle() }
      let truth = comparison()
      return isInverted ? truth.inverted : truth
    }

    mutating func comparison() -> Truth {
      let left = operand()
      guard let sign = tokens.first, [">=", "<=", "==", "!=", ">", "<"].contains(sign) else {
        if case .truth(let truth) = left { return truth }
        return .maybe
      }
      tokens.removeFirst()
      let right = operand()
      switch (left, right) {
      case (.result, .number(let bound)): return compared(String(sign), bound)
      case (.number(let bound), .result):
        let turned = [">=": "<=", "<=": ">=", ">": "<", "<": ">"]
        return compared(turned[String(sign)] ?? String(sign), bound)
      case (.count, .number(let bound)):
        switch (sign, bound) {
        case ("==", 0), ("<", 1), ("<=", 0): return .never
        case (">", 0), (">=", 1), ("!=", 0): return .always
        default: return .maybe
        }
      case (.result, _), (.count, _), (.number, _), (.truth, _), (.unknown, _): return .maybe
      }
    }

    mutating func compared(_ operation: String, _ bound: Double) -> Truth {
      comparisons.append(Comparison(operation: operation, bound: bound))
      let (lower, upper) = (span.lowerBound, span.upperBound)
      switch operation {
      case ">=": return lower >= bound ? .always : upper < bound ? .never : .maybe
      case ">": return lower > bound ? .always : upper <= bound ? .never : .maybe
      case "<=": return upper <= bound ? .always : lower > bound ? .never : .maybe
      case "<": return upper < bound ? .always : lower >= bound ? .never : .maybe
      case "==": return lower == bound && upper == bound ? .always : span.contains(bound) ? .maybe : .never
      case "!=": return lower == bound && upper == bound ? .never : span.contains(bound) ? .maybe : .always
      default: return .maybe
      }
    }

    /// A number, the result (`result`, `result[0]`, `#`), what stands in parentheses, or a call.
    mutating func operand() -> Operand {
      depth += 1
      defer { depth -= 1 }
      guard depth < 32, let first = tokens.popFirst() else { return .unknown }
      var operand = Operand.unknown
      switch first {
      case "-", "+":
        guard case .number(let number) = self.operand() else { return .unknown }
        operand = .number(first == "-" ? -number : number)
      case "(":
        let before = tokens
        let mark = comparisons.count
        let inner = self.operand()
        if tokens.first == ")" {
          operand = inner
        } else {
          tokens = before
          comparisons.removeSubrange(mark...)
          operand = .truth(disjunction())
        }
        guard take(")") else { return .unknown }
      case "result", "#":
        operand = .result
        if take("[") {
          guard let index = tokens.popFirst(), Int(index) != nil, take("]") else { return .unknown }
        }
      case "asFloat", "float", "toFloat":
        guard take("(") else { return .unknown }
        operand = self.operand()
        guard take(")") else { return .unknown }
      case "default":
        // What stands in for a missing result is none.
        guard take("("), case .result = self.operand(), take(",") else { return .unknown }
        _ = self.operand()
        operand = take(")") ? .result : .unknown
      case "len":
        guard take("("), case .result = self.operand() else { return .unknown }
        operand = take(")") ? .count : .unknown
      case "isNaN":
        guard take("("), case .result = self.operand() else { return .unknown }
        operand = take(")") ? .truth(.never) : .unknown
      case "all", "any":
        guard take("("), take("result"), take(",") else { return .unknown }
        let isBraced = take("{")
        let truth = disjunction()
        guard !isBraced || take("}"), take(")") else { return .unknown }
        operand = .truth(truth)
      case "true": operand = .truth(.always)
      case "false": operand = .truth(.never)
      default:
        if let number = Double(first), number.isFinite {
          operand = .number(number)
        } else {
          skipCall()
        }
      }
      // Arithmetic is not followed.
      var isComputed = false
      while take("+", "-", "*", "/", "%") {
        _ = self.operand()
        isComputed = true
      }
      return isComputed ? .unknown : operand
    }

    /// What stands in brackets behind a name.
    mutating func skipCall() {
      guard tokens.first == "(" || tokens.first == "[" else { return }
      var open = 0
      while let next = tokens.popFirst() {
        if next == "(" || next == "[" { open += 1 }
        if next == ")" || next == "]" { open -= 1 }
        if open == 0 { return }
      }
    }
  }
}
