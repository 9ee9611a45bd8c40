extension Labels {
  /// The labels whose names are in `names` (sorted bytes not needed). Order and encoding are kept,
  /// so this copies runs of bytes and never re-sorts.
  public func keeping(_ names: LabelNames) -> Labels { filtered { names.contains($0) } }

  /// The labels whose names are not in `names`.
  public func dropping(_ names: LabelNames) -> Labels { filtered { !names.contains($0) } }

  /// The labels without `__name__`, `__type__` and `__unit__` (promql.md §2: "the name is dropped").
  public func droppingMetadata() -> Labels { dropping(.metadata) }

  private func filtered(_ keep: (ArraySlice<UInt8>) -> Bool) -> Labels {
    var cursor = LabelCursor(self)
    var kept: [UInt8] = []
    var all = true
    while cursor.next() {
      if keep(bytes[cursor.name]) {
        if !all { kept.append(contentsOf: cursor.encoded) }
      } else if all {
        all = false
        kept.append(contentsOf: bytes[..<cursor.start])
      }
    }
    return all ? self : Labels(bytes: kept)
  }
}

/// A small set of label names, compared as bytes.
public struct LabelNames: Sendable, Hashable {
  private let names: [[UInt8]]

  public init(_ names: some Sequence<String>) { self.names = names.map { Array($0.utf8) } }

  public static let metadata = LabelNames(LabelName.metadata)
  public static let metric = LabelNames([LabelName.metric])

  public var isEmpty: Bool { names.isEmpty }

  public func contains(_ name: ArraySlice<UInt8>) -> Bool {
    names.contains { $0.count == name.count && $0.elementsEqual(name) }
  }

  public func union(_ other: LabelNames) -> LabelNames {
    LabelNames(names + other.names.filter { !names.contains($0) })
  }

  private init(_ names: [[UInt8]]) { self.names = names }
}

extension Labels: Comparable {
  /// Prometheus' order: pair by pair, names first, then values, bytewise; a prefix sorts first
  /// (promql.md §2).
  public static func < (lhs: Labels, rhs: Labels) -> Bool {
    var left = LabelCursor(lhs)
    var right = LabelCursor(rhs)
    while true {
      let more = (left.next(), right.next())
      guard more == (true, true) else { return more == (false, true) }
      if let order = precedes(lhs.bytes[left.name], rhs.bytes[right.name]) { return order }
      if let order = precedes(lhs.bytes[left.value], rhs.bytes[right.value]) { return order }
    }
  }

  private static func precedes(_ lhs: ArraySlice<UInt8>, _ rhs: ArraySlice<UInt8>) -> Bool? {
    lhs.elementsEqual(rhs) ? nil : lhs.lexicographicallyPrecedes(rhs)
  }
}
