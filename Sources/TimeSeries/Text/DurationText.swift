/// Durations as Prometheus reads and writes them: `1h30m`, `5m`, `0` (promql.md §4.2).
public enum DurationText {
  /// Why a text is no duration; `description` is Prometheus' message.
  public enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
    case empty
    case invalid(String)
    case unknownUnit(String, in: String)
    case outOfRange

    public var description: String {
      switch self {
      case .empty: "empty duration string"
      case .invalid(let text): "not a valid duration string: \(GoText.quoted(text))"
      case .unknownUnit(let unit, let text):
        "unknown unit \(GoText.quoted(unit)) in duration \(GoText.quoted(text))"
      case .outOfRange: "duration out of range"
      }
    }
  }

  /// Milliseconds a unit, in the order in which units may follow each other.
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000),
    ("m", 60_000), ("s", 1_000), ("ms", 1),
  ]

  /// The longest duration, in milliseconds: 2^63 − 1 ns.
  private static let longest: UInt64 = 9_223_372_036_854

  /// Reads a duration without sign, fraction or blanks, in milliseconds.
  public static func milliseconds(_ text: some Collection<UInt8>) throws(Problem) -> Int64 {
    let bytes = Array(text)
    let whole = String(decoding: bytes, as: UTF8.self)
    if bytes.isEmpty { throw .empty }
    if bytes == [UInt8(ascii: "0")] { return 0 }
    var position = 0
    var total: UInt64 = 0
    var nextUnit = 0
    while position < bytes.count {
      let digits = bytes[position...].prefix { isDigit($0) }
      let unit = bytes[(position + digits.count)...].prefix { !isDigit($0) }
      guard let value = UInt64(String(decoding: digits, as: UTF8.self)), !unit.isEmpty else {
        throw .invalid(whole)
      }
      let name = String(decoding: unit, as: UTF8.self)
      guard let index = units.firstIndex(where: { $0.name.utf8.elementsEqual(unit) }) else {
        throw .unknownUnit(name, in: whole)
      }
      guard index >= nextUnit else { throw .invalid(whole) }
      let (part, overflow) = value.multipliedReportingOverflow(by: UInt64(units[index].milliseconds))
      guard !overflow, part <= longest, total + part <= longest else { throw .outOfRange }
      total += part
      nextUnit = index + 1
      position += digits.count + unit.count
    }
    return Int64(total)
  }

  /// Writes milliseconds: `1m30s`, `36h` as `1d12h`, `0s`, `-5m`. Years and weeks appear only when
  /// nothing smaller is left.
  public static func text(milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var rest = milliseconds.magnitude
    var text = milliseconds < 0 ? "-" : ""
    for (name, length) in units {
      let length = UInt64(length)
      let count = rest / length
      let isCoarse = name == "y" || name == "w"
      if count == 0 || (isCoarse && rest % length != 0) { continue }
      text += "\(count)\(name)"
      rest %= length
    }
    return text
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
