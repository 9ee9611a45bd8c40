import ArgumentParser
import Server

/// Reads what users write in options. Every reader throws a reason that ArgumentParser shows.
enum ArgumentText {
  /// A positive duration, milliseconds: `15s`, `1h30m`, `0.5` (seconds).
  static func duration(_ text: String) throws -> Int64 {
    let milliseconds = try problem { try TimeParameter.nanoseconds(text.utf8) } / 1_000_000
    guard milliseconds > 0 else {
      throw ValidationError("a duration is positive, for example 15s, 5m or 1h30m")
    }
    return milliseconds
  }

  /// A time, milliseconds since the epoch: `1748736000.5` or `2025-06-01T00:00:00Z`.
  static func time(_ text: String) throws -> Int64 {
    let time = try problem { try TimeParameter.milliseconds(text.utf8) }
    guard time != .min, time != .max else { throw ValidationError("the time is out of range") }
    return time
  }

  /// A number of bytes: `1000000`, `512K`, `64M`, `2G` (of 1024).
  static func size(_ text: String) throws -> Int {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = text.last.flatMap { units[$0] }
    let (size, overflows) = (Int(unit == nil ? text[...] : text.dropLast()) ?? 0)
      .multipliedReportingOverflow(by: unit ?? 1)
    guard size > 0, !overflows else {
      throw ValidationError("a size is a positive number of bytes, for example 64M (units: K, M, G)")
    }
    return size
  }

  /// `127.0.0.1:9090`, `[::1]:9090`, `:9090`.
  static func listenAddress(_ text: String) throws -> ListenAddress {
    try problem { try ListenAddress(parsing: text) }
  }

  /// A positive number.
  static func count(_ text: String) throws -> Int {
    guard let count = Int(text), count > 0 else { throw ValidationError("not a positive number") }
    return count
  }

  private static func problem<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch { throw ValidationError("\(error)") }
  }
}
