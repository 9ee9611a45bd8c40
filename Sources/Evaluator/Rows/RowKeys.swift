import TimeSeries

/// Who the rows of a node are, in order.
///
/// Where they are the series of a selection, nothing is copied: labels are looked at when somebody asks for
/// them, which most aggregations never do.
struct RowKeys: RandomAccessCollection, ExpressibleByArrayLiteral {
  private enum Storage {
    /// The rows of a selection, one for one. What happened to their names is the same for all.
    case series(any Selected, count: Int, isNameless: Bool, dropsName: Bool)
    case each([RowKey])
  }

  private var storage: Storage

  init(_ keys: [RowKey]) { storage = .each(keys) }

  init(_ selected: any Selected) {
    storage = .series(selected, count: selected.count, isNameless: false, dropsName: false)
  }

  init(arrayLiteral elements: RowKey...) { self.init(elements) }

  var startIndex: Int { 0 }

  var endIndex: Int {
    switch storage {
    case .series(_, let count, _, _): count
    case .each(let keys): keys.count
    }
  }

  subscript(row: Int) -> RowKey {
    switch storage {
    case .series(let selected, _, let isNameless, let dropsName):
      RowKey(selected.labels(row), isNameless: isNameless, dropsName: dropsName)
    case .each(let keys): keys[row]
    }
  }

  mutating func append(_ key: RowKey) {
    switch storage {
    case .series: storage = .each(Array(self) + [key])
    case .each(var keys):
      // Given up first, so that there is nothing to copy.
      storage = .each([])
      keys.append(key)
      storage = .each(keys)
    }
  }

  /// The same without name, type and unit.
  var nameless: RowKeys {
    switch storage {
    case .series(let selected, let count, _, _):
      RowKeys(storage: .series(selected, count: count, isNameless: true, dropsName: false))
    case .each(let keys): RowKeys(keys.map(\.nameless))
    }
  }

  /// The same with names that are dropped at the end.
  var droppingNames: RowKeys {
    switch storage {
    case .series(let selected, let count, let isNameless, _):
      RowKeys(storage: .series(selected, count: count, isNameless: isNameless, dropsName: true))
    case .each(let keys):
      RowKeys(
        keys.map { key in
          var key = key
          key.dropsName = true
          return key
        })
    }
  }

  private init(storage: Storage) { self.storage = storage }

  /// Whether the name of any of some rows is dropped at the end.
  func dropsName(_ rows: [Int]) -> Bool {
    switch storage {
    case .series(_, _, _, let dropsName): dropsName && !rows.isEmpty
    case .each(let keys): rows.contains { keys[$0].dropsName }
    }
  }

  /// Whether any row may have a label `__type__` or `__unit__`.
  var mayHaveTypeOrUnit: Bool {
    switch storage {
    case .series(let selected, _, let isNameless, _): !isNameless && selected.mayHaveTypeOrUnit
    case .each(let keys): keys.contains { $0.hasTypeOrUnit }
    }
  }

  /// Numbers the rows by what a projection leaves of their labels; nil where only labels themselves tell.
  func numbers(_ projection: LabelProjection) -> RowNumbers? {
    switch storage {
    case .series(let selected, _, let isNameless, _):
      projection.kept(isNameless: isNameless).flatMap { selected.numbers(of: $0) }
    case .each: nil
    }
  }
}

/// Who a row is: its labels, and whether its name is to be dropped at the end (delayed name removal).
struct RowKey: Sendable {
  private let written: Labels
  /// Whether name, type and unit are gone from the labels: they are taken out when somebody looks.
  private let isNameless: Bool
  var dropsName: Bool

  init(_ labels: Labels, dropsName: Bool = false) {
    self.init(labels, isNameless: false, dropsName: dropsName)
  }

  init(_ labels: Labels, isNameless: Bool, dropsName: Bool) {
    written = labels
    self.isNameless = isNameless
    self.dropsName = dropsName
  }

  /// Costs a copy where the name is gone.
  var labels: Labels { isNameless ? written.droppingMetadata() : written }

  /// Whether `__type__` or `__unit__` is among the labels.
  var hasTypeOrUnit: Bool { !isNameless && written.hasTypeOrUnit }

  /// The same without name, type and unit.
  var nameless: RowKey { RowKey(written, isNameless: true, dropsName: false) }

  /// The labels as the answer shows them.
  var final: Labels { isNameless || dropsName ? written.droppingMetadata() : written }

  /// What is left of the labels.
  @inline(__always)
  func projected(_ projection: LabelProjection) -> Labels {
    var result = Labels.none
    project(projection, into: &result)
    return result
  }

  /// The same, written over `result` in the memory that it has.
  @inline(__always)
  func project(_ projection: LabelProjection, into result: inout Labels) {
    projection.apply(written, isNameless: isNameless, into: &result)
  }
}

/// What of the labels of a row counts.
enum LabelProjection {
  case nothing
  case keeping(LabelNames, nameless: LabelNames)
  case dropping(LabelNames, nameless: LabelNames)

  static func keeping(_ names: [String]) -> LabelProjection {
    names.isEmpty
      ? .nothing
      : .keeping(LabelNames(names), nameless: LabelNames(names.filter { !LabelName.metadata.contains($0) }))
  }

  static func dropping(_ names: [String]) -> LabelProjection {
    .dropping(LabelNames(names), nameless: LabelNames(names + LabelName.metadata))
  }

  /// The labels that are kept; nil where it is said what is left out.
  func kept(isNameless: Bool) -> LabelNames? {
    switch self {
    case .nothing: LabelNames([])
    case .keeping(let names, let nameless): isNameless ? nameless : names
    case .dropping: nil
    }
  }

  @inline(__always)
  fileprivate func apply(_ labels: Labels, isNameless: Bool, into result: inout Labels) {
    switch self {
    case .nothing: result = .none
    case .keeping(let names, let nameless):
      labels.keeping(isNameless ? nameless : names, into: &result)
    case .dropping(let names, let nameless):
      labels.dropping(isNameless ? nameless : names, into: &result)
    }
  }
}
