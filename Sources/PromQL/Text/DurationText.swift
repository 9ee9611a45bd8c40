import TimeSeries

/// Durations as PromQL writes them: `1h30m`, `5s200ms` (promql.md §4.2).
public enum DurationText {
  /// Why a text is no duration, in Prometheus' words.
  public enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
    case empty
    case notADuration(String)
    case unknownUnit(String, String)
    case outOfRange

    public var description: String {
      switch self {
      case .empty: "empty duration string"
      case .notADuration(let quoted): "not a valid duration string: \(quoted)"
      case .unknownUnit(let unit, let quoted): "unknown unit \(unit) in duration \(quoted)"
      case .outOfRange: "duration out of range"
      }
    }
  }

  private struct Unit {
    var name: String
    var milliseconds: Int64
    /// Whether it is printed only when the whole value is a multiple of it.
    var isExact = false
  }

  /// From the largest to the smallest, the order in which they may be written.
  private static let units = [
    Unit(name: "y", milliseconds: 365 * 86_400_000, isExact: true),
    Unit(name: "w", milliseconds: 7 * 86_400_000, isExact: true),
    Unit(name: "d", milliseconds: 86_400_000),
    Unit(name: "h", milliseconds: 3_600_000),
    Unit(name: "m", milliseconds: 60_000),
    Unit(name: "s", milliseconds: 1000),
    Unit(name: "ms", milliseconds: 1),
  ]

  /// The duration in nanoseconds. No sign, no fraction, no spaces; units in descending order.
  public static func nanoseconds(_ text: some Collection<UInt8>) throws(Problem) -> Int64 {
    let bytes = Array(text)
    if bytes == [UInt8(ascii: "0")] { return 0 }
    if bytes.isEmpty { throw .empty }
    var rest = bytes[...]
    var total: UInt64 = 0
    var nextUnit = 0
    while !rest.isEmpty {
      let digits = rest.prefix(while: Lexer.isDigit)
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { !Lexer.isDigit($0) }
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, let count = UInt64(String(decoding: digits, as: UTF8.self)) else {
        throw .notADuration(GoQuote.quoted(bytes))
      }
      guard let index = units.firstIndex(where: { $0.name.utf8.elementsEqual(name) }) else {
        throw .unknownUnit(GoQuote.quoted(name), GoQuote.quoted(bytes))
      }
      if index < nextUnit { throw .notADuration(GoQuote.quoted(bytes)) }
      nextUnit = index + 1
      let (part, overflow) = count.multipliedReportingOverflow(
        by: UInt64(units[index].milliseconds) * 1_000_000)
      let (sum, sumOverflow) = total.addingReportingOverflow(part)
      if overflow || sumOverflow || sum > UInt64(Int64.max) { throw .outOfRange }
      total = sum
    }
    return Int64(total)
  }

  /// `1d12h`; `0s` for zero; `-` in front of a negative duration.
  public static func text(milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var text = milliseconds < 0 ? "-" : ""
    var rest = milliseconds.magnitude
    for unit in units {
      let size = UInt64(unit.milliseconds)
      if unit.isExact, rest % size != 0 { continue }
      if rest >= size { text += "\(rest / size)\(unit.name)" }
      rest %= size
    }
    return text
  }

  /// As `text(milliseconds:)`, what is below a millisecond cut off.
  public static func text(nanoseconds: Int64) -> String { text(milliseconds: nanoseconds / 1_000_000) }
}
