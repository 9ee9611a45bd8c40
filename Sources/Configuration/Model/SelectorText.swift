import TimeSeries

/// Kubernetes' selectors as its libraries read them: whether they can be read, and why not.
enum SelectorText {
  /// In the words of the libraries.
  struct Problem: Error, CustomStringConvertible { var description: String }

  /// `a=b,c!=d`: a backslash keeps what stands behind it.
  static func checkFields(_ text: String) throws(Problem) {
    var terms: [[UInt8]] = [[]]
    var isEscaped = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: ","), !isEscaped {
        terms.append([])
      } else {
        terms[terms.count - 1].append(byte)
      }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    for term in terms where !term.isEmpty && !term.contains(UInt8(ascii: "=")) {
      throw Problem(
        description:
          "invalid selector: '\(text)'; can't understand '\(String(decoding: term, as: UTF8.self))'")
    }
  }

  /// `a=b,c in (d, e),!f`.
  static func checkLabels(_ text: String) throws(Problem) {
    var tokens = Tokens(text)
    while let first = tokens.peek {
      guard first == "!" || Tokens.isWord(first) else {
        throw Problem(description: "found '\(first)', expected: !, identifier, or 'end of string'")
      }
      do { try takeRequirement(&tokens) } catch {
        throw Problem(description: "unable to parse requirement: \(error)")
      }
      guard let next = tokens.take() else { return }
      guard next == "," else {
        throw Problem(description: "found '\(next)', expected: ',' or 'end of string'")
      }
      let follower = tokens.peek ?? ""
      guard follower == "!" || Tokens.isWord(follower) else {
        throw Problem(description: "found '\(follower)', expected: identifier after ','")
      }
    }
  }

  private static func takeRequirement(_ tokens: inout Tokens) throws(Problem) {
    let isAbsence = tokens.peek == "!"
    if isAbsence { tokens.take() }
    let key = tokens.take() ?? ""
    guard Tokens.isWord(key) else { throw Problem(description: "found '\(key)', expected: identifier") }
    guard Self.key?.matchesWhole(Array(key.utf8)[...]) ?? true else {
      throw Problem(description: "key: Invalid value: \(GoText.quoted(key)): it is no label's name")
    }
    if tokens.peek == nil || tokens.peek == "," || isAbsence { return }
    let name = tokens.take() ?? ""
    switch name {
    case "=", "==", "!=", ">", "<":
      let value = tokens.peek ?? ""
      if value.isEmpty || value == "," { return }
      tokens.take()
      guard Tokens.isWord(value) else { throw Problem(description: "found '\(value)', expected: identifier") }
      try check(value)
    case "in", "notin":
      let open = tokens.take() ?? ""
      guard open == "(" else { throw Problem(description: "found '\(open)' expected: '('") }
      while let value = tokens.take() {
        if value == ")" { return }
        guard value == "," || Tokens.isWord(value) else {
          throw Problem(description: "found '\(value)', expected: ',', or identifier")
        }
        if value == "," { continue }
        try check(value)
        let follower = tokens.peek ?? ""
        guard follower == "," || follower == ")" else {
          throw Problem(description: "found '\(follower)', expected: ',' or ')'")
        }
      }
      throw Problem(description: "found '', expected: ',' or ')'")
    default: throw Problem(description: "found '\(name)', expected: in, notin, =, ==, !=, gt, lt")
    }
  }

  private static func check(_ value: String) throws(Problem) {
    guard Self.value?.matchesWhole(Array(value.utf8)[...]) ?? true else {
      throw Problem(
        description: "values[0][]: Invalid value: \(GoText.quoted(value)): it is no label's value")
    }
  }

  private static let key = try? RE2(
    #"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"#
      + "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
  )
  private static let value = try? RE2("([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")

  /// Words and signs of a selector.
  private struct Tokens {
    private var rest: Substring.UnicodeScalarView
    private static let signs: Set<Unicode.Scalar> = ["=", "!", "(", ")", ",", ">", "<"]
    private static let blanks: Set<Unicode.Scalar> = [" ", "\t", "\r", "\n"]

    init(_ text: String) { rest = Substring(text).unicodeScalars }

    static func isWord(_ token: String) -> Bool {
      token.unicodeScalars.first.map { !signs.contains($0) } ?? false
    }

    /// Nil at the end.
    var peek: String? {
      var copy = self
      return copy.take()
    }

    @discardableResult
    mutating func take() -> String? {
      rest = rest.drop { Self.blanks.contains($0) }
      guard let first = rest.first else { return nil }
      guard Self.signs.contains(first) else {
        let word = rest.prefix { !Self.signs.contains($0) && !Self.blanks.contains($0) }
        rest = rest.dropFirst(word.count)
        return String(word)
      }
      let isLong = (first == "=" || first == "!") && rest.dropFirst().first == "="
      let sign = rest.prefix(isLong ? 2 : 1)
      rest = rest.dropFirst(sign.count)
      return String(sign)
    }
  }
}
