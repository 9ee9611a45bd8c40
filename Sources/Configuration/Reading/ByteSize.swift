import TimeSeries

/// Numbers of bytes with a unit, each 1024 times the one before (config.md §1).
enum ByteSize {
  /// In Prometheus' words.
  struct Problem: Error, CustomStringConvertible { var description: String }

  private static let units: [(name: String, bytes: Double)] = [
    ("B", 1), ("KB", 0x1p10), ("KiB", 0x1p10), ("MB", 0x1p20), ("MiB", 0x1p20), ("GB", 0x1p30),
    ("GiB", 0x1p30),
    ("TB", 0x1p40), ("TiB", 0x1p40), ("PB", 0x1p50), ("PiB", 0x1p50), ("EB", 0x1p60), ("EiB", 0x1p60),
  ]

  /// Several parts may follow each other: `1GB512MB`. A sign may come first.
  static func bytes(_ text: String) throws(Problem) -> Int64 {
    var rest = Array(text.utf8)[...]
    let sign: Double = rest.first == UInt8(ascii: "-") ? -1 : 1
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest.removeFirst() }
    if rest.elementsEqual("0".utf8) { return 0 }
    guard !rest.isEmpty else { throw Problem(description: "units: invalid \(text)") }
    var sum = 0.0
    while let first = rest.first {
      guard first == UInt8(ascii: ".") || isDigit(first) else {
        throw Problem(description: "units: invalid \(text)")
      }
      var points = 0
      let number = rest.prefix { byte in
        points += byte == UInt8(ascii: ".") ? 1 : 0
        return isDigit(byte) || (byte == UInt8(ascii: ".") && points == 1)
      }
      guard number.contains(where: isDigit), let value = try? GoNumber.float(Array(number)) else {
        throw Problem(description: "units: invalid \(text)")
      }
      rest = rest.dropFirst(number.count)
      let unit = rest.prefix { $0 != UInt8(ascii: ".") && !isDigit($0) }
      rest = rest.dropFirst(unit.count)
      guard let known = units.first(where: { $0.name.utf8.elementsEqual(unit) }) else {
        let name = String(decoding: unit, as: UTF8.self)
        throw Problem(description: "units: unknown unit \(name) in \(text)")
      }
      sum += value * known.bytes
    }
    guard let bytes = Int64(exactly: (sign * sum).rounded(.towardZero)) else {
      throw Problem(description: "units: overflow parsing unit")
    }
    return bytes
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
