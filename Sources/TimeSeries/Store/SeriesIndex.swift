import Synchronization

/// An inverted index over series in label order: which rows satisfy a list of matchers.
///
/// Immutable. Patterns are evaluated once a distinct value, not once a series.
public final class SeriesIndex: Sendable {
  /// The labels of each row, ascending.
  public let labels: [Labels]
  /// For each label name, the rows that carry each of its values, ascending.
  private let postings: [[UInt8]: [[UInt8]: [Int32]]]
  /// What was asked for of the labels' values.
  private let columns = Mutex<[[UInt8]: ValueColumn]>([:])
  /// More columns than these are forgotten all at once: labels may be many, those that queries name are few.
  private static let columnLimit = 32

  /// The values of one label, numbered: for each row the number of its value, from 1 on, or 0 where it has
  /// none.
  struct ValueColumn: Sendable {
    /// Each value, at one below its number.
    let values: [[UInt8]]
    /// By row: two bytes a number where that is enough, which it nearly always is; else four.
    private var narrow: [UInt16] = []
    private var wide: [UInt32] = []

    /// `values`: the rows of each value; of `rows` in all.
    init(_ values: [(key: [UInt8], value: [Int32])], rows: Int) {
      self.values = values.map(\.key)
      if values.count <= Int(UInt16.max) {
        narrow = [UInt16](repeating: 0, count: rows)
      } else {
        wide = [UInt32](repeating: 0, count: rows)
      }
      for (index, value) in values.enumerated() {
        for row in value.value {
          if wide.isEmpty { narrow[Int(row)] = UInt16(index + 1) } else { wide[Int(row)] = UInt32(index + 1) }
        }
      }
    }

    /// No number is larger.
    var largest: Int { values.count }
    /// What it takes in memory beside the values, bytes.
    var byteCount: Int { 2 * narrow.count + 4 * wide.count + 8 * values.count }

    /// The number of a row's value.
    @inline(__always)
    subscript(_ row: Int) -> Int { wide.isEmpty ? Int(narrow[row]) : Int(wide[row]) }
  }

  /// A matcher that looks at each value once, not at each row.
  private struct Filter {
    let matcher: LabelMatcher
    let column: ValueColumn
    /// Of each number: whether its value is accepted; nil where nobody has looked yet.
    private var known: [Bool?]

    init(_ matcher: LabelMatcher, _ column: ValueColumn) {
      self.matcher = matcher
      self.column = column
      known = [Bool?](repeating: nil, count: column.largest + 1)
      known[0] = matcher.acceptsEmpty
    }

    mutating func accepts(_ row: Int) -> Bool {
      let number = column[row]
      if let known = known[number] { return known }
      let isAccepted = matcher.accepts(column.values[number - 1][...])
      known[number] = isAccepted
      return isAccepted
    }
  }

  /// An index over labels in ascending order, no two alike. O(labels).
  public init(sorted labels: [Labels]) {
    self.labels = labels
    var postings: [[UInt8]: [[UInt8]: [Int32]]] = [:]
    for (row, series) in labels.enumerated() {
      var cursor = LabelCursor(series)
      while cursor.next() {
        let name = Array(series.bytes[cursor.name])
        let value = Array(series.bytes[cursor.value])
        postings[name, default: [:]][value, default: []].append(Int32(row))
      }
    }
    self.postings = postings
  }

  /// The rows whose labels satisfy all matchers, ascending.
  public func rows(matching matchers: [LabelMatcher]) -> [Int] {
    // The narrowest list of candidates comes from one matcher; the others filter.
    var best: (matcher: Int, rows: [[Int32]], count: Int)?
    for isExact in [true, false] {
      for (position, matcher) in matchers.enumerated()
      where !matcher.acceptsEmpty && (matcher.operation == .equal) == isExact {
        // A label with more values than rows are left is not worth looking through.
        let values = postings[Array(matcher.name.utf8)]?.count ?? 0
        if !isExact, let best, best.count <= values { continue }
        let rows = candidates(matcher)
        let count = rows.reduce(0) { $0 + $1.count }
        if count == 0 { return [] }
        if count < best?.count ?? .max { best = (position, rows, count) }
      }
    }
    var filters: [Filter] = []
    for (position, matcher) in matchers.enumerated() where position != best?.matcher {
      if let column = column(Array(matcher.name.utf8)) {
        filters.append(Filter(matcher, column))
      } else if !matcher.acceptsEmpty {
        return []
      }
    }
    guard let best else { return labels.indices.filter { Self.passes($0, &filters) } }
    var rows = best.rows.count == 1 ? best.rows[0] : best.rows.flatMap { $0 }
    if best.rows.count > 1 { rows.sort() }
    if filters.isEmpty { return rows.map { Int($0) } }
    return rows.compactMap { Self.passes(Int($0), &filters) ? Int($0) : nil }
  }

  private static func passes(_ row: Int, _ filters: inout [Filter]) -> Bool {
    for filter in filters.indices where !filters[filter].accepts(row) { return false }
    return true
  }

  /// No more rows than these satisfy all matchers: those of the rarest value that must be equal. O(matchers).
  public func bound(_ matchers: [LabelMatcher]) -> Int {
    matchers.lazy.filter { $0.operation == .equal && !$0.acceptsEmpty }
      .map { self.postings[Array($0.name.utf8)]?[Array($0.value.utf8)]?.count ?? 0 }
      .min() ?? labels.count
  }

  /// The rows of each value that the matcher accepts; the matcher does not accept the empty value.
  private func candidates(_ matcher: LabelMatcher) -> [[Int32]] {
    guard let values = postings[Array(matcher.name.utf8)] else { return [] }
    switch matcher.operation {
    case .equal: return values[Array(matcher.value.utf8)].map { [$0] } ?? []
    case .matches:
      if let literals = matcher.pattern?.literals {
        return Set(literals).compactMap { values[$0] }
      }
      return values.filter { matcher.accepts($0.key[...]) }.map(\.value)
    case .notEqual, .matchesNot:
      return values.filter { matcher.accepts($0.key[...]) }.map(\.value)
    }
  }

  /// The values of a label, numbered; nil where no row has it. Costs a look at each row that has it, once.
  func column(_ name: [UInt8]) -> ValueColumn? {
    guard let values = postings[name] else { return nil }
    return columns.withLock { columns in
      if let known = columns[name] { return known }
      let column = ValueColumn(Array(values), rows: labels.count)
      if columns.count >= Self.columnLimit { columns = [:] }
      columns[name] = column
      return column
    }
  }

  /// Whether any row has the label.
  func hasLabel(_ name: String) -> Bool { postings[Array(name.utf8)] != nil }

  /// What the index and its labels take in memory, bytes.
  var byteCount: Int {
    let numbered = columns.withLock { $0.values.reduce(0) { $0 + $1.byteCount } }
    let series = labels.reduce(numbered) { $0 + $1.bytes.count + 40 }
    return postings.reduce(series) { sum, name in
      name.value.reduce(sum) { $0 + $1.key.count + 4 * $1.value.count + 96 }
    }
  }

  /// All label names, ascending by bytes.
  public var names: [[UInt8]] { postings.keys.sorted { $0.lexicographicallyPrecedes($1) } }

  /// The values of a label name, ascending by bytes, with how many series carry each.
  public func values(of name: [UInt8]) -> [(value: [UInt8], series: Int)] {
    (postings[name] ?? [:]).map { ($0.key, $0.value.count) }
      .sorted { $0.0.lexicographicallyPrecedes($1.0) }
  }
}
