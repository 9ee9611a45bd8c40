import TimeSeries

/// An opened vector node: its rows are known, their values are pulled.
///
/// Row order is result order. Rows may share labels as long as they are disjoint in steps. Every row
/// is read exactly once, in any order; `read` overwrites the tile, whose step count is the grid's.
protocol RowSource {
  var keys: RowKeys { get }
  /// Whether any row may hold native histograms.
  var mayHoldHistograms: Bool { get }
  /// Whether it is known that no two rows have the same labels in the answer.
  var hasDistinctRows: Bool { get }
  func read(_ row: Int, into tile: inout Row) throws(EvaluationError)
  /// The same for readers who ask only where there is something: values may be anything.
  func readPresence(_ row: Int, into tile: inout Row) throws(EvaluationError)
}

extension RowSource {
  func readPresence(_ row: Int, into tile: inout Row) throws(EvaluationError) { try read(row, into: &tile) }

  var hasDistinctRows: Bool { false }
}

/// Rows that had to be held because what comes next looks at all of them.
struct RowTable: RowSource {
  var keys: RowKeys
  var rows: [Row]

  init(keys: RowKeys = [], rows: [Row] = []) {
    self.keys = keys
    self.rows = rows
  }

  var mayHoldHistograms: Bool { rows.contains { !$0.histograms.isEmpty } }

  func read(_ row: Int, into tile: inout Row) { tile = rows[row] }

  mutating func append(_ key: RowKey, _ row: Row) {
    keys.append(key)
    rows.append(row)
  }
}

/// Rows with other keys, and nothing else changed.
struct RenamedRows: RowSource {
  let source: any RowSource
  let keys: RowKeys

  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
  }

  func readPresence(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.readPresence(row, into: &tile)
  }
}
