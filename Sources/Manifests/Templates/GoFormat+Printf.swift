import TimeSeries

extension GoFormat {
  /// Go's `Sprintf`, its complaints within the text (`%!d(string=x)`) included.
  static func printf(
    _ format: [UInt8], _ arguments: [TemplateValue]
  ) throws(GoFormatOverflow) -> [UInt8] {
    var printer = PrintfReader(format: format, arguments: arguments)
    return try printer.run()
  }
}

/// Reads a format from left to right.
private struct PrintfReader {
  let format: [UInt8]
  let arguments: [TemplateValue]
  private var result = GoFormat()
  private var position = 0
  private var argument = 0
  private var isReordered = false
  private var isGoodIndex = true

  init(format: [UInt8], arguments: [TemplateValue]) {
    self.format = format
    self.arguments = arguments
  }

  /// The largest width or precision; larger ones are no numbers to Go.
  private static let largest = 1_000_000

  mutating func run() throws(GoFormatOverflow) -> [UInt8] {
    while position < format.count {
      let text = format[position...].prefix { $0 != UInt8(ascii: "%") }
      result.write(text)
      position += text.count
      guard position < format.count else { break }
      position += 1
      guard verb() else { break }
      if result.isTooLong { throw GoFormatOverflow() }
    }
    if !isReordered, argument < arguments.count { writeExtra() }
    if result.isTooLong { throw GoFormatOverflow() }
    return result.output
  }

  private var byte: UInt8? { position < format.count ? format[position] : nil }

  /// One directive, after its percent sign; false when the format ends in it.
  private mutating func verb() -> Bool {
    isGoodIndex = true
    readFlags()
    var isAfterIndex = readIndex()
    isAfterIndex = readWidth(isAfterIndex)
    isAfterIndex = readPrecision(isAfterIndex)
    if !isAfterIndex { _ = readIndex() }
    guard position < format.count else {
      result.write("%!(NOVERB)")
      return false
    }
    let (scalar, length) = GoQuote.decode(format, at: position)
    let verb = scalar ?? "\u{FFFD}"
    position += length
    if verb == "%" {
      result.write("%")
    } else if !isGoodIndex {
      result.write("%!\(verb)(BADINDEX)")
    } else if argument >= arguments.count {
      result.write("%!\(verb)(MISSING)")
    } else {
      if verb == "v" {
        result.flags.goSyntax = result.flags.sharp
        result.flags.namesFields = result.flags.plus
        result.flags.sharp = false
        result.flags.plus = false
      }
      result.argument(arguments[argument], verb: verb)
      argument += 1
    }
    return true
  }

  private mutating func readFlags() {
    result.flags = GoFormat.Flags()
    while let next = byte {
      switch next {
      case UInt8(ascii: "#"): result.flags.sharp = true
      case UInt8(ascii: "0"): result.flags.zero = true
      case UInt8(ascii: "+"): result.flags.plus = true
      case UInt8(ascii: "-"): result.flags.minus = true
      case UInt8(ascii: " "): result.flags.space = true
      default: return
      }
      position += 1
    }
  }

  /// `[2]`; whether there was one.
  private mutating func readIndex() -> Bool {
    guard byte == UInt8(ascii: "[") else { return false }
    isReordered = true
    guard let close = format[position...].firstIndex(of: UInt8(ascii: "]")), format.count - position >= 3
    else {
      isGoodIndex = false
      position += 1
      return false
    }
    let start = position + 1
    position = start
    let number = readNumber()
    let isNumber = number != nil && position == close
    position = close + 1
    guard isNumber, let number, number >= 1, number <= arguments.count else {
      isGoodIndex = false
      return isNumber
    }
    argument = number - 1
    return true
  }

  private mutating func readNumber() -> Int? {
    var value: Int?
    while let next = byte, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") {
      value = (value ?? 0) * 10 + Int(next - UInt8(ascii: "0"))
      position += 1
      guard value ?? 0 <= Self.largest else {
        position = format.count
        return nil
      }
    }
    return value
  }

  private mutating func takeNumber() -> Int? {
    guard argument < arguments.count else { return nil }
    defer { argument += 1 }
    guard let value = arguments[argument].wholeNumber, value.magnitude <= Self.largest else { return nil }
    return Int(value)
  }

  private mutating func readWidth(_ isAfterIndex: Bool) -> Bool {
    guard byte == UInt8(ascii: "*") else {
      result.flags.width = readNumber()
      if isAfterIndex, result.flags.width != nil { isGoodIndex = false }
      return isAfterIndex
    }
    position += 1
    if let width = takeNumber() {
      result.flags.width = abs(width)
      if width < 0 {
        result.flags.minus = true
        result.flags.zero = false
      }
    } else {
      result.write("%!(BADWIDTH)")
    }
    return false
  }

  private mutating func readPrecision(_ isAfterIndex: Bool) -> Bool {
    guard byte == UInt8(ascii: ".") else { return isAfterIndex }
    position += 1
    if isAfterIndex { isGoodIndex = false }
    let isIndexed = readIndex()
    guard byte == UInt8(ascii: "*") else {
      result.flags.precision = readNumber() ?? 0
      return isIndexed
    }
    position += 1
    if let precision = takeNumber(), precision >= 0 {
      result.flags.precision = precision
    } else {
      result.write("%!(BADPREC)")
    }
    return false
  }

  private mutating func writeExtra() {
    result.flags = GoFormat.Flags()
    result.write("%!(EXTRA ")
    for (index, value) in arguments[argument...].enumerated() {
      if index > 0 { result.write(", ") }
      guard let type = value.typeName else {
        result.write("<nil>")
        continue
      }
      result.write("\(type)=")
      result.argument(value, verb: "v")
    }
    result.write(")")
  }
}
