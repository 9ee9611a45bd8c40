private import Glibc

/// Finds the series of a sample by the raw bytes of its text, so that a repeated scrape parses no
/// labels.
///
/// Each entry remembers which one followed it, because an exposer writes its series in the same order
/// every time: the usual lookup is one comparison of bytes. The rest goes through a hash table.
package struct SeriesCache: Sendable {
  /// One text that was seen, and its series.
  package struct Entry: Sendable {
    /// Where the text lies in `texts`.
    package var text: Range<Int>
    var hash: Int
    /// The label whose value was normalised, by the type in force: the same text may mean two series.
    let type: NumericLabel
    /// The series.
    package var slot: Int32
    /// The pass in which the text was last seen.
    package var seen: Int
    /// The entry that followed last time, −1 when none did.
    var next: Int32 = -1
  }

  /// All texts, one after the other.
  package private(set) var texts: [UInt8] = []
  /// In the order in which the texts were first seen.
  package private(set) var entries: [Entry] = []
  /// Open addressing: entry indexes, −1 where free. The count is a power of two.
  private var table = [Int32](repeating: -1, count: 64)
  /// The entry that came last, −1 at the start of a pass.
  private var latest: Int32 = -1
  private var first: Int32 = -1

  package init() {}

  /// How many texts are known.
  package var count: Int { entries.count }

  /// Starts at the top of an exposition.
  package mutating func rewind() { latest = -1 }

  /// The entry that probably comes next; nil when there is no guess.
  package var predicted: Int? {
    let guess = latest < 0 ? first : entries[Int(latest)].next
    return guess >= 0 && Int(guess) < entries.count ? Int(guess) : nil
  }

  /// The text of the entry that probably comes next under a type, as a range of `texts`.
  package func predictedText(_ type: NumericLabel) -> Range<Int> {
    guard let predicted, entries[predicted].type == type else { return 0..<0 }
    return entries[predicted].text
  }

  /// Notes that an entry was seen in a pass, and after which other.
  package mutating func advance(to entry: Int, pass: Int) {
    if latest < 0 { first = Int32(entry) } else { entries[Int(latest)].next = Int32(entry) }
    latest = Int32(entry)
    entries[entry].seen = pass
  }

  /// The entry with a text under a type, and the text's hash for `insert`.
  package func find(_ text: Span<UInt8>, _ type: NumericLabel) -> (entry: Int?, hash: Int) {
    let hash = Self.hash(text)
    var place = hash & (table.count - 1)
    while table[place] >= 0 {
      let entry = entries[Int(table[place])]
      if entry.hash == hash, entry.type == type, Self.equal(texts.span.extracting(entry.text), text) {
        return (Int(table[place]), hash)
      }
      place = (place + 1) & (table.count - 1)
    }
    return (nil, hash)
  }

  /// Adds a text that `find` did not find, with the hash that it told.
  package mutating func insert(
    _ text: Span<UInt8>, _ type: NumericLabel, hash: Int, slot: Int32, pass: Int
  ) -> Int {
    if entries.count * 2 >= table.count { rebuildTable(count: table.count * 2) }
    let begin = texts.count
    unsafe text.withUnsafeBufferPointer { unsafe texts.append(contentsOf: $0) }
    let range = begin..<texts.count
    entries.append(Entry(text: range, hash: hash, type: type, slot: slot, seen: pass))
    place(entries.count - 1)
    return entries.count - 1
  }

  /// Keeps only the entries that were seen in a pass.
  package mutating func keepSeen(in pass: Int) {
    var places = [Int32](repeating: -1, count: entries.count)
    var keptTexts: [UInt8] = []
    var kept: [Entry] = []
    for (index, entry) in entries.enumerated() where entry.seen == pass {
      places[index] = Int32(kept.count)
      var moved = entry
      moved.text = keptTexts.count..<keptTexts.count + entry.text.count
      keptTexts.append(contentsOf: texts[entry.text])
      kept.append(moved)
    }
    func moved(_ index: Int32) -> Int32 {
      index >= 0 && Int(index) < places.count ? places[Int(index)] : -1
    }
    for index in kept.indices { kept[index].next = moved(kept[index].next) }
    first = moved(first)
    latest = -1
    texts = keptTexts
    entries = kept
    var wanted = 64
    while wanted < entries.count * 2 + 2 { wanted *= 2 }
    rebuildTable(count: wanted)
  }

  private mutating func rebuildTable(count: Int) {
    table = [Int32](repeating: -1, count: count)
    for index in entries.indices { place(index) }
  }

  private mutating func place(_ entry: Int) {
    var place = entries[entry].hash & (table.count - 1)
    while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
    table[place] = Int32(entry)
  }

  /// Seeded by the process: no exposer can choose texts that collide.
  private static func hash(_ text: Span<UInt8>) -> Int {
    var hasher = Hasher()
    unsafe text.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize()
  }

  private static func equal(_ lhs: Span<UInt8>, _ rhs: Span<UInt8>) -> Bool {
    guard lhs.count == rhs.count else { return false }
    return unsafe lhs.withUnsafeBytes { lhs in
      unsafe rhs.withUnsafeBytes { rhs in
        guard let left = lhs.baseAddress, let right = rhs.baseAddress else { return true }
        return unsafe memcmp(left, right, lhs.count) == 0
      }
    }
  }
}
