private import Glibc
internal import Synchronization
internal import TimeSeries

/// Labels that senders have written before, by their bytes, and where their series live. Safe to share: a
/// request works on a copy, which costs nothing as long as it brings nothing new.
public final class KnownLabels: Sendable {
  private let table = Mutex(KnownTable())

  public init() {}

  func copy() -> KnownTable { table.withLock { $0 } }

  /// Puts a request's copy in the place of what there is, when it knows more.
  func replace(with copy: KnownTable) { table.withLock { $0 = copy } }
}

/// The labels that one request can know.
struct KnownTable: Sendable {
  /// One series as a sender writes it. All copies share it, and learn where it lives together.
  private final class Entry: Sendable {
    /// As they were written; empty where that is as the labels are, so that there is nothing to keep.
    private let bytes: [UInt8]
    let labels: Labels
    let hash: UInt64
    private let packed = Atomic<UInt64>(.max)

    init(_ bytes: UnsafeRawBufferPointer, labels: Labels, hash: UInt64) {
      self.bytes = unsafe labels.isWritten(bytes) ? [] : Array(bytes)
      self.labels = labels
      self.hash = hash
    }

    /// Whether a sender writes it like this.
    func isWritten(_ other: UnsafeRawBufferPointer) -> Bool {
      if bytes.isEmpty { return unsafe labels.isWritten(other) }
      guard bytes.count == other.count, let start = other.baseAddress else { return false }
      return unsafe bytes.withUnsafeBytes { known in
        guard let address = known.baseAddress else { return true }
        return unsafe memcmp(address, start, other.count) == 0
      }
    }

    var reference: SeriesReference? {
      get { SeriesReference(packed: packed.load(ordering: .relaxed)) }
      set { packed.store(newValue?.packed ?? .max, ordering: .relaxed) }
    }
  }

  private var entries: [Entry] = []
  private var places: [UInt64: Int32] = [:]
  private let seed = UInt64.random(in: .min ... .max)
  /// Where the last one was found: senders repeat their order.
  private var last = -1
  /// Whether it knows something that it did not at first.
  private(set) var isChanged = false

  /// Those whose series are gone are looked for when there are so many: twice as many as stayed.
  private var nextSweep = Self.least
  private static let least = 4096

  init() {}

  /// The place of labels by their bytes; nil when they are new.
  mutating func place(of bytes: UnsafeRawBufferPointer) -> Int? {
    let guess = last + 1
    if guess < entries.count, unsafe entries[guess].isWritten(bytes) {
      last = guess
      return guess
    }
    guard let place = places[unsafe hash(bytes)], unsafe entries[Int(place)].isWritten(bytes) else {
      return nil
    }
    last = Int(place)
    return last
  }

  func labels(at place: Int) -> Labels { entries[place].labels }
  func reference(at place: Int) -> SeriesReference? { entries[place].reference }

  mutating func remember(_ labels: Labels, _ bytes: UnsafeRawBufferPointer) -> Int {
    let hash = unsafe hash(bytes)
    places[hash] = Int32(entries.count)
    unsafe entries.append(Entry(bytes, labels: labels, hash: hash))
    last = entries.count - 1
    isChanged = true
    return last
  }

  /// Notes where a series lives.
  func note(_ reference: SeriesReference?, at place: Int) {
    if place < entries.count { entries[place].reference = reference }
  }

  /// Forgets those whose series a store has no longer, or never took, once they may be as many as the others.
  mutating func forgetGone(from store: Store) {
    guard entries.count >= nextSweep else { return }
    let areAlive = store.areAlive(entries.map(\.reference))
    entries = zip(entries, areAlive).filter(\.1).map(\.0)
    places = Dictionary(entries.enumerated().map { ($1.hash, Int32($0)) }) { $1 }
    nextSweep = 2 * entries.count + Self.least
  }

  /// Forgets that it was changed.
  mutating func settle() {
    isChanged = false
    last = -1
  }

  /// Eight bytes at a time, from a number that nobody outside knows.
  private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = seed ^ UInt64(bytes.count)
    func mix(_ word: UInt64) {
      let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15 | 1)
      hash = product.high ^ product.low
    }
    var place = 0
    while place + 8 <= bytes.count {
      mix(unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
    }
    var rest: UInt64 = 0
    while place < bytes.count {
      rest = rest << 8 | UInt64(unsafe bytes[place])
      place += 1
    }
    mix(rest)
    return hash
  }
}

extension Labels {
  /// Whether these bytes are the fields of a `TimeSeries` message that say these labels, in this order and no
  /// more: as most senders write them.
  fileprivate func isWritten(_ message: UnsafeRawBufferPointer) -> Bool {
    unsafe bytes.withUnsafeBytes { own in
      var (at, place) = (0, 0)
      /// A length in the encoding of labels; they are well-formed.
      func ownLength() -> Int {
        let first = unsafe Int(own[at])
        at += 1
        guard first == 0xFF else { return first }
        defer { at += 3 }
        return unsafe Int(own[at]) | Int(own[at + 1]) << 8 | Int(own[at + 2]) << 16
      }
      /// A field's tag and length; nil for any other field.
      func length(_ tag: UInt8) -> Int? {
        guard place < message.count, unsafe message[place] == tag else { return nil }
        place += 1
        var (length, shift) = (0, 0)
        while place < message.count, shift < 28 {
          let byte = unsafe Int(message[place])
          place += 1
          length |= (byte & 0x7F) << shift
          if byte < 0x80 { return length }
          shift += 7
        }
        return nil
      }
      /// Whether a text of the message is the next one of the labels.
      func isNext(_ tag: UInt8) -> Bool {
        guard let count = length(tag), ownLength() == count, count <= message.count - place else {
          return false
        }
        defer { (at, place) = (at + count, place + count) }
        guard let a = own.baseAddress, let b = message.baseAddress else { return true }
        return unsafe memcmp(a + at, b + place, count) == 0
      }
      while at < own.count {
        guard let count = length(0x0A) else { return false }
        let end = place + count
        guard isNext(0x0A), isNext(0x12), place == end else { return false }
      }
      return place == message.count
    }
  }
}
