import Gate
import Manifests
import TimeSeries

/// A row of cells that a value fills, in eighths of a cell, with a bound marked.
struct Gauge: Sendable {
  /// What the empty row and the full row stand for.
  var range: ClosedRange<Double>
  /// Cells.
  var width: Int
  /// Where the mark stands; nil for none.
  var bound: Double?

  private static let eighths: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
  private static let full: Character = "█"
  private static let empty: Character = "·"
  private static let mark: Character = "│"

  /// `███▌·│··`; a value beyond the range fills all or nothing, nil nothing.
  func drawing(of value: Double?) -> String {
    var cells = [Character](repeating: Self.empty, count: width)
    let filled = value.map { eighthsFilled(by: $0) } ?? 0
    for cell in cells.indices {
      let rest = filled - cell * 8
      if rest >= 8 { cells[cell] = Self.full } else if rest > 0 { cells[cell] = Self.eighths[rest - 1] }
    }
    if let bound {
      let place = min(width - 1, eighthsFilled(by: bound) / 8)
      // A filled cell hides the mark: the value lies beyond it.
      if cells[place] == Self.empty { cells[place] = Self.mark }
    }
    return String(cells)
  }

  private func eighthsFilled(by value: Double) -> Int {
    let length = range.upperBound - range.lowerBound
    guard length > 0, !value.isNaN else { return 0 }
    let share = min(1, max(0, (value - range.lowerBound) / length))
    return Int((share * Double(width * 8)).rounded())
  }
}

/// How a check's values are drawn and written.
struct CheckColumn: Sendable {
  var title: String
  private let gauge: Gauge
  private let isPercent: Bool

  /// Cells of the gauge, and characters of the value behind it.
  static let gaugeWidth = 9
  static let valueWidth = 8
  static let width = gaugeWidth + 1 + valueWidth

  init(_ check: Check) {
    let limits = check.bounds.limits(of: check.kind)
    let scale: ClosedRange<Double>
    switch check.kind {
    case .builtIn(.requestSuccessRate, _):
      title = "success rate"
      isPercent = true
      // The tenfold of what may fail.
      let allowed = max(0.1, 100 - (limits.min ?? 99))
      scale = max(0, 100 - 10 * allowed)...100
    case .builtIn(.requestDuration, _), .inline, .template, .unusable:
      title = check.metric
      isPercent = false
      scale = 0...max(1e-9, 2 * (limits.max ?? limits.min ?? 1))
    }
    if let min = limits.min { title += " ≥ \(GoText.general(min))" + (isPercent ? "%" : "") }
    if let max = limits.max { title += " ≤ \(GoText.general(max))" + (isPercent ? "%" : "") }
    gauge = Gauge(range: scale, width: Self.gaugeWidth, bound: limits.max ?? limits.min)
  }

  /// `██▌·│···· 0.098`, padded to `width`.
  func text(_ outcome: CheckOutcome?) -> String {
    let value = outcome?.comparedValue
    let words =
      switch outcome {
      case .passed, .failed: value.map(written) ?? ""
      case .noValue: "no value"
      case .error: "error"
      case nil: "–"
      }
    return gauge.drawing(of: value) + " " + TextLayout.padded(words, Self.valueWidth)
  }

  private func written(_ value: Double) -> String {
    isPercent ? GoText.fixed(value, places: 2) + "%" : GoText.fixed(value, places: 3)
  }
}

extension CheckOutcome {
  /// The number that was compared, in the unit of the bounds.
  fileprivate var comparedValue: Double? {
    switch self {
    case .passed(let measurement), .failed(let measurement, _):
      switch measurement.compared {
      case .percent(let value), .number(let value): value
      case .duration(let value): Double(value.milliseconds)
      }
    case .noValue, .error: nil
    }
  }
}
