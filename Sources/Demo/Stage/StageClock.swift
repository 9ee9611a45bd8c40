import Gate
import Scrape
import Synchronization

/// The one clock of a rollout, which everything in it goes by: the time of day when it is made, and
/// faster than the wall's from there.
///
/// It stands still while the process does: when nobody has read it for longer than `patience`, only
/// that much has passed. So the delays of a busy machine, which the speed would multiply, do not look
/// like those of the application; the demo takes longer instead.
package final class StageClock: GateClock {
  /// How many of its seconds pass in a real one.
  package let speed: Double
  private let state: Mutex<State>

  private struct State {
    /// Milliseconds since the epoch.
    var time: Double
    /// When it was read last.
    var reading: ContinuousClock.Instant
  }

  /// Real time that passes at most between two readings.
  private static let patience = Duration.milliseconds(20)
  /// Real time between two of its own readings.
  private static let beat = Duration.milliseconds(5)

  /// - Parameter speed: how many of its seconds pass in a real one; positive.
  package init(speed: Double) {
    self.speed = speed
    state = Mutex(State(time: Double(TimeSource.wall.now()), reading: .now))
  }

  package func now() -> Int64 {
    state.withLock { state in
      let reading = ContinuousClock.now
      let passed = min(reading - state.reading, Self.patience)
      state.time += passed / .milliseconds(1) * speed
      state.reading = reading
      return Int64(state.time)
    }
  }

  package func sleep(until time: Int64) async throws {
    try Task.checkCancellation()
    while true {
      let rest = Double(time - now()) / speed
      guard rest > 0 else { return }
      try await Task.sleep(for: .microseconds((rest * 1000).rounded(.up)))
    }
  }

  /// Reads the clock often enough, until the task is cancelled.
  @concurrent
  func beat() async {
    while (try? await Task.sleep(for: Self.beat)) != nil { _ = now() }
  }

  /// The same clock, as the scrape loop takes it. Timeouts count in real time: on loopback nobody is
  /// slow but the machine.
  var source: TimeSource {
    TimeSource(
      now: { self.now() }, seconds: { Double(self.now()) / 1000 },
      sleep: { until in try await self.sleep(until: until) }, speed: 1)
  }
}
