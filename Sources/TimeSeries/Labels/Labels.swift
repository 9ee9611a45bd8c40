import Glibc

/// The identity of a series: a set of label names and values, sorted by the bytes of the names.
///
/// One contiguous buffer holds all labels, each as `length name length value` with lengths below
/// 255 as one byte and longer ones as `0xFF` and three bytes, little-endian. Equality, hashing and
/// Prometheus' label-set hash (promql.md §2.1) are therefore about bytes, never about Unicode.
/// A label with an empty value is the same as an absent label and is never stored.
public struct Labels: Hashable, Sendable {
  /// The encoded labels; empty for the empty set.
  public internal(set) var bytes: [UInt8]

  /// The empty label set.
  public static let none = Labels(bytes: [])

  init(bytes: [UInt8]) { self.bytes = bytes }

  public static func == (lhs: Labels, rhs: Labels) -> Bool {
    guard lhs.bytes.count == rhs.bytes.count else { return false }
    return unsafe lhs.bytes.withUnsafeBufferPointer { left in
      unsafe rhs.bytes.withUnsafeBufferPointer { right in
        guard let a = left.baseAddress, let b = right.baseAddress else { return true }
        return unsafe a == b || memcmp(a, b, left.count) == 0
      }
    }
  }

  public func hash(into hasher: inout Hasher) {
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }

  /// Labels from pairs in any order; a later pair with the same name wins, empty values vanish.
  /// Names and values longer than 2^24 − 1 bytes are cut there: doors check lengths first.
  public init(_ pairs: some Sequence<(name: String, value: String)>) {
    var builder = LabelsBuilder()
    for pair in pairs { builder.set(pair.name, pair.value) }
    self = builder.labels()
  }

  /// Whether there are no labels.
  @inlinable
  public var isEmpty: Bool { bytes.isEmpty }

  /// How many labels there are. Linear in the encoded size.
  public var count: Int {
    var cursor = LabelCursor(self)
    var count = 0
    while cursor.next() { count += 1 }
    return count
  }

  /// The value of a label, or nil when it is absent.
  public subscript(_ name: String) -> String? {
    var cursor = LabelCursor(self)
    while cursor.next() {
      if cursor.nameEquals(name.utf8) { return cursor.valueText }
    }
    return nil
  }

  /// The range of the label's value in `bytes`, or nil when it is absent.
  public func valueRange(of name: [UInt8]) -> Range<Int>? {
    var cursor = LabelCursor(self)
    while cursor.next() {
      if cursor.nameEquals(name) { return cursor.value }
    }
    return nil
  }

  /// The metric name, or nil when there is none.
  public var metricName: String? { self[LabelName.metric] }

  /// All labels as text, in order.
  public var pairs: [(name: String, value: String)] {
    var result: [(name: String, value: String)] = []
    var cursor = LabelCursor(self)
    while cursor.next() { result.append((cursor.nameText, cursor.valueText)) }
    return result
  }
}

/// Names of labels that mean something to the engine.
public enum LabelName {
  /// `__name__`, the metric's name.
  public static let metric = "__name__"
  /// `__type__`, the metric's type (type-and-unit labels).
  public static let type = "__type__"
  /// `__unit__`, the metric's unit (type-and-unit labels).
  public static let unit = "__unit__"
  /// `le`, the upper bound of a classic histogram bucket.
  public static let upperBound = "le"

  /// The three labels that go wherever PromQL drops a name (promql.md §2).
  public static let metadata = [metric, type, unit]

  /// Whether the bytes can name a label: not empty, valid UTF-8.
  public static func isValid(_ name: [UInt8]) -> Bool {
    !name.isEmpty && String(validating: name, as: UTF8.self) != nil
  }

  /// Whether the name needs no quotes: `[a-zA-Z_][a-zA-Z0-9_]*`.
  public static func isLegacy(_ name: some Collection<UInt8>) -> Bool {
    guard let first = name.first, isLetter(first) else { return false }
    return name.allSatisfy { isLetter($0) || isDigit($0) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}

/// Walks the labels of a set in order without copying them.
///
///     var cursor = LabelCursor(labels)
///     while cursor.next() { … cursor.name, cursor.value … }
public struct LabelCursor {
  @usableFromInline let bytes: [UInt8]
  @usableFromInline var position = 0
  /// Where the current label starts in `bytes`.
  public private(set) var start = 0
  /// Where the current label's name lies in `bytes`.
  public private(set) var name = 0..<0
  /// Where the current label's value lies in `bytes`.
  public private(set) var value = 0..<0

  public init(_ labels: Labels) { bytes = labels.bytes }

  /// Moves to the next label; false at the end.
  public mutating func next() -> Bool {
    guard position < bytes.count else { return false }
    start = position
    name = take()
    value = take()
    return true
  }

  /// The current label's whole encoding.
  public var encoded: ArraySlice<UInt8> { bytes[start..<value.upperBound] }
  public var nameText: String { String(decoding: bytes[name], as: UTF8.self) }
  public var valueText: String { String(decoding: bytes[value], as: UTF8.self) }

  public func nameEquals(_ other: some Collection<UInt8>) -> Bool {
    name.count == other.count && bytes[name].elementsEqual(other)
  }

  private mutating func take() -> Range<Int> {
    var length = Int(bytes[position])
    position += 1
    if length == 0xFF {
      length = Int(bytes[position]) | Int(bytes[position + 1]) << 8 | Int(bytes[position + 2]) << 16
      position += 3
    }
    defer { position += length }
    return position..<position + length
  }
}
