private import Synchronization

/// A clock for tests and rehearsals: time passes when everybody waits for it.
///
/// It knows how many tasks take part. When that many sleep, it jumps to the earliest time that one of
/// them waits for, so an hour takes milliseconds and every run is the same. A task that leaves calls
/// `leave`, or the others wait for it for ever.
public final class VirtualClock: Sendable {
  private struct Sleeper {
    var until: Int64
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Int64
    var participants: Int
    var sleepers: [UInt64: Sleeper] = [:]
    var cancelled: Set<UInt64> = []
    var last: UInt64 = 0
  }

  private let state: Mutex<State>

  /// Starts at a time in milliseconds, for a number of tasks.
  public init(now: Int64, participants: Int) {
    state = Mutex(State(now: now, participants: participants))
  }

  /// The time in milliseconds.
  public var now: Int64 { state.withLock { $0.now } }

  /// The clock as a loop takes it.
  public var source: TimeSource {
    TimeSource(
      now: { self.now }, seconds: { Double(self.now) / 1000 },
      sleep: { until in try await self.sleep(until: until) })
  }

  /// One task takes no more part.
  public func leave() {
    wake(
      state.withLock { state in
        state.participants -= 1
        return Self.due(&state)
      })
  }

  /// One more task takes part.
  public func join() { state.withLock { $0.participants += 1 } }

  /// Waits until the clock has reached a time. Throws `CancellationError` when the task is cancelled.
  public func sleep(until time: Int64) async throws {
    let id = state.withLock { state in
      state.last += 1
      return state.last
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enqueue(Sleeper(until: time, continuation: continuation), id)
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        let sleeper = state.sleepers.removeValue(forKey: id)
        if sleeper == nil { state.cancelled.insert(id) }
        return sleeper
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  private func enqueue(_ sleeper: Sleeper, _ id: UInt64) {
    let (isCancelled, due) = state.withLock { state -> (Bool, [Sleeper]) in
      if state.cancelled.remove(id) != nil { return (true, []) }
      state.sleepers[id] = sleeper
      return (false, Self.due(&state))
    }
    if isCancelled { sleeper.continuation.resume(throwing: CancellationError()) }
    wake(due)
  }

  private func wake(_ sleepers: [Sleeper]) {
    for sleeper in sleepers { sleeper.continuation.resume() }
  }

  /// Those whose time has come, in the order in which they began to wait; time moves if it must.
  private static func due(_ state: inout State) -> [Sleeper] {
    guard state.sleepers.count >= state.participants,
      let earliest = state.sleepers.values.map(\.until).min()
    else { return [] }
    state.now = max(state.now, earliest)
    let now = state.now
    let ids = state.sleepers.filter { $0.value.until <= now }.keys.sorted()
    return ids.compactMap { state.sleepers.removeValue(forKey: $0) }
  }
}
