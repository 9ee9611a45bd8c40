import TimeSeries

/// A result that would be larger than `TemplateLimits.output`.
struct GoFormatOverflow: Error {}

/// Go's fmt for the values of templates: `Sprint`, `Sprintln`, `Sprintf`.
struct GoFormat {
  private(set) var output: [UInt8] = []
  var flags = Flags()

  struct Flags {
    var sharp = false
    var zero = false
    var plus = false
    var minus = false
    var space = false
    /// `%#v`
    var goSyntax = false
    /// `%+v`: fields with their names.
    var namesFields = false
    var width: Int?
    var precision: Int?
  }

  /// Operands one after the other, a blank between two that are no texts.
  static func print(_ arguments: [TemplateValue]) -> [UInt8] {
    var result: [UInt8] = []
    for (index, argument) in arguments.enumerated() {
      if index > 0, !argument.isText, !arguments[index - 1].isText { result.append(UInt8(ascii: " ")) }
      result += plain(argument)
    }
    return result
  }

  /// Operands with blanks between them and a line feed behind.
  static func printLine(_ arguments: [TemplateValue]) -> [UInt8] {
    let parts = arguments.map { plain($0) }
    return Array(parts.joined(separator: [UInt8(ascii: " ")])) + [UInt8(ascii: "\n")]
  }

  /// `%v`
  static func plain(_ value: TemplateValue) -> [UInt8] {
    switch value {
    case .text(let bytes): return bytes
    case .invalid, .nilInterface: return Array("<nil>".utf8)
    case .boolean(let value): return Array((value ? "true" : "false").utf8)
    case .integer(let value): return Array(String(value).utf8)
    case .byte(let value): return Array(String(value).utf8)
    case .float(let value): return Array(GoText.general(value).utf8)
    case .opaque(let value): return value.text
    case .object(let object): return Array(object.description.utf8)
    case .complex, .map, .dictionary, .record, .list:
      var format = GoFormat()
      format.argument(value, verb: "v")
      return format.output
    }
  }

  /// Whether the text has grown beyond what a template may write.
  var isTooLong: Bool { output.count > TemplateLimits.output }

  mutating func write(_ bytes: some Sequence<UInt8>) { output.append(contentsOf: bytes) }
  mutating func write(_ text: String) { output.append(contentsOf: text.utf8) }

  // Padding.

  mutating func writePadding(_ count: Int) {
    guard count > 0 else { return }
    let byte = UInt8(ascii: flags.zero && !flags.minus ? "0" : " ")
    output.append(contentsOf: repeatElement(byte, count: count))
  }

  /// To the width, which counts characters.
  mutating func pad(_ bytes: [UInt8]) {
    guard let width = flags.width, width > 0 else { return write(bytes) }
    let missing = width - String(decoding: bytes, as: UTF8.self).unicodeScalars.count
    if flags.minus {
      write(bytes)
      writePadding(missing)
    } else {
      writePadding(missing)
      write(bytes)
    }
  }

  mutating func padUnfilled(_ bytes: [UInt8]) {
    let zero = flags.zero
    flags.zero = false
    pad(bytes)
    flags.zero = zero
  }

  // Values.

  mutating func argument(_ value: TemplateValue, verb: Unicode.Scalar) {
    guard let type = value.typeName else {
      if verb == "T" || verb == "v" { return pad(Array("<nil>".utf8)) }
      return badVerb(verb, value)
    }
    if verb == "T" { return text(Array(type.utf8), verb: "s", of: value) }
    switch value {
    case .invalid, .nilInterface: badVerb(verb, value)
    case .boolean(let isTrue):
      guard verb == "t" || verb == "v" else { return badVerb(verb, value) }
      pad(Array((isTrue ? "true" : "false").utf8))
    case .integer(let number): integer(number.magnitude, isNegative: number < 0, verb: verb, of: value)
    case .byte(let byte): integer(UInt64(byte), isNegative: false, verb: verb, of: value)
    case .float(let number): float(number, verb: verb, of: value)
    case .complex(let real, let imaginary): complex(real, imaginary, verb: verb, of: value)
    case .text(let bytes): text(bytes, verb: verb, of: value)
    case .map(let pairs):
      map(pairs, type: type, verb: verb) { .text($0) }
    case .dictionary(let pairs):
      map(pairs, type: type, verb: verb) { $0 }
    case .record(let record):
      if record.type.hasPrefix("*") { write("&") }
      if flags.goSyntax || flags.namesFields { return named(record, verb: verb) }
      sequence(record.fields.map(\.value), between: ("{", "}"), verb: verb)
    case .list(let list): sequence(list.items, between: ("[", "]"), verb: verb)
    case .object(let object): self.object(object, verb: verb)
    case .opaque(let opaque): text(opaque.text, verb: verb, of: value)
    }
  }

  private mutating func sequence(
    _ values: [TemplateValue], between brackets: (String, String), verb: Unicode.Scalar
  ) {
    write(brackets.0)
    for (index, value) in values.enumerated() {
      if index > 0 { write(" ") }
      argument(value, verb: verb)
    }
    write(brackets.1)
  }

  /// With the names of the fields; as Go source with the type's, too.
  private mutating func named(_ record: TemplateRecord, verb: Unicode.Scalar) {
    write(flags.goSyntax ? record.type.drop { $0 == "*" } + "{" : "{")
    for (index, field) in record.fields.enumerated() {
      write("\(index == 0 ? "" : flags.goSyntax ? ", " : " ")\(field.name):")
      argument(field.value, verb: verb)
    }
    write("}")
  }

  mutating func badVerb(_ verb: Unicode.Scalar, _ value: TemplateValue) {
    write("%!\(verb)(")
    if let type = value.typeName {
      write("\(type)=")
      // Here no number prints its name.
      if case .object(let object) = value, let number = object.wholeNumber {
        integer(number.magnitude, isNegative: number < 0, verb: "v", of: .integer(number))
      } else {
        argument(value, verb: "v")
      }
    } else {
      write("<nil>")
    }
    write(")")
  }

  private mutating func map<Value>(
    _ pairs: [String: Value], type: String, verb: Unicode.Scalar, _ element: (Value) -> TemplateValue
  ) {
    if flags.goSyntax {
      write(type)
      guard !pairs.isEmpty else { return write("(nil)") }
    }
    write(flags.goSyntax ? "{" : "map[")
    for (index, pair) in TemplateValue.sorted(pairs).enumerated() {
      if index > 0 { write(flags.goSyntax ? ", " : " ") }
      argument(.text(pair.key), verb: verb)
      write(":")
      argument(element(pair.value), verb: verb)
    }
    write(flags.goSyntax ? "}" : "]")
  }

  private mutating func text(_ bytes: [UInt8], verb: Unicode.Scalar, of value: TemplateValue) {
    switch verb {
    case "v" where flags.goSyntax: quote(bytes)
    case "v", "s": pad(truncated(bytes))
    case "x": hex(bytes, isUpper: false)
    case "X": hex(bytes, isUpper: true)
    case "q": quote(bytes)
    default: badVerb(verb, value)
    }
  }

  /// To the precision, which counts characters.
  private func truncated(_ bytes: [UInt8]) -> [UInt8] {
    guard let precision = flags.precision else { return bytes }
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    guard scalars.count > precision else { return bytes }
    return scalars.prefix(precision).flatMap { Array(String($0).utf8) }
  }

  private mutating func quote(_ bytes: [UInt8]) {
    let shown = truncated(bytes)
    if flags.sharp, canBackquote(shown) {
      pad([UInt8(ascii: "`")] + shown + [UInt8(ascii: "`")])
    } else {
      pad(Array(flags.plus ? asciiQuoted(shown).utf8 : GoText.quoted(shown).utf8))
    }
  }

  private func canBackquote(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { ($0 >= 0x20 || $0 == 0x09) && $0 != UInt8(ascii: "`") && $0 != 0x7F }
      && String(validating: bytes, as: UTF8.self) != nil
  }

  /// `%+q`: everything beyond ASCII escaped.
  private func asciiQuoted(_ bytes: [UInt8]) -> String {
    GoText.quoted(bytes).unicodeScalars.map { scalar in
      scalar.isASCII ? String(scalar) : Self.escaped(scalar)
    }.joined()
  }

  static func escaped(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    let count = scalar.value > 0xFFFF ? 8 : 4
    return (count == 8 ? "\\U" : "\\u") + String(repeating: "0", count: count - digits.utf8.count) + digits
  }

  private mutating func hex(_ bytes: [UInt8], isUpper: Bool) {
    let shown = bytes.prefix(flags.precision ?? bytes.count)
    guard !shown.isEmpty else { return writePadding(flags.width ?? 0) }
    let prefix = flags.sharp ? (isUpper ? "0X" : "0x") : ""
    let pairs = shown.map { byte in
      let digits = String(byte, radix: 16, uppercase: isUpper)
      return (flags.space ? prefix : "") + (byte < 16 ? "0" : "") + digits
    }
    pad(Array(((flags.space ? "" : prefix) + pairs.joined(separator: flags.space ? " " : "")).utf8))
  }
}

extension TemplateValue {
  fileprivate var isText: Bool { if case .text = self { true } else { false } }
}
