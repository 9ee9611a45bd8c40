import PromQL

/// The labels at the start of a series line.
struct SeriesLabels {
  let pairs: [SeriesLine.Label]
  /// The offset behind them.
  let end: Int
  /// See `LabelSetNotation.keepsEmptyValue`.
  let keepsEmptyValue: Bool

  static func parse(_ text: [UInt8], allowsBlanks: Bool = false) throws(SeriesProblem) -> SeriesLabels {
    do throws(ParseFailure) {
      let head = try LabelSetNotation(text, allowsBlanks: allowsBlanks)
      return SeriesLabels(
        pairs: head.labels.map { SeriesLine.Label(name: $0.name, value: $0.value) }, end: head.end,
        keepsEmptyValue: head.keepsEmptyValue)
    } catch {
      let first = error.diagnostics.first
      throw SeriesProblem(offset: first?.range?.start ?? 0, first?.message ?? "\(error)")
    }
  }
}
