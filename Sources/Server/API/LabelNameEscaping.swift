import TimeSeries

/// The `U__` escaping of names in paths (exposition.md §5).
enum LabelNameEscaping {
  /// Undoes the escaping; a text that is not escaped, or not well, is the name itself.
  static func unescaped(_ name: [UInt8]) -> [UInt8] {
    guard name.starts(with: "U__".utf8) else { return name }
    var result: [UInt8] = []
    var index = 3
    let underscore = UInt8(ascii: "_")
    while index < name.count {
      guard name[index] == underscore else {
        result.append(name[index])
        index += 1
        continue
      }
      guard let end = name[(index + 1)...].firstIndex(of: underscore) else { return name }
      if end == index + 1 {
        result.append(underscore)
      } else {
        let digits = String(decoding: name[(index + 1)..<end], as: UTF8.self)
        guard digits.utf8.count <= 6, digits.utf8.first != UInt8(ascii: "+"),
          let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code)
        else { return name }
        result.append(contentsOf: String(Character(scalar)).utf8)
      }
      index = end + 1
    }
    return result
  }

  /// Whether the bytes are a label's name: not empty, valid UTF-8.
  static func isValid(_ name: [UInt8]) -> Bool {
    var index = 0
    while index < name.count {
      let (scalar, length) = GoQuote.decode(name, at: index)
      guard scalar != nil else { return false }
      index += length
    }
    return !name.isEmpty
  }
}
