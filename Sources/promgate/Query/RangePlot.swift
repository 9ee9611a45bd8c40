import Evaluator
import PromQL
import TimeSeries

/// A range query's answer drawn in the terminal: lines over time, and a legend with a small curve for
/// each series.
struct RangePlot {
  private let terminal: Terminal
  private let grid: Grid

  /// How many series are drawn; the others are counted.
  private static let maximumSeries = 12
  private static let rows = 14
  private static let colors = [36, 33, 35, 32, 34, 31, 96, 93, 95, 92, 94, 91]
  private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  init(_ terminal: Terminal, _ grid: Grid) {
    self.terminal = terminal
    self.grid = grid
  }

  /// The lines of a drawing; none when there is nothing to draw.
  func lines(_ series: [MatrixSeries]) -> [String] {
    let drawn = series.filter { $0.values.contains(where: \.isFinite) }.prefix(Self.maximumSeries)
    guard let scale = Scale(drawn.flatMap(\.values)) else { return legend(series[...], pens: false) }
    var lines = picture(drawn, scale) + legend(drawn, pens: true)
    let hidden = series.count - drawn.count
    if hidden > 0 {
      lines.append("  and \(hidden) more series that are not drawn (--format table lists them)")
    }
    return lines
  }

  private func picture(_ series: ArraySlice<MatrixSeries>, _ scale: Scale) -> [String] {
    let top = scale.text(scale.high)
    let bottom = scale.text(scale.low)
    let margin = max(top.count, bottom.count, 5)
    var canvas = BrailleCanvas(columns: terminal.columns - margin - 2, rows: Self.rows)
    for (pen, series) in series.enumerated() { draw(series, scale, &canvas, pen: pen) }
    var lines: [String] = []
    for row in 0..<canvas.rows {
      let label = row == 0 ? top : row == canvas.rows - 1 ? bottom : ""
      let padding = String(repeating: " ", count: margin - label.count)
      lines.append(padding + label + (label.isEmpty ? " │" : " ┤") + colored(canvas.row(row)))
    }
    let blank = String(repeating: " ", count: margin + 1)
    lines.append(blank + "└" + String(repeating: "─", count: canvas.columns))
    let start = TimeText.utc(grid.start)
    let end = grid.end - grid.start < 86_400_000 ? TimeText.clock(grid.end) : TimeText.utc(grid.end)
    let gap = max(1, canvas.columns - start.count - end.count)
    lines.append(blank + " " + start + String(repeating: " ", count: gap) + end)
    return lines
  }

  private func draw(
    _ series: MatrixSeries, _ scale: Scale, _ canvas: inout BrailleCanvas, pen: Int
  ) {
    var last: (time: Int64, x: Int, y: Int)?
    let span = Double(max(1, grid.end - grid.start))
    for (time, value) in zip(series.timestamps, series.values) {
      guard value.isFinite else {
        last = nil
        continue
      }
      let x = Int((Double(time - grid.start) / span * Double(canvas.width - 1)).rounded())
      let y = Int((scale.share(value) * Double(canvas.height - 1)).rounded())
      // Only neighbouring steps are joined: a gap stays a gap.
      if let last, time - last.time <= grid.step {
        canvas.line(from: (last.x, last.y), to: (x, y), pen: pen)
      } else {
        canvas.set(x, y, pen: pen)
      }
      last = (time, x, y)
    }
  }

  private func colored(_ cells: [(character: Character, pen: Int)]) -> String {
    var cells = cells[...]
    while cells.last?.character == " " { cells.removeLast() }
    guard terminal.usesColor else { return String(cells.map(\.character)) }
    return cells.map { cell in
      cell.character == " " ? " " : color(String(cell.character), pen: cell.pen)
    }.joined()
  }

  private func color(_ text: String, pen: Int) -> String {
    guard terminal.usesColor else { return text }
    return "\u{1B}[\(Self.colors[pen % Self.colors.count])m\(text)\u{1B}[0m"
  }

  /// A line for each series: a small curve, its name, its least, greatest and last value.
  private func legend(_ series: ArraySlice<MatrixSeries>, pens: Bool) -> [String] {
    let shared = series.count > 1 ? sharedNames(series) : []
    let statistics = series.map { self.statistics(of: $0) }
    let curveWidth = 16
    let statisticsWidth = statistics.map(\.count).max() ?? 0
    let room = max(16, terminal.columns - curveWidth - statisticsWidth - 6)
    return zip(series, statistics).enumerated().map { pen, entry in
      let (series, statistics) = entry
      var name = TextTable.printable(SeriesText.text(series.labels.dropping(LabelNames(shared))))
      if name.count > room { name = name.prefix(room - 1) + "…" }
      let curve = color(sparkline(series, width: curveWidth), pen: pen)
      let padding = String(repeating: " ", count: room - name.count)
      return "  \(curve)  \(name)\(padding)  \(statistics)"
    }
  }

  /// The names of labels that have one value in all of the series: they tell nothing apart.
  private func sharedNames(_ series: ArraySlice<MatrixSeries>) -> [String] {
    let names = series.first?.labels.pairs.map(\.name) ?? []
    return names.filter { name in
      Set(series.map { $0.labels[name] }).count == 1
    }
  }

  private func statistics(of series: MatrixSeries) -> String {
    let finite = series.values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), let last = series.values.last else {
      return "\(series.values.count + series.histograms.count) samples"
    }
    let texts = [low, high, last].map(Scale.short)
    return "min \(texts[0])  max \(texts[1])  last \(texts[2])"
  }

  private func sparkline(_ series: MatrixSeries, width: Int) -> String {
    guard let scale = Scale(series.values) else { return String(repeating: " ", count: width) }
    let values = Dictionary(zip(series.timestamps, series.values)) { _, last in last }
    let last = Double(max(1, width - 1))
    return String(
      (0..<width).map { column in
        // The step that is nearest to the column.
        let step = Int((Double(grid.count - 1) * Double(column) / last).rounded())
        guard let value = values[grid.time(step)], value.isFinite else { return " " }
        return Self.blocks[Int((scale.share(value) * 7).rounded())]
      })
  }
}

/// The values between which a plot runs.
struct Scale {
  let low: Double
  let high: Double

  /// From the least to the greatest finite value; nil when there is none.
  init?(_ values: [Double]) {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return nil }
    self.low = low
    self.high = high
  }

  /// Where a value lies, 0 to 1; in the middle when all values are the same.
  func share(_ value: Double) -> Double {
    // Halves first: the difference of two extreme values would overflow.
    let length = high / 2 - low / 2
    guard length > 0 else { return 0.5 }
    return max(0, min(1, (value / 2 - low / 2) / length))
  }

  func text(_ value: Double) -> String { Self.short(value) }

  /// At most six significant digits.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return GoText.json(value) }
    let magnitude = value.magnitude
    if magnitude != 0, magnitude < 1e-4 || magnitude >= 1e15 { return GoText.twoDigits(value) }
    let places = magnitude >= 1000 ? 1 : magnitude >= 1 ? 3 : 5
    var text = GoText.fixed(value, places: places)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text == "-0" ? "0" : text
  }
}
