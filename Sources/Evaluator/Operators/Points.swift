import PromQL
import TimeSeries

/// Functions of one float sample; histograms are dropped.
struct PointRows: RowSource {
  let source: any RowSource
  let keys: RowKeys
  let function: PointFunction

  var mayHoldHistograms: Bool { false }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    tile.histograms.removeAll()
    PointKernels.apply(function, to: &tile.values)
  }
}

/// Parts of the date that each sample's value stands for.
struct DateRows: RowSource {
  let source: any RowSource
  let keys: RowKeys
  let function: DateFunction

  var mayHoldHistograms: Bool { false }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    tile.histograms.removeAll()
    tile.presence.forEachStep { tile.values[$0] = Calendar.part(function, of: tile.values[$0]) }
  }
}

/// `round` and the `clamp` family.
struct BoundedRows: RowSource {
  let source: any RowSource
  let keys: RowKeys
  let function: BoundedFunction
  let arguments: [ScalarColumn]

  var mayHoldHistograms: Bool { false }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    tile.histograms.removeAll()
    switch function {
    case .round:
      for step in 0..<tile.steps {
        let inverse = 1 / arguments[0][step]
        tile.values[step] = (tile.values[step] * inverse + 0.5).rounded(.down) / inverse
      }
    case .clamp: clamp(&tile, arguments[0], arguments[1])
    case .clampMin: clamp(&tile, arguments[0], .constant(.infinity))
    case .clampMax: clamp(&tile, .constant(-.infinity), arguments[0])
    }
  }

  private func clamp(_ tile: inout Row, _ lower: ScalarColumn, _ upper: ScalarColumn) {
    tile.presence.filter { upper[$0] >= lower[$0] || upper[$0].isNaN || lower[$0].isNaN }
    for step in 0..<tile.steps {
      tile.values[step] = Arithmetic.larger(lower[step], Arithmetic.smaller(upper[step], tile.values[step]))
    }
  }
}

/// The sign turned; histograms too.
struct NegatedRows: RowSource {
  let source: any RowSource
  let keys: RowKeys

  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    PointKernels.map(&tile.values) { -$0 }
    if !tile.histograms.isEmpty { tile.histograms.map { $1.multiplied(by: -1) } }
  }
}

/// `vector(s)`, and everything else that is one row of known floats.
struct ScalarRow: RowSource {
  let column: ScalarColumn
  let keys: RowKeys = [RowKey(.none)]

  var mayHoldHistograms: Bool { false }

  func read(_ row: Int, into tile: inout Row) {
    tile.clear()
    tile.values = column.values(count: tile.steps)
    tile.presence.fill()
  }
}

/// Rows evaluated at one step and repeated at all (promql-evaluation.md §4).
final class PinnedRows: RowSource {
  let keys: RowKeys
  private let source: any RowSource
  private var single = Row(steps: 1)

  init(_ source: any RowSource) {
    self.source = source
    keys = source.keys
  }

  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &single)
    tile.clear()
    if single.presence[0] {
      for step in 0..<tile.steps { tile.values[step] = single.values[0] }
      tile.presence.fill()
    } else if let histogram = single.histograms[0] {
      for step in 0..<tile.steps { tile.histograms.append(step, histogram) }
    }
  }
}

/// The time of each step where the source has anything: `timestamp(v)` of what is no selector.
struct StepTimeRows: RowSource {
  let source: any RowSource
  let keys: RowKeys
  let grid: Grid

  var mayHoldHistograms: Bool { false }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    tile.presence = tile.anyPresence
    tile.histograms.removeAll()
    for step in 0..<tile.steps { tile.values[step] = Double(grid.time(step)) / 1000 }
  }
}

/// 1 where no row of the source has anything (promql-functions.md §3.5).
final class AbsentRow: RowSource {
  let keys: RowKeys
  private let presence: Presence

  init(labels: Labels, presence: Presence) {
    keys = [RowKey(labels)]
    self.presence = presence
  }

  var mayHoldHistograms: Bool { false }

  func read(_ row: Int, into tile: inout Row) {
    tile.clear()
    tile.presence.fill()
    tile.presence.subtract(presence)
    for step in 0..<tile.steps { tile.values[step] = 1 }
  }
}

/// Numbers read from histograms; floats are dropped.
struct ReadingRows: RowSource {
  let source: any RowSource
  let keys: RowKeys
  let reading: HistogramReading

  var mayHoldHistograms: Bool { false }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    let histograms = tile.histograms
    tile.clear()
    for (step, histogram) in zip(histograms.steps, histograms.histograms) {
      tile.set(step, reading.value(of: histogram))
    }
  }
}
