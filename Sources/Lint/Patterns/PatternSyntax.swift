/// What a pattern of RE2 says, as far as it can be told without knowing more of Unicode than ASCII's letters.
indirect enum PatternSyntax: Hashable {
  case empty
  /// One code point of a set.
  case points(CodePoints)
  case sequence([PatternSyntax])
  case choice([PatternSyntax])
  case repeated(PatternSyntax, least: Int, most: Int?)
  /// `^`, `\A`: nothing stands before.
  case begin
  /// `$`, `\z`: nothing stands behind.
  case end

  /// Reads a pattern that RE2 accepts, `.` taking every character, as matchers of labels have it; nil for
  /// what is beyond this: `\b`, `(?m)`, `\C`, classes of Unicode, other letters than ASCII's under `(?i)`.
  init?(_ pattern: String) {
    var reader = Reader(pattern)
    guard let whole = reader.alternation(depth: 0), reader.isAtEnd else { return nil }
    self = whole
  }

  private struct Flags {
    var foldsCase = false
    var dotTakesNewline = true
  }

  private struct Reader {
    private let scalars: [UInt32]
    private var at = 0
    private var flags = Flags()

    init(_ pattern: String) { scalars = pattern.unicodeScalars.map(\.value) }

    var isAtEnd: Bool { at == scalars.count }

    private var next: UInt32? { at < scalars.count ? scalars[at] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      guard next == scalar.value else { return false }
      at += 1
      return true
    }

    private func looking(at text: String) -> Bool {
      scalars[at...].starts(with: text.unicodeScalars.map(\.value))
    }

    // MARK: Structure

    /// Up to a closing parenthesis or the end. Flags that are set inside end there.
    mutating func alternation(depth: Int) -> PatternSyntax? {
      guard depth < 64 else { return nil }
      let outer = flags
      defer { flags = outer }
      var parts: [PatternSyntax] = []
      repeat {
        guard let part = sequence(depth) else { return nil }
        parts.append(part)
      } while take("|")
      return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence(_ depth: Int) -> PatternSyntax? {
      var parts: [PatternSyntax] = []
      while let scalar = next, scalar != "|", scalar != ")" {
        if looking(at: "\\Q") {
          guard let texts = quoted() else { return nil }
          parts += texts
          if let last = parts.popLast() { parts.append(repeated(last)) }
          continue
        }
        // Flags are no part: what repeats behind them is what stands before.
        if setFlags() {
          if let last = parts.popLast() { parts.append(repeated(last)) }
          continue
        }
        guard let part = atom(depth) else { return nil }
        parts.append(repeated(part))
      }
      return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func repeated(_ part: PatternSyntax) -> PatternSyntax {
      var part = part
      while let (least, most) = repetition() { part = .repeated(part, least: least, most: most) }
      return part
    }

    private mutating func atom(_ depth: Int) -> PatternSyntax? {
      guard let scalar = next else { return nil }
      at += 1
      switch scalar {
      case "(": return group(depth)
      case "[": return characterClass()
      case ".": return .points(flags.dotTakesNewline ? .all : CodePoints(0x0A).inverted)
      case "^": return .begin
      case "$": return .end
      case "\\": return escape()
      case "*", "+", "?": return nil
      default: return literal(scalar)
      }
    }

    private func literal(_ scalar: UInt32) -> PatternSyntax? {
      folded(CodePoints(scalar)).map(PatternSyntax.points)
    }

    private func folded(_ points: CodePoints) -> CodePoints? { flags.foldsCase ? points.folded : points }

    private mutating func quoted() -> [PatternSyntax]? {
      at += 2
      var found: [PatternSyntax] = []
      while let scalar = next {
        if looking(at: "\\E") {
          at += 2
          break
        }
        guard let one = literal(scalar) else { return nil }
        found.append(one)
        at += 1
      }
      return found
    }

    private mutating func group(_ depth: Int) -> PatternSyntax? {
      if take("?") {
        if looking(at: "P<") || looking(at: "<") {
          guard let close = scalars[at...].firstIndex(of: 0x3E) else { return nil }
          at = close + 1
        } else {
          guard let changed = flagLetters(), take(":") else { return nil }
          let outer = flags
          flags = changed
          defer { flags = outer }
          return closed(alternation(depth: depth + 1))
        }
      }
      return closed(alternation(depth: depth + 1))
    }

    private mutating func closed(_ inner: PatternSyntax?) -> PatternSyntax? { take(")") ? inner : nil }

    /// `(?i)`: for the rest of the group.
    private mutating func setFlags() -> Bool {
      let start = at
      guard take("("), take("?"), let changed = flagLetters(), take(")") else {
        at = start
        return false
      }
      flags = changed
      return true
    }

    private mutating func flagLetters() -> Flags? {
      var changed = flags
      var isSet = true
      while let letter = next, letter != ")", letter != ":" {
        at += 1
        switch letter {
        case "-": isSet = false
        case "i": changed.foldsCase = isSet
        case "s": changed.dotTakesNewline = isSet
        case "m": if isSet { return nil }
        // Which of several ways is taken changes nothing of what is accepted.
        case "U": break
        default: return nil
        }
      }
      return changed
    }

    /// `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`, each perhaps with a `?` behind it.
    private mutating func repetition() -> (least: Int, most: Int?)? {
      let found: (Int, Int?)
      switch next {
      case "*": found = (0, nil)
      case "+": found = (1, nil)
      case "?": found = (0, 1)
      case "{":
        guard let counted = counts() else { return nil }
        _ = take("?")
        return counted
      default: return nil
      }
      at += 1
      _ = take("?")
      return found
    }

    /// Braces without numbers are themselves.
    private mutating func counts() -> (least: Int, most: Int?)? {
      let start = at
      at += 1
      if let least = number() {
        if take("}") { return (least, least) }
        if take(",") {
          if take("}") { return (least, nil) }
          if let most = number(), take("}"), most >= least { return (least, most) }
        }
      }
      at = start
      return nil
    }

    private mutating func number() -> Int? {
      var value: Int?
      while let digit = next, (0x30...0x39).contains(digit), value ?? 0 <= 1000 {
        value = (value ?? 0) * 10 + Int(digit - 0x30)
        at += 1
      }
      return value
    }

    // MARK: Escapes and classes

    private mutating func escape() -> PatternSyntax? {
      switch next {
      case "A":
        at += 1
        return .begin
      case "z":
        at += 1
        return .end
      default:
        if let group = perlGroup() { return .points(group) }
        return escapedPoint().flatMap(literal)
      }
    }

    /// `\d` and its kind, the backslash read; nil and nothing read for anything else.
    private mutating func perlGroup() -> CodePoints? {
      let group: CodePoints
      switch next {
      case "d", "D": group = .digits
      case "s", "S": group = .space
      case "w", "W": group = .word
      default: return nil
      }
      let isNegated = next.map { $0 < 0x61 } ?? false
      at += 1
      guard let all = folded(group) else { return nil }
      return isNegated ? all.inverted : all
    }

    private mutating func escapedPoint() -> UInt32? {
      guard let scalar = next else { return nil }
      at += 1
      switch scalar {
      case "a": return 0x07
      case "f": return 0x0C
      case "n": return 0x0A
      case "r": return 0x0D
      case "t": return 0x09
      case "v": return 0x0B
      case "x": return hexadecimal()
      case 0x30...0x37: return octal(scalar)
      default:
        let isLetterOrDigit = CodePoints.word.contains(scalar) && scalar != "_"
        return scalar < 0x80 && !isLetterOrDigit ? scalar : nil
      }
    }

    private mutating func hexadecimal() -> UInt32? {
      func digit(_ scalar: UInt32?) -> UInt32? {
        guard let scalar, scalar < 0x80 else { return nil }
        return UInt32(String(Unicode.Scalar(UInt8(scalar))), radix: 16)
      }
      if take("{") {
        var value: UInt32 = 0
        while let one = digit(next), value <= 0x10FFFF {
          value = value * 16 + one
          at += 1
        }
        return take("}") && value <= 0x10FFFF ? value : nil
      }
      guard let high = digit(next) else { return nil }
      at += 1
      guard let low = digit(next) else { return nil }
      at += 1
      return high * 16 + low
    }

    /// A single digit other than 0 would be a reference to a group.
    private mutating func octal(_ first: UInt32) -> UInt32? {
      var value = first - 0x30
      var count = 1
      while count < 3, let digit = next, (0x30...0x37).contains(digit) {
        value = value * 8 + digit - 0x30
        at += 1
        count += 1
      }
      return count == 1 && first != 0x30 ? nil : value
    }

    private mutating func characterClass() -> PatternSyntax? {
      let isNegated = take("^")
      var points = CodePoints([])
      var isFirst = true
      while let scalar = next, scalar != "]" || isFirst {
        isFirst = false
        if looking(at: "[:") {
          guard let named = namedClass() else { return nil }
          points = points.union(named)
          continue
        }
        if scalar == "\\" {
          at += 1
          if let group = perlGroup() {
            points = points.union(group)
            continue
          }
          at -= 1
        }
        guard let low = classPoint() else { return nil }
        var high = low
        if next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" {
          at += 1
          guard let end = classPoint(), end >= low else { return nil }
          high = end
        }
        guard let range = folded(CodePoints([low...high])) else { return nil }
        points = points.union(range)
      }
      guard take("]") else { return nil }
      return .points(isNegated ? points.inverted : points)
    }

    private mutating func classPoint() -> UInt32? {
      guard let scalar = next else { return nil }
      at += 1
      return scalar == "\\" ? escapedPoint() : scalar
    }

    /// `[:alpha:]`, `[:^alpha:]`.
    private mutating func namedClass() -> CodePoints? {
      at += 2
      let isNegated = take("^")
      var name = ""
      while let letter = next, (0x61...0x7A).contains(letter) {
        name.unicodeScalars.append(Unicode.Scalar(UInt8(letter)))
        at += 1
      }
      guard looking(at: ":]"), let ranges = Self.namedClasses[name],
        let points = folded(CodePoints(ranges))
      else { return nil }
      at += 2
      return isNegated ? points.inverted : points
    }

    private static let namedClasses: [String: [ClosedRange<UInt32>]] = [
      "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A], "alpha": [0x41...0x5A, 0x61...0x7A],
      "ascii": [0x00...0x7F], "blank": [0x09...0x09, 0x20...0x20], "cntrl": [0x00...0x1F, 0x7F...0x7F],
      "digit": [0x30...0x39], "graph": [0x21...0x7E], "lower": [0x61...0x7A], "print": [0x20...0x7E],
      "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E], "space": [0x09...0x0D, 0x20...0x20],
      "upper": [0x41...0x5A], "word": [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A],
      "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]
  }
}

/// Letters in patterns, which are read as numbers.
private func ~= (letter: Unicode.Scalar, scalar: UInt32) -> Bool { letter.value == scalar }
private func ~= (letter: Unicode.Scalar, scalar: UInt32?) -> Bool { letter.value == scalar }
private func == (scalar: UInt32?, letter: Unicode.Scalar) -> Bool { scalar == letter.value }
private func != (scalar: UInt32, letter: Unicode.Scalar) -> Bool { scalar != letter.value }
