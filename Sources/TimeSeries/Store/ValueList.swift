import Glibc

/// A name or a value where it stands among the bytes of a series' labels: nothing is copied.
struct LabelText: Hashable, Sendable {
  let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }
  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  static func == (lhs: LabelText, rhs: LabelText) -> Bool { lhs.order(rhs) == 0 }

  static func < (lhs: LabelText, rhs: LabelText) -> Bool { lhs.order(rhs) < 0 }

  func hash(into hasher: inout Hasher) {
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }

  /// Below zero where it comes before the other one by bytes, above where it comes behind.
  @inline(__always)
  private func order(_ other: LabelText) -> Int {
    unsafe bytes.withUnsafeBytes { left in
      unsafe other.bytes.withUnsafeBytes { right in
        if let a = left.baseAddress, let b = right.baseAddress {
          let order = unsafe memcmp(a, b, min(left.count, right.count))
          if order != 0 { return Int(order) }
        }
        return left.count - right.count
      }
    }
  }
}

/// The values of one label name, ascending by bytes, and the rows that carry each.
final class ValueList: Sendable {
  let name: LabelText
  private let values: [LabelText]
  /// Where the rows of each value begin, and where the last ones end.
  private let starts: [Int32]
  /// The rows of one value behind those of the other; ascending within a value.
  let allRows: [Int32]

  fileprivate init(_ name: LabelText, _ values: [LabelText], starts: [Int32], rows: [Int32]) {
    self.name = name
    self.values = values
    self.starts = starts
    allRows = rows
  }

  /// How many values there are.
  var count: Int { values.count }

  func value(_ place: Int) -> ArraySlice<UInt8> { values[place].bytes }

  func rows(_ place: Int) -> ArraySlice<Int32> { allRows[Int(starts[place])..<Int(starts[place + 1])] }

  /// The place of a value; nil when no row has it. O(log values).
  func place(of value: [UInt8]) -> Int? {
    let wanted = LabelText(value)
    let place = values.partitioningIndex { !($0 < wanted) }
    return place < values.count && values[place] == wanted ? place : nil
  }

  /// What it takes in memory, bytes; the texts are parts of the labels.
  var byteCount: Int { 4 * allRows.count + (4 + MemoryLayout<LabelText>.stride) * values.count + 64 }
}

/// Gathers the values of all label names, row by row.
struct ValueListBuilder {
  private struct Gathered {
    let name: LabelText
    var values: [LabelText] = []
    var numbers: [LabelText: Int32] = [:]
    /// One a row that has the label.
    var rows: [Int32] = []
    var numberOfRow: [Int32] = []

    /// The number of a value. Rows come in label order: most have the value of the row before.
    @inline(__always)
    mutating func number(of value: LabelText) -> Int32 {
      if let last = numberOfRow.last, values[Int(last)] == value { return last }
      if let known = numbers[value] { return known }
      let number = Int32(values.count)
      numbers[value] = number
      values.append(value)
      return number
    }
  }

  private var gathered: [Gathered] = []
  private var places: [LabelText: Int] = [:]
  /// Where the names of the row before were found, one behind the other.
  private var path: [Int] = []

  /// Adds a row behind all others.
  mutating func append(_ labels: Labels, row: Int32) {
    var cursor = LabelCursor(labels)
    var step = 0
    while cursor.next() {
      let place = place(of: LabelText(labels.bytes[cursor.name]), step)
      let number = gathered[place].number(of: LabelText(labels.bytes[cursor.value]))
      gathered[place].rows.append(row)
      gathered[place].numberOfRow.append(number)
      step += 1
    }
  }

  @inline(__always)
  private mutating func place(of name: LabelText, _ step: Int) -> Int {
    if step < path.count, gathered[path[step]].name == name { return path[step] }
    let place = places[name] ?? gathered.count
    if place == gathered.count {
      places[name] = place
      gathered.append(Gathered(name: name))
    }
    if step < path.count { path[step] = place } else { path.append(place) }
    return place
  }

  /// The lists, by name.
  consuming func finish() -> [ValueList] {
    gathered.sort { $0.name < $1.name }
    return gathered.map { Self.list($0) }
  }

  private static func list(_ gathered: Gathered) -> ValueList {
    let order = gathered.values.indices.sorted { gathered.values[$0] < gathered.values[$1] }
    var rank = [Int32](repeating: 0, count: order.count)
    for (place, number) in order.enumerated() { rank[number] = Int32(place) }
    var starts = [Int32](repeating: 0, count: order.count + 1)
    for number in gathered.numberOfRow { starts[Int(rank[Int(number)]) + 1] += 1 }
    for place in order.indices { starts[place + 1] += starts[place] }
    var next = starts
    var rows = [Int32](repeating: 0, count: gathered.rows.count)
    for (row, number) in zip(gathered.rows, gathered.numberOfRow) {
      let place = Int(rank[Int(number)])
      rows[Int(next[place])] = row
      next[place] += 1
    }
    return ValueList(gathered.name, order.map { gathered.values[$0] }, starts: starts, rows: rows)
  }
}
