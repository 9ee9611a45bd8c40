/// Go's `eq`, `ne`, `lt`, `le`, `gt` and `ge`.
enum TemplateComparison {
  private enum Operand {
    case boolean(Bool)
    case whole(Int64)
    case float(Double)
    case complex(Double, Double)
    case text([UInt8])
    case other

    init(_ value: TemplateValue) {
      switch value {
      case .boolean(let value): self = .boolean(value)
      case .integer(let value): self = .whole(value)
      case .byte(let value): self = .whole(Int64(value))
      case .float(let value): self = .float(value)
      case .complex(let real, let imaginary): self = .complex(real, imaginary)
      case .text(let bytes): self = .text(bytes)
      case .invalid, .nilInterface, .map, .record, .list, .opaque: self = .other
      }
    }
  }

  private static let incompatible = "incompatible types for comparison"
  private static let invalidType = "invalid type for comparison"

  static func call(
    _ function: TemplateFunction, _ arguments: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> Bool {
    let first = arguments.first ?? .invalid
    let rest = Array(arguments.dropFirst())
    let second = rest.first ?? .invalid
    switch function {
    case .eq: return try isEqual(first, toAnyOf: rest)
    case .ne: return try !isEqual(first, toAnyOf: [second])
    case .lt: return try isLess(first, second)
    case .le: return try isAtMost(first, second)
    case .gt: return try !isAtMost(first, second)
    case .ge: return try !isLess(first, second)
    case .and, .call, .html, .index, .js, .len, .not, .or, .print, .printf, .println, .slice, .urlquery:
      return false
    }
  }

  private static func isEqual(
    _ first: TemplateValue, toAnyOf others: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> Bool {
    guard !others.isEmpty else { throw .message("missing argument for comparison") }
    for other in others where try isEqual(first, other) { return true }
    return false
  }

  private static func isEqual(
    _ first: TemplateValue, _ second: TemplateValue
  ) throws(TemplateFunctionFailure) -> Bool {
    switch (Operand(first), Operand(second)) {
    case (.boolean(let lhs), .boolean(let rhs)): return lhs == rhs
    case (.whole(let lhs), .whole(let rhs)): return lhs == rhs
    case (.float(let lhs), .float(let rhs)): return lhs == rhs
    case (.complex(let lhs, let lhsImaginary), .complex(let rhs, let rhsImaginary)):
      return lhs == rhs && lhsImaginary == rhsImaginary
    case (.text(let lhs), .text(let rhs)): return lhs == rhs
    case (.other, .other):
      if case .map = first, case .map = second {
        let shown = String(decoding: GoFormat.plain(first), as: UTF8.self)
        throw .message("non-comparable type \(shown): map[string]string")
      }
      return first.typeName == second.typeName
    case (.boolean, _), (.whole, _), (.float, _), (.complex, _), (.text, _), (.other, _):
      guard first.typeName == nil || second.typeName == nil else { throw .message(incompatible) }
      return false
    }
  }

  private static func isAtMost(
    _ first: TemplateValue, _ second: TemplateValue
  ) throws(TemplateFunctionFailure) -> Bool {
    if try isLess(first, second) { return true }
    return try isEqual(first, second)
  }

  private static func isLess(
    _ first: TemplateValue, _ second: TemplateValue
  ) throws(TemplateFunctionFailure) -> Bool {
    switch (Operand(first), Operand(second)) {
    case (.other, _), (_, .other): throw .message(invalidType)
    case (.boolean, .boolean), (.complex, .complex): throw .message(invalidType)
    case (.whole(let lhs), .whole(let rhs)): return lhs < rhs
    case (.float(let lhs), .float(let rhs)): return lhs < rhs
    case (.text(let lhs), .text(let rhs)): return lhs.lexicographicallyPrecedes(rhs)
    case (.boolean, _), (.whole, _), (.float, _), (.complex, _), (.text, _):
      throw .message(incompatible)
    }
  }
}
