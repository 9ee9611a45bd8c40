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

/// Refuses two values with equal labels (promql-evaluation.md §7).
final class UniqueRows: RowSource {
  enum Rule {
    /// Two samples at one step.
    case perStep
    /// Two rows that hold anything at all.
    case perRow
  }

  let source: any RowSource
  private let rule: Rule
  /// For each row whose labels are shared, which set of sharers it belongs to; −1 otherwise.
  private let sharers: [Int]
  private var seen: [Presence?]

  /// The source itself when no labels are shared: the check then costs nothing.
  static func checking(_ source: any RowSource, _ rule: Rule) -> any RowSource {
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
    return sets == 0 ? source : UniqueRows(source, rule, sharers: sharers, sets: sets)
  }

  private init(_ source: any RowSource, _ rule: Rule, sharers: [Int], sets: Int) {
    self.source = source
    self.rule = rule
    self.sharers = sharers
    seen = [Presence?](repeating: nil, count: sets)
  }

  var keys: RowKeys { source.keys }
  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    let set = sharers[row]
    guard set >= 0, !tile.isEmpty else { return }
    let present = tile.anyPresence
    if var earlier = seen[set] {
      if rule == .perRow || earlier.intersects(present) { throw .duplicateLabelset }
      earlier.formUnion(present)
      seen[set] = earlier
    } else {
      seen[set] = present
    }
  }
}
