import TimeSeries

/// The parameters of a request: a form in the body first, then the URL's query (http-api.md §1). Fields
/// of a multipart body come behind the query, as in Go's library.
///
/// Values are bytes: a query may hold invalid UTF-8 and has to be reported as it is.
struct FormValues: Sendable {
  private var values: [(name: [UInt8], value: [UInt8])] = []
  /// The first fault of the encoding, in Go's words. Faulty pairs are left out.
  private(set) var problem: String?

  /// A form in a body has no more bytes, and a text no more parameters, in Go's library either.
  private static let largestForm = 10 << 20
  private static let mostParameters = 10_000

  init(_ request: ServerRequest) {
    if (request.method == .post || request.method == .put) && Self.isForm(request) {
      if request.body.count > Self.largestForm {
        problem = "http: POST too large"
      } else {
        read(request.body)
      }
    }
    if let query = request.query { read(Array(query.utf8)) }
    if request.method == .post || request.method == .put, let type = request.headers["Content-Type"],
      let form = MultipartForm(request.body, contentType: type)
    {
      values += form.fields
    }
  }

  /// The parameters of a URL's query.
  init(query: String) { read(Array(query.utf8)) }

  /// The parameters' names, each once.
  var names: Set<String> { Set(values.map { String(decoding: $0.name, as: UTF8.self) }) }

  /// The first value of a parameter; empty when it is absent.
  func first(_ name: String) -> [UInt8] { values.first { $0.name.elementsEqual(name.utf8) }?.value ?? [] }

  /// The first value of a parameter as text; nil when it is absent or empty.
  func text(_ name: String) -> String? {
    let value = first(name)
    return value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
  }

  /// All values of a parameter, in order.
  func all(_ name: String) -> [[UInt8]] {
    values.filter { $0.name.elementsEqual(name.utf8) }.map(\.value)
  }

  private static func isForm(_ request: ServerRequest) -> Bool {
    let form = "application/x-www-form-urlencoded"
    let header = request.headers["Content-Type"] ?? ""
    if header == form { return true }
    let type = header.utf8.prefix { $0 != UInt8(ascii: ";") }.lazy.filter { $0 != UInt8(ascii: " ") }
    return type.elementsEqual(form.utf8) { $0 | 0x20 == $1 || $0 == $1 }
  }

  private mutating func read(_ text: [UInt8]) {
    guard text.count(where: { $0 == UInt8(ascii: "&") }) < Self.mostParameters else {
      problem = problem ?? "number of URL query parameters exceeded limit"
      return
    }
    for pair in text.split(separator: UInt8(ascii: "&")) {
      guard !pair.contains(UInt8(ascii: ";")) else {
        problem = problem ?? "invalid semicolon separator in query"
        continue
      }
      let equal = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      do {
        let name = try URLText.decoded(pair[..<equal], plusIsSpace: true)
        let value = try URLText.decoded(pair[equal...].dropFirst(), plusIsSpace: true)
        values.append((name, value))
      } catch {
        problem = problem ?? error.description
      }
    }
  }
}

/// Percent-encoding as URLs use it.
enum URLText {
  /// A `%` without two hex digits after it.
  struct Problem: Error, Sendable, CustomStringConvertible {
    /// Go's words: `invalid URL escape "%zz"`.
    let description: String
  }

  /// Undoes percent-encoding, and `+` for blanks where a form is read.
  static func decoded(_ text: ArraySlice<UInt8>, plusIsSpace: Bool) throws(Problem) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "%") {
        guard index + 2 < text.endIndex, let high = hexDigit(text[index + 1]),
          let low = hexDigit(text[index + 2])
        else { throw Problem(description: "invalid URL escape \(GoText.quoted(text[index...].prefix(3)))") }
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        index += 1
      }
    }
    return result
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
