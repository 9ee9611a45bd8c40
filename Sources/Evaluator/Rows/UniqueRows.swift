import TimeSeries

/// Refuses two values with equal labels (promql-evaluation.md §7).
final class UniqueRows: RowSource {
  enum Rule {
    /// Two samples at one step.
    case perStep
    /// Two rows that hold anything at all.
    case perRow(FirstRows)
  }

  let source: any RowSource
  private let rule: Rule
  /// For each row whose labels are shared, which set of sharers it belongs to; −1 otherwise.
  private let sharers: [Int]
  private var seen: [Presence?]

  /// The source itself when no labels are shared: the check then costs nothing.
  static func checking(
    _ source: any RowSource, _ rule: Rule, evaluation: Evaluation
  ) throws(EvaluationError) -> any RowSource {
    let bytes = 256 * source.keys.count
    try evaluation.hold(bytes)
    var firstRow: [Labels: Int] = [:]
    var sharers = [Int](repeating: -1, count: source.keys.count)
    var sets = 0
    for (row, key) in source.keys.enumerated() {
      let labels = key.labels
      guard let first = firstRow[labels] else {
        firstRow[labels] = row
        continue
      }
      if sharers[first] < 0 {
        sharers[first] = sets
        sets += 1
      }
      sharers[row] = sharers[first]
    }
    if sets == 0 {
      evaluation.release(bytes)
      return source
    }
    return UniqueRows(source, rule, sharers: sharers, sets: sets, evaluation)
  }

  private let evaluation: Evaluation

  private init(
    _ source: any RowSource, _ rule: Rule, sharers: [Int], sets: Int, _ evaluation: Evaluation
  ) {
    self.source = source
    self.rule = rule
    self.sharers = sharers
    self.evaluation = evaluation
    seen = [Presence?](repeating: nil, count: sets)
  }

  var keys: RowKeys { source.keys }
  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    let set = sharers[row]
    guard set >= 0, !tile.isEmpty else { return }
    switch rule {
    case .perRow(let firstRows):
      guard firstRows.rows[set, default: row] == row else { throw .duplicateLabelset }
      firstRows.rows[set] = row
    case .perStep:
      let present = tile.anyPresence
      guard var earlier = seen[set] else {
        try evaluation.hold(Presence.bytes(count: tile.steps))
        seen[set] = present
        return
      }
      if earlier.intersects(present) { throw .duplicateLabelset }
      earlier.formUnion(present)
      seen[set] = earlier
    }
  }
}

/// Of each set of rows with equal labels the one that held something, over all stretches of a subquery:
/// rows have the same numbers in each.
final class FirstRows {
  var rows: [Int: Int] = [:]
}
