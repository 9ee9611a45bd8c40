import TimeSeries

/// Texts that a pattern accepts, made from the pattern: enough for the patterns that people write.
enum ExampleText {
  /// A text that the pattern accepts; nil when none was found, which does not mean that there is none.
  static func matching(_ pattern: String) -> String? {
    guard let compiled = try? LabelPattern(pattern) else { return nil }
    if let literals = compiled.literals { return literals.first.map { String(decoding: $0, as: UTF8.self) } }
    var maker = Maker(Array(pattern.utf8))
    let text = maker.alternation(depth: 0)
    return compiled.matches(Array(text.utf8)[...]) ? text : nil
  }

  /// Reads a pattern and writes one text for it: first alternatives, one repetition.
  private struct Maker {
    let bytes: [UInt8]
    var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func alternation(depth: Int) -> String {
      let first = sequence(depth)
      while at < bytes.count, bytes[at] == UInt8(ascii: "|") {
        at += 1
        _ = sequence(depth)
      }
      return first
    }

    private mutating func sequence(_ depth: Int) -> String {
      var text = ""
      while at < bytes.count, bytes[at] != UInt8(ascii: "|"), bytes[at] != UInt8(ascii: ")") {
        let atom = atom(depth)
        text += String(repeating: atom, count: repetitions())
      }
      return text
    }

    private mutating func atom(_ depth: Int) -> String {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "."): return "x"
      case UInt8(ascii: "^"), UInt8(ascii: "$"): return ""
      case UInt8(ascii: "["): return characterClass()
      case UInt8(ascii: "("):
        guard depth < 32 else { return "" }
        if at < bytes.count, bytes[at] == UInt8(ascii: "?") {
          while at < bytes.count, bytes[at] != UInt8(ascii: ":"), bytes[at] != UInt8(ascii: ">"),
            bytes[at] != UInt8(ascii: ")")
          { at += 1 }
          if at < bytes.count, bytes[at] != UInt8(ascii: ")") { at += 1 }
        }
        let inner = alternation(depth: depth + 1)
        if at < bytes.count { at += 1 }
        return inner
      case UInt8(ascii: "\\"):
        guard at < bytes.count else { return "" }
        let escaped = bytes[at]
        at += 1
        switch escaped {
        case UInt8(ascii: "d"): return "1"
        case UInt8(ascii: "w"), UInt8(ascii: "S"), UInt8(ascii: "D"): return "a"
        case UInt8(ascii: "s"), UInt8(ascii: "W"): return " "
        default: return String(UnicodeScalar(escaped))
        }
      default:
        // A character of several bytes stays whole.
        var text = [byte]
        while at < bytes.count, bytes[at] & 0xC0 == 0x80 {
          text.append(bytes[at])
          at += 1
        }
        return String(decoding: text, as: UTF8.self)
      }
    }

    /// The first member of a class, or a letter that a negated one has not.
    private mutating func characterClass() -> String {
      var members: [UInt8] = []
      var isNegated = false
      if at < bytes.count, bytes[at] == UInt8(ascii: "^") {
        isNegated = true
        at += 1
      }
      while at < bytes.count, bytes[at] != UInt8(ascii: "]") || members.isEmpty {
        if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count {
          at += 1
          members.append(
            bytes[at] == UInt8(ascii: "d")
              ? UInt8(ascii: "1") : bytes[at] == UInt8(ascii: "w") ? UInt8(ascii: "a") : bytes[at])
        } else {
          members.append(bytes[at])
        }
        at += 1
      }
      if at < bytes.count { at += 1 }
      guard isNegated else { return members.first.map { String(UnicodeScalar($0)) } ?? "" }
      let letter = "axz019_".utf8.first { !members.contains($0) } ?? UInt8(ascii: "x")
      return String(UnicodeScalar(letter))
    }

    private mutating func repetitions() -> Int {
      guard at < bytes.count else { return 1 }
      var count = 1
      switch bytes[at] {
      case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): at += 1
      case UInt8(ascii: "{"):
        let digits = bytes[(at + 1)...].prefix { $0 &- 48 < 10 }
        guard !digits.isEmpty, let close = bytes[at...].firstIndex(of: UInt8(ascii: "}")) else { return 1 }
        count = min(64, Int(String(decoding: digits, as: UTF8.self)) ?? 1)
        at = close + 1
      default: return 1
      }
      if at < bytes.count, bytes[at] == UInt8(ascii: "?") { at += 1 }
      return count
    }
  }
}
