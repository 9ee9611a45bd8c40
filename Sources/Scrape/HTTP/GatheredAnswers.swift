private import Dispatch
private import Synchronization

/// Answers that come one by one on another thread, and a thread that waits for all of them.
final class GatheredAnswers: Sendable {
  private struct State {
    var answers: [PendingExchange.Answer?]
    var missing: Int
  }

  private let state: Mutex<State>
  private let isWhole = DispatchSemaphore(value: 0)

  init(count: Int) {
    state = Mutex(State(answers: Array(repeating: nil, count: count), missing: count))
    if count == 0 { isWhole.signal() }
  }

  /// Each place is set once.
  func set(_ answer: PendingExchange.Answer, at index: Int) {
    let missing = state.withLock { state in
      state.answers[index] = answer
      state.missing -= 1
      return state.missing
    }
    if missing == 0 { isWhole.signal() }
  }

  /// Holds the thread until all are set; once.
  func wait() -> [PendingExchange.Answer] {
    isWhole.wait()
    return state.withLock { $0.answers.compactMap { $0 } }
  }
}
