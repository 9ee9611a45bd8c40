import Evaluator
import NIOCore
import NIOPosix
import Synchronization

/// Raises the flags of evaluations whose time is over.
///
/// A timer runs for the soonest end alone: queries that are answered in time, which are nearly all, cost
/// no timer of their own.
final class DeadlineWatch: Sendable {
  private struct State {
    var watched: [Int: (flag: Cancellation, end: NIODeadline)] = [:]
    var next = 0
    /// When the timer looks; nil while none runs.
    var look: NIODeadline?
  }

  private let state = Mutex(State())

  /// Watches an evaluation that starts now; the number is for `remove`.
  func add(_ flag: Cancellation, _ timeout: TimeAmount) -> Int {
    let end = NIODeadline.now() + timeout
    let (number, isSooner) = state.withLock { state in
      state.next += 1
      state.watched[state.next] = (flag, end)
      guard end < state.look ?? .distantFuture else { return (state.next, false) }
      state.look = end
      return (state.next, true)
    }
    if isSooner { schedule(at: end) }
    return number
  }

  /// Ends the watching.
  func remove(_ number: Int) { state.withLock { _ = $0.watched.removeValue(forKey: number) } }

  private func schedule(at time: NIODeadline) {
    MultiThreadedEventLoopGroup.singleton.any().scheduleTask(deadline: time) { self.look(at: time) }
  }

  private func look(at time: NIODeadline) {
    let now = NIODeadline.now()
    let next = state.withLock { state -> NIODeadline? in
      for (flag, end) in state.watched.values where end <= now { flag.raise(.timedOut) }
      // A sooner timer was set since; it goes on from here.
      guard state.look == time else { return nil }
      state.look = state.watched.values.lazy.map(\.end).filter { $0 > now }.min()
      return state.look
    }
    if let next { schedule(at: next) }
  }
}
