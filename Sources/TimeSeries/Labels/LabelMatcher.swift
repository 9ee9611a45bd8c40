/// One condition on a label. A matcher on an absent label sees the empty string.
public struct LabelMatcher: Sendable, Hashable {
  /// How the label's value is compared.
  public enum Operation: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case matches = "=~"
    case matchesNot = "!~"
  }

  public let name: String
  public let operation: Operation
  public let value: String
  /// The compiled pattern of `=~` and `!~`; nil otherwise.
  public let pattern: LabelPattern?

  /// Throws `LabelPattern.Problem` when the value of `=~` or `!~` is no valid pattern.
  public init(_ name: String, _ operation: Operation, _ value: String) throws(LabelPattern.Problem) {
    self.name = name
    self.operation = operation
    self.value = value
    switch operation {
    case .equal, .notEqual: pattern = nil
    case .matches, .matchesNot: pattern = try LabelPattern(value)
    }
  }

  /// An equality matcher, which cannot fail.
  public init(_ name: String, equals value: String) {
    self.name = name
    operation = .equal
    self.value = value
    pattern = nil
  }

  /// Whether a label with this value (empty when absent) satisfies the matcher.
  public func accepts(_ text: ArraySlice<UInt8>) -> Bool {
    switch operation {
    case .equal: value.utf8.elementsEqual(text)
    case .notEqual: !value.utf8.elementsEqual(text)
    case .matches: pattern?.matches(text) ?? false
    case .matchesNot: !(pattern?.matches(text) ?? false)
    }
  }

  /// Whether the series' labels satisfy the matcher.
  public func accepts(_ labels: Labels) -> Bool {
    var cursor = LabelCursor(labels)
    while cursor.next() {
      if cursor.nameEquals(name.utf8) { return accepts(labels.bytes[cursor.value]) }
    }
    return acceptsEmpty
  }

  /// Whether an absent label satisfies the matcher.
  public var acceptsEmpty: Bool { accepts([]) }

  public static func == (lhs: LabelMatcher, rhs: LabelMatcher) -> Bool {
    lhs.operation == rhs.operation && lhs.name.utf8.elementsEqual(rhs.name.utf8)
      && lhs.value.utf8.elementsEqual(rhs.value.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(operation)
    hasher.combine(Array(name.utf8))
    hasher.combine(Array(value.utf8))
  }
}

extension LabelMatcher: CustomStringConvertible {
  /// `name="value"` as the canonical printer writes it (promql-syntax.md §6).
  public var description: String {
    let shown = LabelName.isLegacy(name.utf8) ? name : GoText.quoted(name)
    return "\(shown)\(operation.rawValue)\(GoText.quoted(value))"
  }
}
