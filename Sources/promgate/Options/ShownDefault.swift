import ArgumentParser
import TimeSeries

/// The default of an option whose text the tool reads itself, so that the parser cannot show it.
enum ShownDefault {
  /// In milliseconds.
  case duration(Int64)
  /// In bytes.
  case size(Int)
  case count(Int)
  case text(String)

  /// As somebody would write it: `15s`, `64M`.
  var text: String {
    switch self {
    case .duration(let milliseconds): return DurationText.text(milliseconds: milliseconds)
    case .size(let bytes):
      let units = [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
      let unit = units.first { bytes >= $0.1 && bytes % $0.1 == 0 }
      return unit.map { "\(bytes / $0.1)\($0.0)" } ?? String(bytes)
    case .count(let count): return String(count)
    case .text(let text): return text
    }
  }
}

extension ArgumentHelp {
  /// Help that says what holds where the option is not given.
  init(_ abstract: String, discussion: String = "", default value: ShownDefault, valueName: String) {
    self.init(
      "\(abstract) (default: \(value.text))", discussion: discussion, valueName: valueName)
  }
}
