import PromQL
import TimeSeries

/// One operand's rows: read when first needed, kept while somebody will need them again.
final class MatchSide {
  let source: any RowSource
  let keys: RowKeys
  private let steps: Int
  private let evaluation: Evaluation
  private var uses: [Int]
  private var held: [Row?]

  init(_ source: any RowSource, steps: Int, evaluation: Evaluation) {
    self.evaluation = evaluation
    self.source = source
    self.steps = steps
    keys = source.keys
    uses = [Int](repeating: 0, count: keys.count)
    held = [Row?](repeating: nil, count: keys.count)
  }

  func willUse(_ row: Int) { uses[row] += 1 }

  /// Reads a row that no pair needs: what reading it notes or refuses still counts.
  func discard(_ row: Int) throws(EvaluationError) {
    if held[row] != nil { return }
    var tile = Row(steps: steps)
    try source.read(row, into: &tile)
  }

  /// The row, kept until all of its uses are done.
  func hold(_ row: Int) throws(EvaluationError) -> Row {
    if let known = held[row] { return known }
    var tile = Row(steps: steps)
    try source.read(row, into: &tile)
    try evaluation.hold(tile.bytes)
    held[row] = tile
    return tile
  }

  /// The same, read into a tile.
  func take(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    guard held[row] == nil, uses[row] == 1 else {
      tile = try take(row)
      return
    }
    uses[row] = 0
    try source.read(row, into: &tile)
  }

  /// The row, for one of its uses.
  func take(_ row: Int) throws(EvaluationError) -> Row {
    uses[row] -= 1
    if let known = held[row] {
      if uses[row] <= 0 {
        held[row] = nil
        evaluation.release(known.bytes)
      }
      return known
    }
    var tile = Row(steps: steps)
    try source.read(row, into: &tile)
    if uses[row] > 0 {
      try evaluation.hold(tile.bytes)
      held[row] = tile
    }
    return tile
  }
}
