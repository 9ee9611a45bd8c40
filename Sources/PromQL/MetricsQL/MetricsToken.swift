/// A token of MetricsQL.
struct MetricsToken: Hashable {
  enum Kind: Hashable {
    /// Escapes undone.
    case name(String)
    /// Any bytes.
    case text([UInt8])
    /// In decimal digits: as a duration, seconds.
    case number(Double)
    /// With a suffix or in another base: no duration.
    case size(Double)
    case duration(MetricsDuration)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  var kind: Kind
  var range: SourceRange
}

/// A length of time, a part of it in steps of the query.
struct MetricsDuration: Hashable {
  /// Milliseconds.
  var time: Double = 0
  var steps: Double = 0

  /// Milliseconds, at a step in milliseconds; cut to what a timestamp holds.
  func milliseconds(step: Int64) -> Int64 {
    let total = time + steps * Double(step)
    return Int64(exactly: total.rounded()) ?? (total > 0 ? Int64.max / 4 : Int64.min / 4)
  }

  /// Whether it is, whatever the step.
  var isNegative: Bool { (time < 0 && steps <= 0) || (time <= 0 && steps < 0) }

  var negated: MetricsDuration { MetricsDuration(time: -time, steps: -steps) }
}

/// Why a text is no MetricsQL.
struct MetricsProblem: Error {
  var message: String
  var range: SourceRange

  init(_ message: String, _ range: SourceRange) {
    self.message = message
    self.range = range
  }
}

/// Reads tokens of MetricsQL, as VictoriaMetrics does.
struct MetricsLexer {
  private let bytes: [UInt8]
  private var at = 0

  /// All tokens, an end last. Linear.
  static func tokens(of bytes: [UInt8]) throws(MetricsProblem) -> [MetricsToken] {
    var lexer = MetricsLexer(bytes)
    var found: [MetricsToken] = []
    while true {
      let token = try lexer.next()
      found.append(token)
      if token.kind == .end { return found }
    }
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func next() throws(MetricsProblem) -> MetricsToken {
    skipBlanks()
    let start = at
    guard let byte = peek() else { return token(.end, start) }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try text(byte)
    case _ where Self.isDigit(byte): return try number()
    case UInt8(ascii: ".") where peek(1).map(Self.isDigit) ?? false: return try number()
    case UInt8(ascii: "$"):
      for name in ["$__interval", "$__rate_interval"] where bytes[at...].starts(with: name.utf8) {
        at += name.utf8.count
        return token(.duration(MetricsDuration(steps: 1)), start)
      }
    case _ where Self.startsName(byte): return try name()
    default: break
    }
    for symbol in Self.symbols where bytes[at...].starts(with: symbol.utf8) {
      at += symbol.utf8.count
      return token(.symbol(symbol), start)
    }
    throw MetricsProblem("no expression has this character", SourceRange(start, start + 1))
  }

  /// Longer ones first.
  private static let symbols = [
    "==", "!=", "=~", "!~", ">=", "<=", "=", ">", "<", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[",
    "]", ",", ":", "@",
  ]

  private func token(_ kind: MetricsToken.Kind, _ start: Int) -> MetricsToken {
    MetricsToken(kind: kind, range: SourceRange(start, at))
  }

  private func peek(_ distance: Int = 0) -> UInt8? {
    at + distance < bytes.count ? bytes[at + distance] : nil
  }

  private mutating func skipBlanks() {
    while let byte = peek() {
      if byte == UInt8(ascii: "#") {
        at = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      } else if byte == 0x20 || (0x09...0x0D).contains(byte) {
        at += 1
      } else {
        return
      }
    }
  }

  // MARK: Names and texts

  static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 || byte >= 0x80 }

  private static func startsName(_ byte: UInt8) -> Bool {
    isLetter(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\\")
  }

  /// Whether a name may go on with it: letters, digits, `_`, `:` and `.`.
  private static func goesOn(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || [0x5F, 0x3A, 0x2E].contains(byte)
  }

  private mutating func name() throws(MetricsProblem) -> MetricsToken {
    let start = at
    // A colon alone stands between a window and its step.
    if bytes[at] == UInt8(ascii: ":"), !(peek(1).map(Self.goesOn) ?? false) {
      at += 1
      return token(.symbol(":"), start)
    }
    var name: [UInt8] = []
    while let byte = peek() {
      if byte == UInt8(ascii: "\\") {
        guard let escaped = peek(1) else {
          throw MetricsProblem("nothing is escaped by this backslash", SourceRange(at, at + 1))
        }
        at += 2
        let digits = escaped == UInt8(ascii: "x") ? 2 : escaped == UInt8(ascii: "u") ? 4 : 0
        guard digits > 0 else {
          name.append(escaped)
          continue
        }
        let code = bytes[at...].prefix(digits).compactMap(Self.hex)
        guard code.count == digits,
          let scalar = UnicodeScalar(code.reduce(UInt32(0)) { $0 << 4 | UInt32($1) })
        else {
          throw MetricsProblem("\(digits) hexadecimal digits belong here", SourceRange(at - 2, at))
        }
        name += String(scalar).utf8
        at += digits
      } else if Self.goesOn(byte) {
        name.append(byte)
        at += 1
      } else {
        break
      }
    }
    return token(.name(String(decoding: name, as: UTF8.self)), start)
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
  }

  private mutating func text(_ quote: UInt8) throws(MetricsProblem) -> MetricsToken {
    let start = at
    at += 1
    while let byte = peek(), byte != quote {
      at += byte == UInt8(ascii: "\\") && quote != UInt8(ascii: "`") ? 2 : 1
    }
    guard peek() == quote else {
      throw MetricsProblem("the text has no closing quote", SourceRange(start, bytes.count))
    }
    at += 1
    let literal = Array(bytes[start..<at])
    guard Lexer.tokens(of: literal).problem == nil else {
      throw MetricsProblem("the text has an escape that there is not", SourceRange(start, at))
    }
    return token(.text(StringLiteral.value(literal[...])), start)
  }
}

extension MetricsLexer {
  // MARK: Numbers

  private mutating func number() throws(MetricsProblem) -> MetricsToken {
    let start = at
    if let duration = duration() { return token(.duration(duration), start) }
    if bytes[at] == UInt8(ascii: "0"), let base = Self.base(peek(1)) {
      at += 2
      let first = at
      while let byte = peek(), byte == UInt8(ascii: "_") || Self.hex(byte).map({ $0 < base }) ?? false {
        at += 1
      }
      let digits = bytes[first..<at].filter { $0 != UInt8(ascii: "_") }
      guard !digits.isEmpty else {
        throw MetricsProblem("the number has no digits", SourceRange(start, at))
      }
      let value = digits.reduce(0.0) { $0 * Double(base) + Double(Self.hex($1) ?? 0) }
      return token(.size(value), start)
    }
    digits()
    if peek() == UInt8(ascii: ".") {
      at += 1
      digits()
    }
    var hasExponent = false
    if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
      at += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { at += 1 }
      let first = at
      digits()
      guard at > first else {
        throw MetricsProblem("the number has no exponent", SourceRange(start, at))
      }
      hasExponent = true
    }
    let literal = bytes[start..<at]
    let text = String(decoding: literal.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    let last = literal.last ?? 0
    guard last != UInt8(ascii: "_"), literal.firstRange(of: Array("__".utf8)) == nil,
      let value = Double(text.hasSuffix(".") ? text + "0" : text)
    else { throw MetricsProblem("no number is written so", SourceRange(start, at)) }
    let factor = hasExponent ? 1 : multiplier()
    return token(factor == 1 ? .number(value) : .size(value * factor), start)
  }

  private static func base(_ byte: UInt8?) -> UInt8? {
    switch byte.map({ $0 | 0x20 }) {
    case UInt8(ascii: "x"): 16
    case UInt8(ascii: "o"): 8
    case UInt8(ascii: "b"): 2
    default: nil
    }
  }

  private mutating func digits() {
    while let byte = peek(), Self.isDigit(byte) || byte == UInt8(ascii: "_") { at += 1 }
  }

  /// `K`, `KB`, `Ki`, `KiB` and so on, in any case.
  private mutating func multiplier() -> Double {
    guard let letter = peek(), let power = Self.powers[letter | 0x20] else { return 1 }
    var length = 1
    var base = 1000.0
    if let next = peek(length), next | 0x20 == UInt8(ascii: "i") {
      base = 1024
      length += 1
    }
    if let next = peek(length), next | 0x20 == UInt8(ascii: "b") { length += 1 }
    // A longer word is no suffix.
    at += length
    return (0..<power).reduce(1.0) { value, _ in value * base }
  }

  private static let powers: [UInt8: Int] = [
    UInt8(ascii: "k"): 1, UInt8(ascii: "m"): 2, UInt8(ascii: "g"): 3, UInt8(ascii: "t"): 4,
  ]

  /// `1h30m`, `1.5h`, `5i`, `1d-3h`; nil where none begins.
  private mutating func duration() -> MetricsDuration? {
    var duration = MetricsDuration()
    var end = at
    while true {
      var next = end
      var sign = 1.0
      if end > at, next < bytes.count, bytes[next] == UInt8(ascii: "-") {
        sign = -1
        next += 1
      }
      let first = next
      while next < bytes.count, Self.isDigit(bytes[next]) { next += 1 }
      if next < bytes.count, bytes[next] == UInt8(ascii: ".") {
        next += 1
        while next < bytes.count, Self.isDigit(bytes[next]) { next += 1 }
      }
      guard next > first, let unit = Self.unit(bytes[next...]),
        let value = Double("0" + String(decoding: bytes[first..<next], as: UTF8.self) + "e0")
      else { break }
      if unit.isStep { duration.steps += sign * value } else { duration.time += sign * value * unit.length }
      end = next + unit.count
    }
    guard end > at else { return nil }
    at = end
    return duration
  }

  private struct Unit {
    var count: Int
    /// Milliseconds.
    var length = 0.0
    var isStep = false
  }

  private static func unit(_ rest: ArraySlice<UInt8>) -> Unit? {
    guard let byte = rest.first else { return nil }
    let second = rest.dropFirst().first
    let lower = byte | 0x20
    // `M` is a million, `Mi` and `mb` are sizes.
    if lower == UInt8(ascii: "m") {
      if let second, second | 0x20 == UInt8(ascii: "s") { return Unit(count: 2, length: 1) }
      if byte != lower { return nil }
      if let second, second | 0x20 == UInt8(ascii: "i") || second | 0x20 == UInt8(ascii: "b") { return nil }
      return Unit(count: 1, length: 60_000)
    }
    let lengths: [UInt8: Double] = [
      UInt8(ascii: "s"): 1000, UInt8(ascii: "h"): 3_600_000, UInt8(ascii: "d"): 86_400_000,
      UInt8(ascii: "w"): 604_800_000, UInt8(ascii: "y"): 31_536_000_000,
    ]
    if lower == UInt8(ascii: "i") { return Unit(count: 1, isStep: true) }
    return lengths[lower].map { Unit(count: 1, length: $0) }
  }
}
