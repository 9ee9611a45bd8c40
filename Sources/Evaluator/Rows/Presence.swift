/// At which steps a row has a value: a bit a step. Absence is never a number among the values.
struct Presence: Sendable, Hashable {
  private(set) var words: [UInt64]
  /// How many steps there are.
  let count: Int

  /// Nothing is present.
  init(count: Int) {
    self.count = count
    words = [UInt64](repeating: 0, count: (count + 63) / 64)
  }

  subscript(_ step: Int) -> Bool {
    get { words[step >> 6] & (1 << UInt64(step & 63)) != 0 }
    set {
      let bit: UInt64 = 1 << UInt64(step & 63)
      if newValue { words[step >> 6] |= bit } else { words[step >> 6] &= ~bit }
    }
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// Whether every step is present: the kernels' fast path.
  var isFull: Bool {
    for word in words.dropLast() where word != .max { return false }
    return (words.last ?? 0) == Self.lastWord(count)
  }

  /// How many steps are present.
  var population: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  mutating func clear() { for i in words.indices { words[i] = 0 } }

  /// Takes over what is present elsewhere, in the memory that there is: assigning would share the other's,
  /// and the next change would have to copy it.
  mutating func copy(_ other: borrowing Presence) {
    for i in words.indices { words[i] = other.words[i] }
  }

  /// The same from a row of a table.
  mutating func copy(_ table: borrowing PresenceTable, _ row: Int) {
    for i in words.indices { words[i] = table.words[row * words.count + i] }
  }

  mutating func fill() {
    for i in words.indices { words[i] = .max }
    if !words.isEmpty { words[words.count - 1] = Self.lastWord(count) }
  }

  mutating func formUnion(_ other: Presence) {
    for i in words.indices { words[i] |= other.words[i] }
  }

  mutating func formIntersection(_ other: Presence) {
    for i in words.indices { words[i] &= other.words[i] }
  }

  mutating func subtract(_ other: Presence) {
    for i in words.indices { words[i] &= ~other.words[i] }
  }

  func intersects(_ other: Presence) -> Bool {
    for i in words.indices where words[i] & other.words[i] != 0 { return true }
    return false
  }

  /// Asks for some steps, in order, whether they are present; the words in which they lie hold nothing else.
  @inline(__always)
  mutating func setEach(in steps: Range<Int>, _ isPresent: (_ step: Int) -> Bool) {
    guard !steps.isEmpty else { return }
    for index in steps.lowerBound >> 6...(steps.upperBound - 1) >> 6 {
      let start = index << 6
      var word: UInt64 = 0
      for step in max(start, steps.lowerBound)..<min(start + 64, steps.upperBound) where isPresent(step) {
        word |= 1 << UInt64(step & 63)
      }
      words[index] = word
    }
  }

  /// Visits the runs of present steps in order. Whole words are skipped over at once.
  @inline(__always)
  func forEachRun(_ body: (Range<Int>) -> Void) {
    var start = next(true, from: 0)
    while start < count {
      let end = next(false, from: start)
      body(start..<end)
      start = next(true, from: end)
    }
  }

  /// The first step from `step` on that is present, or is not; `count` when there is none.
  private func next(_ isPresent: Bool, from step: Int) -> Int {
    let flip: UInt64 = isPresent ? 0 : .max
    var index = step >> 6
    guard index < words.count else { return count }
    var word = (words[index] ^ flip) & (.max << UInt64(step & 63))
    while word == 0 {
      index += 1
      guard index < words.count else { return count }
      word = words[index] ^ flip
    }
    return min(count, (index << 6) + word.trailingZeroBitCount)
  }

  /// Keeps the steps for which the condition holds among those present.
  @inline(__always)
  mutating func filter(_ condition: (_ step: Int) -> Bool) {
    for i in words.indices where words[i] != 0 {
      var word = words[i]
      var kept: UInt64 = 0
      while word != 0 {
        let bit = word.trailingZeroBitCount
        if condition((i << 6) + bit) { kept |= 1 << UInt64(bit) }
        word &= word &- 1
      }
      words[i] = kept
    }
  }

  private static func lastWord(_ count: Int) -> UInt64 {
    count == 0 ? 0 : count & 63 == 0 ? .max : (1 << UInt64(count & 63)) - 1
  }
}

/// The presence of many rows in one piece of memory.
struct PresenceTable: Sendable {
  fileprivate private(set) var words: [UInt64]
  private let wordsPerRow: Int

  /// Nothing is present. `count`: the steps of a row.
  init(rows: Int, count: Int) {
    wordsPerRow = (count + 63) / 64
    words = [UInt64](repeating: 0, count: rows * wordsPerRow)
  }

  subscript(_ row: Int, _ step: Int) -> Bool {
    words[row * wordsPerRow + step >> 6] & (1 << UInt64(step & 63)) != 0
  }

  mutating func formUnion(_ row: Int, _ other: borrowing Presence) {
    for i in 0..<wordsPerRow { words[row * wordsPerRow + i] |= other.words[i] }
  }
}
