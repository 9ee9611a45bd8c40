import Evaluator
import NIOCore
import NIOPosix
import Synchronization

/// Raises the flags of evaluations whose time is over, to within a few milliseconds.
///
/// One timer serves all: it runs only while something is watched.
final class DeadlineWatch: Sendable {
  private struct State {
    var watched: [Int: (flag: Cancellation, end: NIODeadline)] = [:]
    var next = 0
    var isRunning = false
  }

  private let state = Mutex(State())
  private static let interval = TimeAmount.milliseconds(5)

  /// Watches an evaluation that starts now; the number is for `remove`.
  func add(_ flag: Cancellation, _ timeout: TimeAmount) -> Int {
    let (number, starts) = state.withLock { state in
      defer {
        state.next += 1
        state.isRunning = true
      }
      state.watched[state.next] = (flag, .now() + timeout)
      return (state.next, !state.isRunning)
    }
    if starts { schedule() }
    return number
  }

  /// Ends the watching.
  func remove(_ number: Int) { state.withLock { _ = $0.watched.removeValue(forKey: number) } }

  private func schedule() {
    MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.interval) { self.look() }
  }

  private func look() {
    let now = NIODeadline.now()
    let goesOn = state.withLock { state in
      for (flag, end) in state.watched.values where end < now { flag.raise(.timedOut) }
      state.isRunning = !state.watched.isEmpty
      return state.isRunning
    }
    if goesOn { schedule() }
  }
}
