internal import CRE2

/// A regular expression in RE2 syntax, fully anchored, `.` matching newlines: `^(?s:RE)$`.
///
/// Literals, prefixes, suffixes, `.*`, `.+` and alternations of literals are recognised and
/// compared as bytes; everything else is RE2, linear in the text whatever the pattern.
public final class LabelPattern: Sendable {
  /// The pattern as written.
  public let source: String
  private let form: Form
  /// Absent where `form` answers alone.
  private let engine: RE2?

  /// Why a text is no valid pattern, in the words of Go's regexp/syntax.
  public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// ``error parsing regexp: missing closing ): `(` ``
    public let description: String
  }

  /// Throws `Problem` when the text is no valid RE2 pattern.
  public init(_ source: String) throws(Problem) {
    self.source = source
    let form = Form(source)
    self.form = form
    if case .engine = form { engine = try RE2(source) } else { engine = nil }
  }

  /// Whether a text has to be matched by an automaton, which takes memory while it is.
  package var hasEngine: Bool { engine != nil }

  /// Whether the whole text matches. Costs a comparison for the simple forms, else one linear scan.
  public func matches(_ text: ArraySlice<UInt8>) -> Bool {
    switch form {
    case .anything: true
    case .something: !text.isEmpty
    case .literals(let literals): literals.contains { $0.count == text.count && $0.elementsEqual(text) }
    case .prefix(let prefix, let more):
      text.starts(with: prefix) && (!more || text.count > prefix.count)
    case .suffix(let suffix, let more):
      text.count >= suffix.count + (more ? 1 : 0) && text.suffix(suffix.count).elementsEqual(suffix)
    case .contains(let middle): Self.contains(text, middle)
    case .engine: engine?.matchesWhole(text) ?? false
    }
  }

  /// Whether the pattern is none of the forms that are compared as bytes.
  package var needsEngine: Bool { engine != nil }

  /// The literals that the pattern stands for, when it is nothing but an alternation of them.
  public var literals: [[UInt8]]? {
    if case .literals(let literals) = form { literals } else { nil }
  }

  private static func contains(_ text: ArraySlice<UInt8>, _ middle: [UInt8]) -> Bool {
    guard text.count >= middle.count else { return false }
    return (text.startIndex...text.endIndex - middle.count).contains {
      text[$0..<$0 + middle.count].elementsEqual(middle)
    }
  }

  /// The shapes that need no engine.
  private enum Form {
    case anything
    case something
    case literals([[UInt8]])
    case prefix([UInt8], more: Bool)
    case suffix([UInt8], more: Bool)
    case contains([UInt8])
    case engine

    init(_ source: String) {
      let bytes = Array(source.utf8)
      let special = Set("\\.+*?()|[]{}^$".utf8)
      let isLiteral = { (part: ArraySlice<UInt8>) in part.allSatisfy { !special.contains($0) } }
      let any = [UInt8](".*".utf8)
      let some = [UInt8](".+".utf8)
      if bytes == any {
        self = .anything
      } else if bytes == some {
        self = .something
      } else if bytes.allSatisfy({ !special.contains($0) || $0 == UInt8(ascii: "|") }) {
        let parts = bytes.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        self = .literals(parts.map(Array.init))
      } else if bytes.count > 4, bytes.starts(with: any), bytes.suffix(2).elementsEqual(any),
        isLiteral(bytes[2..<bytes.count - 2])
      {
        self = .contains(Array(bytes[2..<bytes.count - 2]))
      } else if bytes.count > 2, isLiteral(bytes[..<(bytes.count - 2)]),
        bytes.suffix(2).elementsEqual(any) || bytes.suffix(2).elementsEqual(some)
      {
        self = .prefix(Array(bytes[..<(bytes.count - 2)]), more: bytes.last == UInt8(ascii: "+"))
      } else if bytes.count > 2, isLiteral(bytes[2...]),
        bytes.starts(with: any) || bytes.starts(with: some)
      {
        self = .suffix(Array(bytes[2...]), more: bytes[1] == UInt8(ascii: "+"))
      } else {
        self = .engine
      }
    }
  }
}
