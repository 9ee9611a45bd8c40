import PromQL

/// The labels at the start of a series line.
struct SeriesLabels {
  let pairs: [SeriesLine.Label]
  /// The offset behind them.
  let end: Int

  static func parse(_ text: [UInt8]) throws(SeriesProblem) -> SeriesLabels {
    do throws(ParseFailure) {
      let head = try LabelSetNotation(text)
      return SeriesLabels(
        pairs: head.labels.map { SeriesLine.Label(name: $0.name, value: $0.value) }, end: head.end)
    } catch {
      let first = error.diagnostics.first
      throw SeriesProblem(offset: first?.range?.start ?? 0, first?.message ?? "\(error)")
    }
  }
}
