import Synchronization

/// Keeps what happens over and over from filling a log: about one thing a line passes, and the next one when
/// ten seconds have gone by.
public final class LogPause: Sendable {
  private struct Silence {
    var until: ContinuousClock.Instant
    var count = 0
  }

  private let silences = Mutex<[String: Silence]>([:])

  private static let length = Duration.seconds(10)
  /// Beyond so many things all are forgotten, and told anew.
  private static let limit = 10_000

  /// Nothing was told yet.
  public init() {}

  /// How many lines about a thing were held back since the last one that passed; nil when this one is, too.
  public func heldBack(_ thing: String) -> Int? {
    let now = ContinuousClock.now
    return silences.withLock { silences in
      if let silence = silences[thing], now < silence.until {
        silences[thing]?.count += 1
        return nil
      }
      let count = silences[thing]?.count ?? 0
      if silences.count >= Self.limit { silences = [:] }
      silences[thing] = Silence(until: now + Self.length)
      return count
    }
  }
}
