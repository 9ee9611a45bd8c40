internal import TimeSeries

/// When a target is scraped (exposition.md §11). All times in milliseconds.
struct Schedule: Sendable {
  let interval: Int64
  /// Where in the interval the target's moment lies.
  let phase: Int64
  /// A scrape that starts no later than this after its moment is recorded at the moment.
  let tolerance: Int64

  init(_ target: Target) {
    interval = target.effectiveIntervalMilliseconds
    phase = Int64(Self.hash(target) % UInt64(interval))
    tolerance = min(interval / 100, 2)
  }

  /// The first moment at or after a time.
  func moment(notBefore time: Int64) -> Int64 {
    let behind = (time &- phase) % interval
    let wait = behind == 0 ? 0 : behind > 0 ? interval - behind : -behind
    return time &+ wait
  }

  /// The timestamp of a scrape that was due at one time and started at another.
  func timestamp(due: Int64, started: Int64) -> Int64 {
    started - due <= tolerance && started >= due ? due : started
  }

  /// FNV-1a over what identifies the target: the same at every start, different between targets.
  private static func hash(_ target: Target) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    target.labels.bytes.forEach(mix)
    target.url.utf8.forEach(mix)
    return hash
  }
}
