/// Go's own functions, which every template can call. The raw values are the names.
enum TemplateFunction: String, Sendable, Hashable, CaseIterable {
  case and
  case call
  case eq
  case ge
  case gt
  case html
  case index
  case js
  case le
  case len
  case lt
  case ne
  case not
  case or
  case print
  case printf
  case println
  case slice
  case urlquery

  var signature: TemplateSignature {
    switch self {
    case .and, .or: TemplateSignature(fixed: [.value], rest: .value)
    case .call, .index, .slice, .eq: TemplateSignature(fixed: [.value], rest: .value)
    case .ne, .lt, .le, .gt, .ge: TemplateSignature(fixed: [.value, .value])
    case .len, .not: TemplateSignature(fixed: [.value])
    case .print, .println, .html, .js, .urlquery: TemplateSignature(rest: .any)
    case .printf: TemplateSignature(fixed: [.text], rest: .any)
    }
  }
}

extension TemplateFunction {
  /// Calls the function. `and` and `or` are not called: they stop at the first argument that decides.
  ///
  /// - Parameter calleeName: what `call`'s first argument is written as.
  /// - Parameter namesComparedTypes: see `TemplateLibrary`.
  func call(
    _ arguments: [TemplateValue], calleeName: String, namesComparedTypes: Bool
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    switch self {
    case .and, .or: arguments.last ?? .invalid
    case .call: try Self.callee(arguments.first ?? .invalid, calleeName)
    case .index: try Self.index(arguments)
    case .slice: try Self.slice(arguments)
    case .len: try Self.length(arguments.first ?? .invalid)
    case .not: .boolean(!(arguments.first ?? .invalid).isTrue)
    case .eq, .ne, .lt, .le, .gt, .ge:
      .boolean(try TemplateComparison(namesTypes: namesComparedTypes).call(self, arguments))
    case .print: .text(GoFormat.print(arguments))
    case .println: .text(GoFormat.printLine(arguments))
    case .printf: try Self.printf(arguments)
    case .html: .text(TemplateEscape.html(TemplateEscape.text(arguments)))
    case .js: .text(TemplateEscape.javaScript(TemplateEscape.text(arguments)))
    case .urlquery: .text(TemplateEscape.query(TemplateEscape.text(arguments)))
    }
  }

  /// No value of a template is a function.
  private static func callee(
    _ value: TemplateValue, _ name: String
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    guard let type = value.typeName else { throw .message("call of nil") }
    throw .message("non-function \(name) of type \(type)")
  }

  private static func printf(
    _ arguments: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    guard case .text(let format)? = arguments.first else { return .text([]) }
    do {
      return .text(try GoFormat.printf(format, Array(arguments.dropFirst())))
    } catch {
      throw .tooLong
    }
  }

  private static func length(
    _ value: TemplateValue
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    switch value {
    case .text(let bytes): return .integer(Int64(bytes.count))
    case .map(let pairs): return .integer(Int64(pairs.count))
    case .dictionary(let pairs): return .integer(Int64(pairs.count))
    case .list(let list): return .integer(Int64(list.items.count))
    case .opaque(let opaque) where opaque.isText: return .integer(Int64(opaque.text.count))
    case .invalid: throw .message("reflect: call of reflect.Value.Type on zero Value")
    case .nilInterface: throw .message("len of nil pointer")
    case .boolean, .integer, .byte, .float, .complex, .record, .object, .opaque:
      let type = value.typeName ?? "nil"
      // A pointer is followed.
      if case .object = value, type.hasPrefix("*") { throw .message("len of type \(type.dropFirst())") }
      throw .message("len of type \(type)")
    }
  }

  private static func index(
    _ arguments: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    var item = arguments.first ?? .invalid
    guard item.typeName != nil else { throw .message("index of untyped nil") }
    for index in arguments.dropFirst() {
      switch item {
      case .text(let bytes):
        let position = try offset(index, limit: bytes.count)
        guard position < bytes.count else { throw .message("reflect: string index out of range") }
        item = .byte(bytes[position])
      case .map(let pairs):
        let key = try key(index)
        let pair = pairs.first { $0.key.utf8.elementsEqual(key) }
        item = .text(pair?.value ?? "")
      case .dictionary(let pairs):
        let key = try key(index)
        let pair = pairs.first { $0.key.utf8.elementsEqual(key) }
        item = pair?.value ?? .nilInterface
      case .list(let list):
        let position = try offset(index, limit: list.items.count)
        guard position < list.items.count else {
          throw .message("reflect: slice index out of range")
        }
        item = list.items[position]
      case .invalid, .nilInterface, .boolean, .integer, .byte, .float, .complex, .record, .object,
        .opaque:
        throw .message("can't index item of type \(item.typeName ?? "nil")")
      }
    }
    return item
  }

  private static func key(_ index: TemplateValue) throws(TemplateFunctionFailure) -> [UInt8] {
    guard let type = index.typeName else { throw .message("value is nil; should be of type string") }
    guard case .text(let key) = index else {
      throw .message("value has type \(type); should be string")
    }
    return key
  }

  private static func offset(
    _ index: TemplateValue, limit: Int
  ) throws(TemplateFunctionFailure) -> Int {
    guard let type = index.typeName else { throw .message("cannot index slice/array with nil") }
    guard let number = index.wholeNumber else {
      throw .message("cannot index slice/array with type \(type)")
    }
    guard number >= 0, number <= limit else { throw .message("index out of range: \(number)") }
    return Int(number)
  }

  private static func slice(
    _ arguments: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    let item = arguments.first ?? .invalid
    let indexes = arguments.dropFirst()
    guard let type = item.typeName else { throw .message("slice of untyped nil") }
    guard indexes.count <= 3 else { throw .message("too many slice indexes: \(indexes.count)") }
    guard case .text(let bytes) = item else { throw .message("can't slice item of type \(type)") }
    guard indexes.count < 3 else { throw .message("cannot 3-index slice a string") }
    var bounds = [0, bytes.count]
    for (place, index) in indexes.enumerated() { bounds[place] = try offset(index, limit: bytes.count) }
    guard bounds[0] <= bounds[1] else {
      throw .message("invalid slice index: \(bounds[0]) > \(bounds[1])")
    }
    return .text(Array(bytes[bounds[0]..<bounds[1]]))
  }
}
