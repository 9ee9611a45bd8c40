import Synchronization

/// An inverted index over series in label order: which rows satisfy a list of matchers, and which names and
/// values there are.
///
/// Immutable. Patterns are evaluated once a distinct value, not once a series.
public final class SeriesIndex: Sendable {
  /// The labels of each row, ascending.
  public let labels: [Labels]
  /// The values of each label name and the rows that carry them; names ascending.
  let lists: [ValueList]
  /// The place of each name in `lists`.
  private let places: [LabelText: Int]
  /// What was asked for of the labels' values.
  private let columns = Mutex<[Int: ValueColumn]>([:])
  /// More columns than these are forgotten all at once: labels may be many, those that queries name are few.
  private static let columnLimit = 32

  /// The values of one label, numbered: for each row the number of its value, from 1 on in the order of the
  /// values, or 0 where it has none.
  struct ValueColumn: Sendable {
    let list: ValueList
    /// By row: two bytes a number where that is enough, which it nearly always is; else four.
    private var narrow: [UInt16] = []
    private var wide: [UInt32] = []

    /// `rows`: how many there are in all.
    init(_ list: ValueList, rows: Int) {
      self.list = list
      if list.count <= Int(UInt16.max) {
        narrow = [UInt16](repeating: 0, count: rows)
      } else {
        wide = [UInt32](repeating: 0, count: rows)
      }
      for value in 0..<list.count {
        for row in list.rows(value) {
          if wide.isEmpty { narrow[Int(row)] = UInt16(value + 1) } else { wide[Int(row)] = UInt32(value + 1) }
        }
      }
    }

    /// No number is larger.
    var largest: Int { list.count }
    /// What it takes in memory beside the values, bytes.
    var byteCount: Int { 2 * narrow.count + 4 * wide.count }

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
      let isAccepted = matcher.accepts(column.list.value(number - 1))
      known[number] = isAccepted
      return isAccepted
    }
  }

  /// An index over labels in ascending order, no two alike. O(labels), and the order of the distinct values.
  public init(sorted labels: [Labels]) {
    self.labels = labels
    var builder = ValueListBuilder()
    for (row, series) in labels.enumerated() { builder.append(series, row: Int32(row)) }
    lists = builder.finish()
    places = Dictionary(uniqueKeysWithValues: lists.enumerated().map { ($1.name, $0) })
  }

  /// The rows whose labels satisfy all matchers, ascending.
  public func rows(matching matchers: [LabelMatcher]) -> [Int] {
    // The narrowest list of candidates comes from one matcher; the others filter.
    var best: (matcher: Int, values: [Int], list: ValueList, count: Int)?
    for isExact in [true, false] {
      for (position, matcher) in matchers.enumerated()
      where !matcher.acceptsEmpty && (matcher.operation == .equal) == isExact {
        guard let list = list(Array(matcher.name.utf8)) else { return [] }
        // A label with more values than rows are left is not worth looking through.
        if !isExact, let best, best.count <= list.count { continue }
        let values = Self.candidates(matcher, list)
        let count = values.reduce(0) { $0 + list.rows($1).count }
        if count == 0 { return [] }
        if count < best?.count ?? .max { best = (position, values, list, count) }
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
    var rows: [Int] = []
    rows.reserveCapacity(best.count)
    for value in best.values {
      for row in best.list.rows(value) where Self.passes(Int(row), &filters) { rows.append(Int(row)) }
    }
    if best.values.count > 1 { rows.sort() }
    return rows
  }

  @inline(__always)
  private static func passes(_ row: Int, _ filters: inout [Filter]) -> Bool {
    for filter in filters.indices where !filters[filter].accepts(row) { return false }
    return true
  }

  /// No more rows than these satisfy all matchers: those of the rarest value that must be equal. O(matchers).
  public func bound(_ matchers: [LabelMatcher]) -> Int {
    matchers.lazy.filter { $0.operation == .equal && !$0.acceptsEmpty }
      .map { matcher in
        self.list(Array(matcher.name.utf8)).flatMap { list in
          list.place(of: Array(matcher.value.utf8)).map { list.rows($0).count }
        } ?? 0
      }
      .min() ?? labels.count
  }

  /// The values that the matcher accepts; it does not accept the empty value.
  private static func candidates(_ matcher: LabelMatcher, _ list: ValueList) -> [Int] {
    switch matcher.operation {
    case .equal: return list.place(of: Array(matcher.value.utf8)).map { [$0] } ?? []
    case .matches:
      if let literals = matcher.pattern?.literals {
        return Set(literals).compactMap { list.place(of: $0) }
      }
    case .notEqual, .matchesNot: break
    }
    return (0..<list.count).filter { matcher.accepts(list.value($0)) }
  }

  /// The values of a label; nil where no row has it.
  func list(_ name: [UInt8]) -> ValueList? { places[LabelText(name)].map { lists[$0] } }

  /// The values of a label, numbered; nil where no row has it. Costs a look at each row that has it, once.
  func column(_ name: [UInt8]) -> ValueColumn? {
    guard let place = places[LabelText(name)] else { return nil }
    return columns.withLock { columns in
      if let known = columns[place] { return known }
      let column = ValueColumn(lists[place], rows: labels.count)
      if columns.count >= Self.columnLimit { columns = [:] }
      columns[place] = column
      return column
    }
  }

  /// Rows of the index, numbered by the values that they have of some labels.
  package func numbers(of names: LabelNames, rows: [Int]) -> RowNumbers {
    var codes = [Int](repeating: 0, count: rows.count)
    var bound = 1
    for name in names.all {
      guard let column = column(Array(name)) else { continue }
      // Codes of several labels may grow beyond any number: then they are numbered anew.
      if bound > 1 << 30 {
        let dense = RowNumbers(codes, bound: bound)
        codes = dense.ofRow.map { Int($0) }
        bound = dense.firstRows.count
      }
      let base = column.largest + 1
      bound *= base
      for (row, indexRow) in rows.enumerated() { codes[row] = codes[row] * base + column[indexRow] }
    }
    return RowNumbers(codes, bound: bound)
  }

  /// Whether any row has the label.
  func hasLabel(_ name: String) -> Bool { places[LabelText(Array(name.utf8))] != nil }

  /// Whether any row has a label `__type__` or `__unit__`.
  package var mayHaveTypeOrUnit: Bool { hasLabel(LabelName.type) || hasLabel(LabelName.unit) }

  /// What the index and its labels take in memory, bytes.
  var byteCount: Int {
    let numbered = columns.withLock { $0.values.reduce(0) { $0 + $1.byteCount } }
    let series = labels.reduce(numbered) { $0 + $1.bytes.count + 40 }
    return lists.reduce(series) { $0 + $1.byteCount }
  }

  /// All label names, ascending by bytes.
  public var names: [[UInt8]] { lists.map { Array($0.name.bytes) } }

  /// The values of a label name, ascending by bytes, with how many series carry each.
  public func values(of name: [UInt8]) -> [(value: [UInt8], series: Int)] {
    guard let list = list(name) else { return [] }
    return (0..<list.count).map { (Array(list.value($0)), list.rows($0).count) }
  }
}
