import Glibc
import TimeSeries

/// The durations of an expression in milliseconds, evaluated for a query's steps
/// (promql-evaluation.md §3.2).
struct ResolvedDurations {
  /// By node; absent where a node has none.
  private(set) var offsets: [Int: Int64] = [:]
  private(set) var ranges: [Int: Int64] = [:]
  /// A step of zero stands for the default step.
  private(set) var steps: [Int: Int64] = [:]

  private let expression: Expression
  private let context: QueryContext

  /// Parents first, left to right; of one node offset, step, range: the order of Prometheus' errors.
  init(_ expression: Expression, _ context: QueryContext) throws(LoweringError) {
    self.expression = expression
    self.context = context
    var pending = [expression.root]
    while let id = pending.popLast() {
      switch expression[id].form {
      case .selector(let selector):
        offsets[id.index] = try milliseconds(selector.time.offset, mustBePositive: false)
      case .matrix(_, let range): ranges[id.index] = try milliseconds(range, mustBePositive: true)
      case .subquery(let subquery):
        offsets[id.index] = try milliseconds(subquery.time.offset, mustBePositive: false)
        steps[id.index] = try milliseconds(subquery.step, mustBePositive: true)
        ranges[id.index] = try milliseconds(subquery.range, mustBePositive: true)
      case .number, .string, .aggregation, .binary, .call, .parenthesis, .unary: break
      }
      pending += expression.children(of: id).reversed()
    }
  }

  private func milliseconds(
    _ duration: Expression.Duration?, mustBePositive: Bool
  ) throws(LoweringError) -> Int64? {
    switch duration {
    case nil: return nil
    case .literal(let nanoseconds): return nanoseconds / 1_000_000
    case .expression(let id):
      let seconds = try value(id)
      let range = expression[id].range
      if !seconds.isFinite { throw .duration(.notFinite, range) }
      if mustBePositive, seconds <= 0 { throw .duration(.notPositive, range) }
      if seconds.magnitude > 0x1p63 / 1e9 { throw .duration(.outOfRange, range) }
      return Int64(seconds * 1000)
    }
  }

  /// Seconds. Children stand before parents in the arena, so one pass from the first node that
  /// belongs to the expression would do; the subtree is walked with a stack of its own.
  private func value(_ root: DurationID) throws(LoweringError) -> Double {
    var values: [Int32: Double] = [:]
    var pending = [root]
    while let id = pending.last {
      let missing = operands(id).filter { values[$0.rawValue] == nil }
      if !missing.isEmpty {
        pending += missing.reversed()
        continue
      }
      pending.removeLast()
      let operand = { (id: DurationID) in values[id.rawValue] ?? 0 }
      let node = expression[id]
      switch node.form {
      case .number(let seconds, _): values[id.rawValue] = seconds
      case .unary(.plus, let inner): values[id.rawValue] = operand(inner)
      case .unary(.minus, let inner): values[id.rawValue] = -operand(inner)
      case .larger(let a, let b): values[id.rawValue] = Self.larger(operand(a), operand(b))
      case .smaller(let a, let b): values[id.rawValue] = -Self.larger(-operand(a), -operand(b))
      case .step: values[id.rawValue] = context.stepSeconds
      case .range: values[id.rawValue] = context.rangeSeconds
      case .binary(let operation, let a, let b):
        values[id.rawValue] = try Self.compute(operation, operand(a), operand(b), node.range)
      }
    }
    return values[root.rawValue] ?? 0
  }

  private func operands(_ id: DurationID) -> [DurationID] {
    switch expression[id].form {
    case .number, .step, .range: []
    case .unary(_, let inner): [inner]
    case .binary(_, let a, let b), .larger(let a, let b), .smaller(let a, let b): [a, b]
    }
  }

  private static func larger(_ a: Double, _ b: Double) -> Double {
    if a == .infinity || b == .infinity { return .infinity }
    return a.isNaN || b.isNaN ? .nan : max(a, b)
  }

  private static func compute(
    _ operation: ArithmeticOperator, _ a: Double, _ b: Double, _ range: SourceRange
  ) throws(LoweringError) -> Double {
    switch operation {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide:
      if b == 0 { throw .duration(.divisionByZero, range) }
      return a / b
    case .modulo:
      if b == 0 { throw .duration(.moduloByZero, range) }
      return fmod(a, b)
    case .power: return ElementaryPairFunction.pow(a, b)
    case .atan2: return ElementaryPairFunction.atan2(a, b)
    }
  }
}

extension QueryContext {
  /// `step()`: zero where there is one step.
  var stepSeconds: Double { grid.start == grid.end ? 0 : Double(grid.step) / 1000 }

  /// `range()`
  var rangeSeconds: Double { Double(grid.end &- grid.start) / 1000 }
}
