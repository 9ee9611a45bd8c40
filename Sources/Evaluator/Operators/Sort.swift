import PromQL
import TimeSeries

/// The four sort functions, for instant queries (promql-functions.md §3.6).
enum SortedRows {
  static func open(
    _ source: any RowSource, _ order: SortOrder, evaluation: Evaluation, steps: Int
  ) throws(EvaluationError) -> any RowSource {
    var table = RowTable()
    for row in source.keys.indices {
      var tile = Row(steps: steps)
      try source.read(row, into: &tile)
      if case .value = order { tile.histograms.removeAll() }
      if tile.isEmpty { continue }
      try evaluation.append(source.keys[row], tile, to: &table)
    }
    guard steps == 1 else { return table }
    let positions = table.keys.indices.sorted { a, b in
      switch order {
      case .value(let descending):
        let (x, y) = (table.rows[a].values[0], table.rows[b].values[0])
        if x.isNaN || y.isNaN { return !x.isNaN }
        return descending ? x > y : x < y
      case .labels(let names, let descending):
        let precedes = labelsPrecede(table.keys[a].labels, table.keys[b].labels, names)
        return descending ? !precedes && table.keys[a].labels != table.keys[b].labels : precedes
      }
    }
    return RowTable(
      keys: RowKeys(positions.map { table.keys[$0] }), rows: positions.map { table.rows[$0] })
  }

  private static func labelsPrecede(_ a: Labels, _ b: Labels, _ names: [String]) -> Bool {
    for name in names {
      let (x, y) = (Array((a[name] ?? "").utf8), Array((b[name] ?? "").utf8))
      if x != y { return NaturalOrder.precedes(x, y) }
    }
    return a < b
  }
}

/// Runs of digits compare as numbers, everything else as bytes.
enum NaturalOrder {
  static func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      let (x, y) = (run(a, from: i), run(b, from: j))
      let (first, second) = (a[i..<x], b[j..<y])
      (i, j) = (x, y)
      if let m = number(first), let n = number(second) {
        if m != n { return m < n }
      } else if !first.elementsEqual(second) {
        return first.lexicographicallyPrecedes(second)
      }
    }
    return a.count - i < b.count - j && i == a.count
  }

  private static func run(_ bytes: [UInt8], from start: Int) -> Int {
    let isNumber = isDigit(bytes[start])
    var end = start
    while end < bytes.count, isDigit(bytes[end]) == isNumber { end += 1 }
    return end
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
    guard let first = bytes.first, isDigit(first) else { return nil }
    return Int64(String(decoding: bytes, as: UTF8.self))
  }
}
