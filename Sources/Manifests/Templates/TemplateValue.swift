import TimeSeries

/// What the expressions of a template yield: the few Go types that can occur.
package enum TemplateValue: Sendable, Hashable {
  /// Go's zero `reflect.Value`: the nil dot, `nil` that went through `and`, `or`.
  case invalid
  /// A nil interface: `nil` given to a function that takes anything.
  case nilInterface
  case boolean(Bool)
  case integer(Int64)
  /// A byte of a text.
  case byte(UInt8)
  case float(Double)
  case complex(Double, Double)
  case text([UInt8])
  /// `map[string]string`
  case map([String: String])
  /// `map[string]interface {}`
  case dictionary([String: TemplateValue])
  /// A struct, or a pointer to one.
  case record(TemplateRecord)
  /// A slice.
  case list(TemplateList)
  /// A time, a duration, and what their methods yield.
  case object(GoObject)
  /// A value that prints itself: a histogram.
  case opaque(TemplateOpaque)

  /// A text of its UTF-8 bytes.
  package static func text(_ string: String) -> TemplateValue { .text(Array(string.utf8)) }

  /// Go's name of the type; nil for what has none.
  package var typeName: String? {
    switch self {
    case .invalid, .nilInterface: nil
    case .boolean: "bool"
    case .integer: "int"
    case .byte: "uint8"
    case .float: "float64"
    case .complex: "complex128"
    case .text: "string"
    case .map: "map[string]string"
    case .dictionary: "map[string]interface {}"
    case .record(let record): record.type
    case .list(let list): list.type
    case .object(let object): object.type
    case .opaque(let value): value.type
    }
  }

  /// Go's `reflect.Value.String`: texts as they are, of others the type.
  var reflectedName: String {
    if case .text(let bytes) = self { return String(decoding: bytes, as: UTF8.self) }
    return typeName.map { "<\($0) Value>" } ?? "<invalid Value>"
  }

  /// What `if` makes of it.
  var isTrue: Bool {
    switch self {
    case .invalid, .nilInterface: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .byte(let value): value != 0
    case .float(let value): value != 0
    case .complex(let real, let imaginary): real != 0 || imaginary != 0
    case .text(let bytes): !bytes.isEmpty
    case .map(let pairs): !pairs.isEmpty
    case .dictionary(let pairs): !pairs.isEmpty
    case .object(let object): object.wholeNumber != 0
    case .opaque(let value): !value.isText || !value.text.isEmpty
    case .record: true
    case .list(let list): !list.items.isEmpty
    }
  }

  /// About the bytes that it takes when printed.
  var size: Int {
    switch self {
    case .invalid, .nilInterface, .boolean, .integer, .byte, .float, .complex, .object: 8
    case .dictionary(let pairs): pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.size + 2 }
    case .text(let bytes): bytes.count
    case .map(let pairs): pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 2 }
    case .record(let record): record.fields.reduce(0) { $0 + $1.value.size }
    case .list(let list): list.items.reduce(0) { $0 + $1.size }
    case .opaque(let value): value.text.count
    }
  }

  /// What a pointer points to; other values as they are.
  var followed: TemplateValue {
    guard case .record(var record) = self, record.type.hasPrefix("*") else { return self }
    record.type.removeFirst()
    return .record(record)
  }

  /// The number of a whole number or a byte.
  var wholeNumber: Int64? {
    switch self {
    case .integer(let value): value
    case .byte(let value): Int64(value)
    case .object(let object): object.wholeNumber
    case .invalid, .nilInterface, .boolean, .float, .complex, .text, .map, .dictionary, .record, .list,
      .opaque:
      nil
    }
  }

  /// The pairs of a map in the order of their keys' bytes, as Go prints and visits them.
  static func sorted<Value>(_ pairs: [String: Value]) -> [(key: String, value: Value)] {
    pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }
}

/// A Go struct with its exported fields in order.
package struct TemplateRecord: Sendable, Hashable {
  /// A field that templates can name.
  package struct Field: Sendable, Hashable {
    package var name: String
    package var value: TemplateValue

    package init(_ name: String, _ value: TemplateValue) {
      self.name = name
      self.value = value
    }
  }

  /// Go's name of the type, with a `*` when it is a pointer.
  package var type: String
  /// In the order in which Go prints them.
  package var fields: [Field]

  package init(type: String, fields: [Field]) {
    self.type = type
    self.fields = fields
  }

  /// Nil when there is no such field. Linear in the fields; names are compared byte for byte.
  package subscript(name: String) -> TemplateValue? {
    fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }
}

/// A Go slice.
package struct TemplateList: Sendable, Hashable {
  /// Go's name of the type.
  package var type: String
  /// Of any length, 0 included.
  package var items: [TemplateValue]

  package init(type: String, items: [TemplateValue]) {
    self.type = type
    self.items = items
  }
}

/// A Go value of which a template sees its text, and a few fields.
package struct TemplateOpaque: Sendable, Hashable {
  /// Go's name of the type.
  package var type: String
  /// What `{{ . }}` prints.
  package var text: [UInt8]
  /// What a template can name all the same.
  package var fields: [TemplateRecord.Field]

  /// Whether Go's type is a text by another name.
  var isText: Bool { type == Self.html }
  private static let html = "template.HTML"

  package init(type: String, text: String, fields: [TemplateRecord.Field] = []) {
    self.type = type
    self.text = Array(text.utf8)
    self.fields = fields
  }

  /// A text that needs no more escaping.
  package init(html text: [UInt8]) {
    type = Self.html
    self.text = text
    fields = []
  }
}
