/// Go's `eq`, `ne`, `lt`, `le`, `gt` and `ge`.
struct TemplateComparison {
  /// Whether messages name the types that cannot be compared, as those of later Go versions do.
  let namesTypes: Bool

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
      case .object(let object): self = object.wholeNumber.map { .whole($0) } ?? .other
      case .opaque(let opaque): self = opaque.isText ? .text(opaque.text) : .other
      case .invalid, .nilInterface, .map, .dictionary, .record, .list: self = .other
      }
    }
  }

  private static let invalidType = "invalid type for comparison"

  func call(
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

  private func isEqual(
    _ first: TemplateValue, toAnyOf others: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> Bool {
    guard !others.isEmpty else { throw .message("missing argument for comparison") }
    for other in others where try isEqual(first, other) { return true }
    return false
  }

  private func isEqual(
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
      switch (first, second) {
      case (_, .map), (_, .dictionary), (_, .list):
        guard first.typeName != nil else { return false }
        throw .message("non-comparable type \(Self.shown(second)): \(second.typeName ?? "")")
      // Two pointers are two places.
      case (.object(let left), .object(let right)): return left == right && !left.type.hasPrefix("*")
      default: return first.typeName == second.typeName
      }
    case (.boolean, _), (.whole, _), (.float, _), (.complex, _), (.text, _), (.other, _):
      guard first.typeName == nil || second.typeName == nil else { throw incompatible(first, second) }
      return false
    }
  }

  private func isAtMost(
    _ first: TemplateValue, _ second: TemplateValue
  ) throws(TemplateFunctionFailure) -> Bool {
    if try isLess(first, second) { return true }
    return try isEqual(first, second)
  }

  private func isLess(
    _ first: TemplateValue, _ second: TemplateValue
  ) throws(TemplateFunctionFailure) -> Bool {
    switch (Operand(first), Operand(second)) {
    case (.other, _), (_, .other): throw .message(Self.invalidType)
    case (.boolean, .boolean), (.complex, .complex): throw .message(Self.invalidType)
    case (.whole(let lhs), .whole(let rhs)): return lhs < rhs
    case (.float(let lhs), .float(let rhs)): return lhs < rhs
    case (.text(let lhs), .text(let rhs)): return lhs.lexicographicallyPrecedes(rhs)
    case (.boolean, _), (.whole, _), (.float, _), (.complex, _), (.text, _):
      throw incompatible(first, second)
    }
  }

  private func incompatible(_ first: TemplateValue, _ second: TemplateValue) -> TemplateFunctionFailure {
    let message = "incompatible types for comparison"
    guard namesTypes, let left = first.typeName, let right = second.typeName else { return .message(message) }
    return .message("\(message): \(left) and \(right)")
  }

  private static func shown(_ value: TemplateValue) -> String {
    let text = try? GoFormat.printf(Array("%s".utf8), [value])
    return String(decoding: text ?? [], as: UTF8.self)
  }
}
