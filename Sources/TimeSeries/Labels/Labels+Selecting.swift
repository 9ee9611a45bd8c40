import Glibc

extension Labels {
  /// The labels whose names are in `names` (sorted bytes not needed). Order and encoding are kept,
  /// so this copies runs of bytes and never re-sorts.
  public func keeping(_ names: LabelNames) -> Labels { filtered(names, keepsMembers: true) }

  /// The labels whose names are not in `names`.
  public func dropping(_ names: LabelNames) -> Labels { filtered(names, keepsMembers: false) }

  /// The labels without `__name__`, `__type__` and `__unit__` (promql.md §2: "the name is dropped").
  public func droppingMetadata() -> Labels { dropping(.metadata) }

  /// The same as `keeping`, written over `result` in the memory that it has.
  package func keeping(_ names: LabelNames, into result: inout Labels) {
    filter(names, keepsMembers: true, into: &result)
  }

  /// The same as `dropping`, written over `result` in the memory that it has.
  package func dropping(_ names: LabelNames, into result: inout Labels) {
    filter(names, keepsMembers: false, into: &result)
  }

  /// The labels and, of another set, those in `names`, of which there are none here.
  package func merging(_ other: Labels, _ names: LabelNames) -> Labels {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 64)
    var (ours, theirs) = (LabelCursor(self), LabelCursor(other))
    var hasOurs = ours.next()
    while theirs.next() {
      let name = other.bytes[theirs.name]
      guard names.contains(name) else { continue }
      let start = hasOurs ? ours.start : bytes.count
      var end = start
      while hasOurs, bytes[ours.name].lexicographicallyPrecedes(name) {
        end = ours.value.upperBound
        hasOurs = ours.next()
      }
      result += bytes[start..<end]
      result += theirs.encoded
    }
    if hasOurs { result += bytes[ours.start...] }
    return Labels(bytes: result)
  }

  /// The same labels in memory of their own, and no more of it than they need.
  package func copied() -> Labels { Labels(bytes: bytes.trimmed()) }

  /// Whether `__type__` or `__unit__` is among the labels.
  public var hasTypeOrUnit: Bool {
    unsafe bytes.withUnsafeBufferPointer { source in
      var cursor = 0
      while cursor < source.count {
        let name = unsafe Self.take(source, &cursor)
        // Sorted by name: nothing that starts beyond an underscore can be one of them.
        guard !name.isEmpty, unsafe source[name.lowerBound] <= UInt8(ascii: "_") else { return false }
        if unsafe LabelNames.typeAndUnit.contains(source, name) { return true }
        _ = unsafe Self.take(source, &cursor)
      }
      return false
    }
  }

  private func filtered(_ names: LabelNames, keepsMembers: Bool) -> Labels {
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: source.count) { kept in
        var count = 0
        unsafe Self.forEachRun(source, names, keepsMembers: keepsMembers) { run in
          guard let from = source.baseAddress, let to = kept.baseAddress else { return }
          unsafe memcpy(to + count, from + run.lowerBound, run.count)
          count += run.count
        }
        if count == source.count { return self }
        return unsafe Labels(bytes: Array(kept[..<count]))
      }
    }
  }

  private func filter(_ names: LabelNames, keepsMembers: Bool, into result: inout Labels) {
    result.bytes.removeAll(keepingCapacity: true)
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe Self.forEachRun(source, names, keepsMembers: keepsMembers) { run in
        unsafe result.bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[run]))
      }
    }
  }

  /// The runs of labels whose names are in the set, or of the others: bytes that are copied as they are.
  @inline(__always)
  private static func forEachRun(
    _ source: UnsafeBufferPointer<UInt8>, _ names: LabelNames, keepsMembers: Bool,
    _ body: (Range<Int>) -> Void
  ) {
    var cursor = 0
    var run = 0..<0
    while cursor < source.count {
      let start = cursor
      let name = unsafe take(source, &cursor)
      _ = unsafe take(source, &cursor)
      guard unsafe names.contains(source, name) == keepsMembers else { continue }
      if run.upperBound != start {
        if !run.isEmpty { body(run) }
        run = start..<start
      }
      run = run.lowerBound..<cursor
    }
    if !run.isEmpty { body(run) }
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
  /// The names one behind the other.
  private let bytes: [UInt8]
  /// Where each name ends.
  private let ends: [Int]
  /// A bit for each length that occurs (lengths from 63 on share one): most names differ in length.
  private let lengths: UInt64

  public init(_ names: some Sequence<String>) {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var lengths: UInt64 = 0
    for name in names {
      bytes += name.utf8
      ends.append(bytes.count)
      lengths |= 1 << UInt64(min(name.utf8.count, 63))
    }
    self.bytes = bytes
    self.ends = ends
    self.lengths = lengths
  }

  public static let metadata = LabelNames(LabelName.metadata)
  public static let metric = LabelNames([LabelName.metric])
  static let typeAndUnit = LabelNames([LabelName.type, LabelName.unit])

  public var isEmpty: Bool { ends.isEmpty }

  /// Each name.
  var all: [ArraySlice<UInt8>] {
    var start = 0
    return ends.map { end in
      defer { start = end }
      return bytes[start..<end]
    }
  }

  public func contains(_ name: ArraySlice<UInt8>) -> Bool {
    unsafe name.withUnsafeBufferPointer { unsafe contains($0, 0..<$0.count) }
  }

  @inline(__always)
  fileprivate func contains(_ other: UnsafeBufferPointer<UInt8>, _ name: Range<Int>) -> Bool {
    guard lengths & 1 << UInt64(min(name.count, 63)) != 0 else { return false }
    return unsafe search(other, name)
  }

  private func search(_ other: UnsafeBufferPointer<UInt8>, _ name: Range<Int>) -> Bool {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      for end in ends {
        defer { start = end }
        guard end - start == name.count else { continue }
        guard let a = bytes.baseAddress, let b = other.baseAddress else { return true }
        if unsafe memcmp(a + start, b + name.lowerBound, name.count) == 0 { return true }
      }
      return false
    }
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
