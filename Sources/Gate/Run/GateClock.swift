import Synchronization

/// What time it is, and how to wait: the only clock that a run sees.
public protocol GateClock: Sendable {
  /// Milliseconds since the epoch.
  func now() -> Int64
  /// Returns when `now()` is at least `time`; at once when it already is. Throws on cancellation.
  func sleep(until time: Int64) async throws
}

/// A clock that jumps to whatever time is waited for: recordings and tests run as fast as they can.
public final class SimulatedClock: GateClock {
  private let time: Mutex<Int64>

  /// - Parameter time: milliseconds since the epoch.
  public init(_ time: Int64) { self.time = Mutex(time) }

  public func now() -> Int64 { time.withLock { $0 } }

  public func sleep(until time: Int64) async throws {
    try Task.checkCancellation()
    self.time.withLock { $0 = max($0, time) }
  }
}
