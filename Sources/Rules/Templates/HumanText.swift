import Manifests
import TimeSeries

/// Numbers for people, as Prometheus' `humanize…` functions write them (config.md §9.4).
enum HumanText {
  private static let large = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
  private static let small = ["m", "u", "n", "p", "f", "a", "z", "y"]

  /// `1.235M`, `12m`
  static func decimal(_ number: Double) -> String {
    guard number.isFinite, number != 0 else { return plain(number) }
    if abs(number) < 1 { return below(number) }
    return above(number, base: 1000, large)
  }

  /// `1.5Mi`
  static func binary(_ number: Double) -> String {
    guard number.isFinite, abs(number) > 1 else { return plain(number) }
    return above(number, base: 1024, large.map { $0 + "i" })
  }

  private static func above(_ number: Double, base: Double, _ prefixes: [String]) -> String {
    var rest = number
    var prefix = ""
    for next in prefixes where abs(rest) >= base {
      prefix = next
      rest /= base
    }
    return plain(rest) + prefix
  }

  private static func below(_ number: Double) -> String {
    var rest = number
    var prefix = ""
    for next in small where abs(rest) < 1 {
      prefix = next
      rest *= 1000
    }
    return plain(rest) + prefix
  }

  private static func plain(_ number: Double) -> String { TextTemplate.formatted("%.4g", number) }

  /// Seconds as `1d 2h 3m 4s`, `12.35s`, `12ms`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return plain(seconds) }
    if seconds == 0 { return "0s" }
    if abs(seconds) < 1 { return below(seconds) + "s" }
    let sign = seconds < 0 ? "-" : ""
    // What does not fit becomes the smallest number, as on amd64.
    let whole = Int64(exactly: abs(seconds).rounded(.towardZero)) ?? .min
    let parts = [
      (whole / 86_400, "d"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "m"), (whole % 60, "s"),
    ]
    let shown = parts.drop { $0.0 == 0 }
    guard shown.count > 1 else { return sign + plain(abs(seconds)) + "s" }
    return sign + shown.map { "\($0.0)\($0.1)" }.joined(separator: " ")
  }
}
