import Synchronization

/// What time it is, and how to wait: the only clock that a run sees.
public protocol GateClock: Sendable {
  /// Milliseconds since the epoch.
  func now() -> Int64
  /// Returns when `now()` is at least `time`; at once when it already is. Throws on cancellation.
  func sleep(until time: Int64) async throws
}

/// The clock on the wall, or one that runs evenly faster.
public struct WallClock: GateClock {
  private let origin: Int64
  private let startedAt: ContinuousClock.Instant
  private let speed: Double

  /// - Parameters:
  ///   - origin: what the clock shows now, milliseconds since the epoch.
  ///   - speed: how many of its seconds pass in a real one; positive.
  public init(origin: Int64, speed: Double = 1) {
    self.origin = origin
    self.speed = speed
    startedAt = .now
  }

  public func now() -> Int64 {
    let elapsed = (ContinuousClock.now - startedAt) / .milliseconds(1)
    return origin + Int64(elapsed * speed)
  }

  public func sleep(until time: Int64) async throws {
    let wait = Double(time - now()) / speed
    guard wait > 0 else { return try Task.checkCancellation() }
    // Rounded up, so that the time has come when the sleep is over.
    try await Task.sleep(for: .milliseconds(wait.rounded(.up)))
  }
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
