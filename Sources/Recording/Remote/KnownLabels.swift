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
    let bytes: [UInt8]
    let labels: Labels
    private let packed = Atomic<UInt64>(.max)

    init(bytes: [UInt8], labels: Labels) {
      self.bytes = bytes
      self.labels = labels
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

  /// More than these are forgotten all at once: senders that churn so much gain nothing.
  private static let limit = 200_000

  init() {}

  /// The place of labels by their bytes; nil when they are new.
  mutating func place(of bytes: UnsafeRawBufferPointer) -> Int? {
    let guess = last + 1
    if guess < entries.count, unsafe Self.isSame(entries[guess].bytes, bytes) {
      last = guess
      return guess
    }
    guard let place = places[unsafe hash(bytes)], unsafe Self.isSame(entries[Int(place)].bytes, bytes) else {
      return nil
    }
    last = Int(place)
    return last
  }

  func labels(at place: Int) -> Labels { entries[place].labels }
  func reference(at place: Int) -> SeriesReference? { entries[place].reference }

  mutating func remember(_ labels: Labels, _ bytes: UnsafeRawBufferPointer) -> Int {
    if entries.count >= Self.limit { (entries, places) = ([], [:]) }
    places[unsafe hash(bytes)] = Int32(entries.count)
    unsafe entries.append(Entry(bytes: Array(bytes), labels: labels))
    last = entries.count - 1
    isChanged = true
    return last
  }

  /// Notes where a series lives. After all was forgotten a place may be another's; the store sees that a
  /// reference is not its.
  func note(_ reference: SeriesReference?, at place: Int) {
    if place < entries.count { entries[place].reference = reference }
  }

  /// Forgets that it was changed.
  mutating func settle() {
    isChanged = false
    last = -1
  }

  private static func isSame(_ known: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard known.count == bytes.count, let other = bytes.baseAddress else { return false }
    return unsafe known.withUnsafeBytes { known in
      guard let address = known.baseAddress else { return true }
      return unsafe memcmp(address, other, bytes.count) == 0
    }
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
