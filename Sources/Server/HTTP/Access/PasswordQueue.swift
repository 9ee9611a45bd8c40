private import CCrypt
import NIOCore
import NIOPosix
import Synchronization

/// Holds passwords against bcrypt's hashes, which costs a tenth of a second each by intent: on threads of
/// its own, for each asker in turn, so that who guesses waits behind nobody but himself.
final class PasswordQueue: Sendable {
  /// Who waits for a turn.
  struct Asker: Sendable, Hashable {
    var address: String
    /// Nil for all names that no user has.
    var user: String?
  }

  /// One password that somebody showed; answered once.
  private final class Attempt: Sendable {
    let password: String
    let hash: String
    private let answer = Mutex<(given: Bool?, waiting: CheckedContinuation<Bool, Never>?)>((nil, nil))

    init(_ password: String, _ hash: String) {
      self.password = password
      self.hash = hash
    }

    /// Whether nobody waits any more.
    var isAnswered: Bool { answer.withLock { $0.given != nil } }

    func give(_ value: Bool) {
      let waiting = answer.withLock { answer in
        if answer.given == nil { answer.given = value }
        return answer.waiting.take()
      }
      waiting?.resume(returning: value)
    }

    func wait(_ continuation: CheckedContinuation<Bool, Never>) {
      let given = answer.withLock { answer in
        if answer.given == nil { answer.waiting = continuation }
        return answer.given
      }
      if let given { continuation.resume(returning: given) }
    }
  }

  private struct State {
    /// Those who have attempts waiting, in the order of their turns.
    var turns = CircularBuffer<Asker>()
    var attempts: [Asker: CircularBuffer<Attempt>] = [:]
    /// Threads at work.
    var busy = 0

    mutating func append(_ attempt: Attempt, of asker: Asker) {
      if attempts[asker] == nil { turns.append(asker) }
      attempts[asker, default: CircularBuffer()].append(attempt)
    }

    /// The next attempt of who has waited longest for a turn.
    mutating func take() -> Attempt? {
      guard let asker = turns.popFirst() else { return nil }
      let attempt = attempts[asker]?.popFirst()
      if attempts[asker]?.isEmpty ?? true { attempts[asker] = nil } else { turns.append(asker) }
      return attempt
    }
  }

  private let threads: NIOThreadPool
  private let count: Int
  private let state = Mutex(State())

  /// - Parameter count: how many threads hash at once.
  init(threads count: Int) {
    self.count = max(1, count)
    threads = NIOThreadPool(numberOfThreads: self.count)
    threads.start()
  }

  deinit { threads.shutdownGracefully { _ in } }

  /// Whether a password has a hash. Waits for its turn; false at once when the task is cancelled.
  func matches(_ password: String, _ hash: String, for asker: Asker) async -> Bool {
    let attempt = Attempt(password, hash)
    let starts = state.withLock { state in
      state.append(attempt, of: asker)
      guard state.busy < count else { return false }
      state.busy += 1
      return true
    }
    if starts { threads.submit { [self] _ in work() } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { attempt.wait($0) }
    } onCancel: {
      attempt.give(false)
    }
  }

  /// Looks at one attempt after the other until none waits.
  private func work() {
    while true {
      let attempt = state.withLock { state in
        let attempt = state.take()
        if attempt == nil { state.busy -= 1 }
        return attempt
      }
      guard let attempt else { return }
      if attempt.isAnswered { continue }
      attempt.give(unsafe promgate_bcrypt_matches(attempt.password, attempt.hash) == 1)
    }
  }
}
