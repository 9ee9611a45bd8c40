internal import CRE2
import Synchronization

/// A compiled RE2 pattern: matching in linear time, safe to share between threads.
@safe
public final class RE2: @unchecked Sendable {
  // Sendable: the pattern is immutable after init and RE2's own caches are locked inside it.
  private let pattern: OpaquePointer

  /// Bytes that one pattern's automaton may take.
  private static let memory: Int64 = 8 << 20

  /// What all patterns that there are take, bytes, about.
  private static let held = Atomic<Int>(0)
  private static let limit = Atomic<Int>(.max)
  /// What this one's program takes, without what matching adds.
  private let size: Int

  /// What all patterns together may take, bytes; no bound until it is set. A pattern beyond is refused as
  /// one that is too large.
  package static var maximumHeld: Int {
    get { limit.load(ordering: .relaxed) }
    set { limit.store(newValue, ordering: .relaxed) }
  }

  /// Whether patterns take more than half of what they may.
  package static var isHalfFull: Bool { held.load(ordering: .relaxed) > maximumHeld / 2 }

  /// Compiles a pattern. Throws the problem in Go's words.
  ///
  /// - Parameter dotMatchesNewlines: as Prometheus wants it of matchers and relabelling.
  public init(_ source: String, dotMatchesNewlines: Bool = true) throws(LabelPattern.Problem) {
    if let problem = Self.refused(source) { throw problem }
    let text = Self.translated(source)
    let compiled = unsafe text.withUnsafeBufferPointer { bytes in
      unsafe promgate_re2_new(bytes.baseAddress, bytes.count, dotMatchesNewlines, Self.memory)
    }
    guard let compiled = unsafe compiled else {
      throw LabelPattern.Problem(description: "error parsing regexp: out of memory")
    }
    unsafe pattern = compiled
    // An instruction takes 8 bytes in the program, as much in the one for the other direction, and more in
    // the tree.
    size = unsafe (4 << 10) + 32 * Int(max(0, promgate_re2_size(compiled)))
    Self.held.add(size, ordering: .relaxed)
    let valid = unsafe promgate_re2_ok(compiled)
    if !valid {
      let problem = unsafe promgate_re2_problem(compiled)
      let argument = unsafe UnsafeRawBufferPointer(
        start: problem.argument, count: problem.argument_length)
      let text = unsafe String(decoding: argument, as: UTF8.self)
      throw unsafe LabelPattern.Problem(
        description: Self.message(problem.code, text, in: source))
    }
    guard Self.held.load(ordering: .relaxed) <= Self.maximumHeld else {
      throw LabelPattern.Problem(
        description: "error parsing regexp: all patterns together would hold more than "
          + "\(ByteCount.text(Self.maximumHeld)) of memory")
    }
  }

  deinit {
    unsafe promgate_re2_free(pattern)
    Self.held.subtract(size, ordering: .relaxed)
  }

  /// Whether the whole text matches.
  public func matchesWhole(_ text: ArraySlice<UInt8>) -> Bool {
    unsafe text.withUnsafeBufferPointer { bytes in
      unsafe promgate_re2_full_match(pattern, bytes.baseAddress, bytes.count)
    }
  }

  /// Whether the pattern matches anywhere in the text.
  public func matchesPart(_ text: ArraySlice<UInt8>) -> Bool {
    unsafe text.withUnsafeBufferPointer { bytes in
      unsafe promgate_re2_partial_match(pattern, bytes.baseAddress, bytes.count)
    }
  }

  /// The groups of a match of the whole text, group 0 first; nil where a group took no part, and
  /// nil as a whole when the text does not match. Ranges count from the start of `text`.
  public func captures(_ text: [UInt8]) -> [Range<Int>?]? {
    unsafe groups(of: text) { bytes, bounds, count in
      unsafe promgate_re2_captures(pattern, bytes.baseAddress, bytes.count, bounds, count)
    }
  }

  /// The groups of the leftmost match that starts at an offset or behind it; nil when there is none.
  /// What lies before the offset is still context: `^` matches at the start of the text only.
  public func firstMatch(in text: [UInt8], from start: Int) -> [Range<Int>?]? {
    guard start >= 0, start <= text.count else { return nil }
    return unsafe groups(of: text) { bytes, bounds, count in
      unsafe promgate_re2_find(pattern, bytes.baseAddress, bytes.count, start, bounds, count)
    }
  }

  private func groups(
    of text: [UInt8],
    _ match: (UnsafeBufferPointer<UInt8>, UnsafeMutablePointer<Int64>?, Int32) -> Bool
  ) -> [Range<Int>?]? {
    let count = groupCount + 1
    var bounds = [Int64](repeating: -1, count: 2 * count)
    let matched = unsafe text.withUnsafeBufferPointer { bytes in
      unsafe bounds.withUnsafeMutableBufferPointer { bounds in
        unsafe match(bytes, bounds.baseAddress, Int32(count))
      }
    }
    guard matched else { return nil }
    return (0..<count).map { group in
      bounds[2 * group] < 0 ? nil : Int(bounds[2 * group])..<Int(bounds[2 * group + 1])
    }
  }

  /// How many groups the pattern captures, the whole match not counted.
  public var groupCount: Int { unsafe Int(promgate_re2_group_count(pattern)) }

  /// The index of a named group.
  public func group(named name: [UInt8]) -> Int? {
    let index = unsafe name.withUnsafeBufferPointer { bytes in
      unsafe promgate_re2_group_named(pattern, bytes.baseAddress, bytes.count)
    }
    return index < 0 ? nil : Int(index)
  }

  /// Go also takes `(?<name>…)`; this RE2 knows only `(?P<name>…)`.
  private static func translated(_ source: String) -> [UInt8] {
    let bytes = Array(source.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    walk(bytes) { position, inClass in
      result.append(bytes[position])
      let rest = bytes[(position + 1)...]
      if !inClass, bytes[position] == UInt8(ascii: "("), rest.starts(with: "?<".utf8) {
        result.append(contentsOf: "?P".utf8)
        return 2
      }
      if bytes[position] == UInt8(ascii: "\\"), let next = rest.first {
        result.append(next)
        return 2
      }
      return 1
    }
    return result
  }

  /// What Go refuses and RE2 would take: `\C`.
  private static func refused(_ source: String) -> LabelPattern.Problem? {
    let bytes = Array(source.utf8)
    var found = false
    walk(bytes) { position, _ in
      guard bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count else { return 1 }
      if bytes[position + 1] == UInt8(ascii: "C") { found = true }
      return 2
    }
    return found
      ? LabelPattern.Problem(description: "error parsing regexp: invalid escape sequence: `\\C`")
      : nil
  }

  /// Visits a pattern piece by piece; the visitor says how many bytes it took.
  private static func walk(_ bytes: [UInt8], _ visit: (_ position: Int, _ inClass: Bool) -> Int) {
    var position = 0
    var inClass = false
    while position < bytes.count {
      let byte = bytes[position]
      let taken = visit(position, inClass)
      if taken == 1 {
        if byte == UInt8(ascii: "["), !inClass {
          inClass = true
          // A bracket that comes first in a class stands for itself.
          var next = position + 1
          if next < bytes.count, bytes[next] == UInt8(ascii: "^") { next += 1 }
          if next < bytes.count, bytes[next] == UInt8(ascii: "]") {
            for skipped in position + 1...next { _ = visit(skipped, true) }
            position = next + 1
            continue
          }
        } else if byte == UInt8(ascii: "]") {
          inClass = false
        }
      }
      position += taken
    }
  }

  /// RE2's error code in the words of Go's regexp/syntax.
  private static func message(_ code: Int32, _ argument: String, in source: String) -> String {
    let text: String
    switch code {
    case 2: text = "invalid escape sequence"
    case 3: text = "invalid character class"
    case 4: text = "invalid character class range"
    case 5: text = "missing closing ]"
    case 6: text = "missing closing )"
    case 7: return "error parsing regexp: unexpected ): `\(source)`"
    case 8: return "error parsing regexp: trailing backslash at end of expression: ``"
    case 9: text = "missing argument to repetition operator"
    case 10: text = "invalid repeat count"
    case 11: text = "invalid nested repetition operator"
    case 12: text = "invalid or unsupported Perl syntax"
    case 13: text = "invalid UTF-8"
    case 14: text = "invalid named capture"
    case 15: text = "expression too large"
    default: return "error parsing regexp: internal error: `\(source)`"
    }
    let shown = code == 6 ? source : argument
    return "error parsing regexp: \(text): `\(shown)`"
  }
}
