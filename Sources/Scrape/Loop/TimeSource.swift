/// Where a loop's time comes from: the wall, a faster wall, or a test.
///
/// All times are milliseconds since the epoch in the source's own time.
public struct TimeSource: Sendable {
  /// The time.
  public var now: @Sendable () -> Int64
  /// A reading in seconds that never goes back, for durations. Its zero means nothing.
  public var seconds: @Sendable () -> Double
  /// Waits until `now` is at least this time. Throws `CancellationError` when the task is cancelled.
  public var sleep: @Sendable (_ until: Int64) async throws -> Void
  /// How many seconds of this source pass in one of the wall clock.
  public var speed: Double

  public init(
    now: @escaping @Sendable () -> Int64, seconds: @escaping @Sendable () -> Double,
    sleep: @escaping @Sendable (_ until: Int64) async throws -> Void, speed: Double = 1
  ) {
    self.now = now
    self.seconds = seconds
    self.sleep = sleep
    self.speed = speed
  }

  /// The wall clock.
  public static let wall = TimeSource.wall(speed: 1)

  /// A clock that starts at the wall clock's time and runs `speed` times as fast.
  public static func wall(speed: Double) -> TimeSource {
    let speed = speed.isFinite ? max(speed, 0.001) : 1
    let clock = WallReading()
    return TimeSource(
      now: { speed == 1 ? WallReading.epochMilliseconds() : clock.milliseconds(speed: speed) },
      seconds: { clock.elapsedSeconds() * speed },
      sleep: { until in
        while true {
          try Task.checkCancellation()
          let now = speed == 1 ? WallReading.epochMilliseconds() : clock.milliseconds(speed: speed)
          guard now < until else { return }
          // Short naps, so that a clock that is set meanwhile is noticed.
          let nap = min(Double(until &- now) / speed, 60_000)
          try await Task.sleep(for: .microseconds(Int64((nap * 1000).rounded(.up))))
        }
      },
      speed: speed)
  }
}

/// A start on the wall clock and the time that has passed since.
private struct WallReading: Sendable {
  private let epochStart = Self.epochMilliseconds()
  private let start = ContinuousClock.now

  func elapsedSeconds() -> Double {
    let elapsed = (ContinuousClock.now - start).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
  }

  func milliseconds(speed: Double) -> Int64 {
    epochStart &+ Int64(min(elapsedSeconds() * speed * 1000, 9e15))
  }

  static func epochMilliseconds() -> Int64 { WallClock.epochMilliseconds() }
}
