import Glibc

extension Labels {
  /// The labels whose names are in `names` (sorted bytes not needed). Order and encoding are kept,
  /// so this copies runs of bytes and never re-sorts.
  public func keeping(_ names: LabelNames) -> Labels { filtered(names, keepsMembers: true) }

  /// The labels whose names are not in `names`.
  public func dropping(_ names: LabelNames) -> Labels { filtered(names, keepsMembers: false) }

  /// The labels without `__name__`, `__type__` and `__unit__` (promql.md §2: "the name is dropped").
  public func droppingMetadata() -> Labels { dropping(.metadata) }

  /// Copies the runs of labels whose names are in the set, or the others.
  private func filtered(_ names: LabelNames, keepsMembers: Bool) -> Labels {
    unsafe bytes.withUnsafeBufferPointer { source in
      var cursor = 0
      var all = true
      // What is kept so far, while something was dropped; capacity for the rest at once.
      var kept: [UInt8] = []
      while cursor < source.count {
        let start = cursor
        let name = unsafe Self.take(source, &cursor)
        _ = unsafe Self.take(source, &cursor)
        if unsafe names.contains(source, name) == keepsMembers {
          if !all { unsafe kept.append(contentsOf: source[start..<cursor]) }
        } else if all {
          all = false
          kept.reserveCapacity(keepsMembers ? 64 : source.count)
          unsafe kept.append(contentsOf: source[..<start])
        }
      }
      return all ? self : Labels(bytes: kept)
    }
  }

  /// Reads a length and steps over what it announces. The encoding is our own and always whole.
  @inline(__always)
  private static func take(_ bytes: UnsafeBufferPointer<UInt8>, _ cursor: inout Int) -> Range<Int> {
    var length = unsafe Int(bytes[cursor])
    cursor += 1
    if length == 0xFF {
      length = unsafe Int(bytes[cursor]) | Int(bytes[cursor + 1]) << 8 | Int(bytes[cursor + 2]) << 16
      cursor += 3
    }
    let start = cursor
    cursor += length
    return start..<cursor
  }
}

/// A small set of label names, compared as bytes.
public struct LabelNames: Sendable, Hashable {
  private let names: [[UInt8]]
  /// A bit for each length that occurs (lengths from 63 on share one): most names differ in length.
  private let lengths: UInt64

  public init(_ names: some Sequence<String>) { self.init(names.map { Array($0.utf8) }) }

  private init(_ names: [[UInt8]]) {
    self.names = names
    lengths = names.reduce(0) { $0 | 1 << UInt64(min($1.count, 63)) }
  }

  public static let metadata = LabelNames(LabelName.metadata)
  public static let metric = LabelNames([LabelName.metric])

  public var isEmpty: Bool { names.isEmpty }

  public func contains(_ name: ArraySlice<UInt8>) -> Bool {
    names.contains { $0.count == name.count && name.elementsEqual($0) }
  }

  @inline(__always)
  fileprivate func contains(_ bytes: UnsafeBufferPointer<UInt8>, _ name: Range<Int>) -> Bool {
    guard lengths & 1 << UInt64(min(name.count, 63)) != 0 else { return false }
    for candidate in names where candidate.count == name.count {
      let isEqual = unsafe candidate.withUnsafeBufferPointer { candidate in
        guard let a = candidate.baseAddress, let b = bytes.baseAddress else { return true }
        return unsafe memcmp(a, b + name.lowerBound, name.count) == 0
      }
      if isEqual { return true }
    }
    return false
  }
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
