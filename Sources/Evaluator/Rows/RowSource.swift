import PromQL
import TimeSeries

/// Who a row is: its labels, and whether its name is to be dropped at the end (delayed name removal).
struct RowKey: Sendable, Hashable {
  var labels: Labels
  var dropsName: Bool

  init(_ labels: Labels, dropsName: Bool = false) {
    self.labels = labels
    self.dropsName = dropsName
  }
}

/// An opened vector node: its rows are known, their values are pulled.
///
/// Row order is result order. Rows may share labels as long as they are disjoint in steps. Every row
/// is read exactly once, in any order; `read` overwrites the tile, whose step count is the grid's.
protocol RowSource {
  var keys: [RowKey] { get }
  /// Whether any row may hold native histograms.
  var mayHoldHistograms: Bool { get }
  func read(_ row: Int, into tile: inout Row) throws(EvaluationError)
}

/// Rows that had to be held because what comes next looks at all of them.
struct RowTable: RowSource {
  var keys: [RowKey]
  var rows: [Row]

  init(keys: [RowKey] = [], rows: [Row] = []) {
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
  let keys: [RowKey]

  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
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
      guard let first = firstRow[key.labels] else {
        firstRow[key.labels] = row
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

  var keys: [RowKey] { source.keys }
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
