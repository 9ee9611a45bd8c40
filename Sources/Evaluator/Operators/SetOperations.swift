import PromQL
import TimeSeries

/// `and`, `or`, `unless` (promql-evaluation.md §6.6): samples pass through as they are.
enum SetOperation {
  static func open(
    _ operation: SetOperator, _ left: any RowSource, _ right: any RowSource, _ labels: MatchLabels,
    evaluation: Evaluation, steps: Int
  ) throws(EvaluationError) -> any RowSource {
    try evaluation.hold(96, times: left.keys.count + right.keys.count)
    let groups = MatchGroups(
      left.keys, right.keys, labels, mutation: evaluation.options.mutation)
    try evaluation.hold(Presence.bytes(count: steps), times: groups.labels.count)
    switch operation {
    case .and, .unless:
      let present = try presence(of: right, groups.groupOfOne, count: groups.labels.count, steps: steps)
      return MaskedRows(
        source: left, rows: Array(left.keys.indices), masks: present, maskOfRow: groups.groupOfMany,
        keepsMasked: operation == .and)
    case .or:
      var table = RowTable()
      var present = groups.labels.map { _ in Presence(count: steps) }
      for row in left.keys.indices {
        var tile = Row(steps: steps)
        try left.read(row, into: &tile)
        present[groups.groupOfMany[row]].formUnion(tile.anyPresence)
        try evaluation.append(left.keys[row], tile, to: &table)
      }
      // A row of which no step can stay is read for what it notes or refuses, and is none.
      var rows: [Int] = []
      var tile = Row(steps: steps)
      for row in right.keys.indices {
        if present[groups.groupOfOne[row]].isFull {
          try right.read(row, into: &tile)
        } else {
          rows.append(row)
        }
      }
      if rows.isEmpty { return table }
      let rest = MaskedRows(
        source: right, rows: rows, masks: present, maskOfRow: groups.groupOfOne, keepsMasked: false)
      return ConcatenatedRows(first: table, second: rest)
    }
  }

  /// Where each group has anything.
  private static func presence(
    of source: any RowSource, _ groupOfRow: [Int], count: Int, steps: Int
  ) throws(EvaluationError) -> [Presence] {
    var present = [Presence](repeating: Presence(count: steps), count: count)
    var tile = Row(steps: steps)
    for row in source.keys.indices {
      try source.read(row, into: &tile)
      present[groupOfRow[row]].formUnion(tile.anyPresence)
    }
    return present
  }
}

/// Rows of which only some steps stay.
struct MaskedRows: RowSource {
  let keys: RowKeys
  private let source: any RowSource
  /// The rows of the source that may stay.
  private let rows: [Int]
  private let masks: [Presence]
  /// Of each row of the source.
  private let maskOfRow: [Int]
  /// Whether the steps in the mask stay, or the others.
  private let keepsMasked: Bool
  let mayHoldHistograms: Bool

  init(
    source: any RowSource, rows: [Int], masks: [Presence], maskOfRow: [Int], keepsMasked: Bool
  ) {
    self.source = source
    self.rows = rows
    self.masks = masks
    self.maskOfRow = maskOfRow
    self.keepsMasked = keepsMasked
    let all = source.keys
    keys = rows.count == all.count ? all : RowKeys(rows.map { all[$0] })
    mayHoldHistograms = source.mayHoldHistograms
  }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(rows[row], into: &tile)
    let mask = masks[maskOfRow[rows[row]]]
    if keepsMasked {
      tile.mask(mask)
    } else {
      var rest = tile.anyPresence
      rest.subtract(mask)
      tile.mask(rest)
    }
  }
}

/// The rows of one source and then those of another.
struct ConcatenatedRows: RowSource {
  let first: any RowSource
  let second: any RowSource
  let keys: RowKeys

  init(first: any RowSource, second: any RowSource) {
    self.first = first
    self.second = second
    keys = RowKeys(Array(first.keys) + Array(second.keys))
  }

  var mayHoldHistograms: Bool { first.mayHoldHistograms || second.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    let count = first.keys.count
    if row < count {
      try first.read(row, into: &tile)
    } else {
      try second.read(row - count, into: &tile)
    }
  }
}
