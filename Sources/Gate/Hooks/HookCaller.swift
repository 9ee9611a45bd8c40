import Manifests

/// Whoever calls webhooks for a run.
public protocol HookCaller: Sendable {
  /// Calls a hook and says what it answered; what goes wrong is a refusal. Throws on cancellation only.
  func call(_ hook: Hook, of rollout: Rollout, phase: Phase, since: Int64?) async throws -> HookAnswer
}

/// Calls webhooks over HTTP as Flagger does: one attempt and the retries, 1 s, 2 s, 4 s and so on apart,
/// 30 s at the most (flagger.md §5.9).
public struct HTTPHookCaller: HookCaller {
  /// Posts a body. Throws with a message for people when nobody answers.
  public typealias Post = @Sendable (HookRequest) async throws -> HTTPAnswer

  private let post: Post
  private let pause: @Sendable (_ milliseconds: Int64) async throws -> Void

  /// The longest pause between two attempts, milliseconds.
  static let longestPause: Int64 = 30_000

  /// - Parameters:
  ///   - pause: waits between two attempts.
  ///   - post: sends one attempt.
  public init(
    pause: @escaping @Sendable (_ milliseconds: Int64) async throws -> Void, post: @escaping Post
  ) {
    self.pause = pause
    self.post = post
  }

  public func call(
    _ hook: Hook, of rollout: Rollout, phase: Phase, since: Int64?
  ) async throws -> HookAnswer {
    let request: HookRequest
    do {
      request = try HookRequest(hook, of: rollout, phase: phase, since: since)
    } catch {
      return .refused(error.description)
    }
    return try await send(request)
  }

  /// Sends one request, with its retries.
  public func send(_ request: HookRequest) async throws -> HookAnswer {
    var failure: String?
    let attempts = max(0, request.retries) + 1
    for attempt in 0..<attempts {
      if attempt > 0 { try await pause(min(Self.longestPause, 1000 << min(attempt - 1, 20))) }
      do {
        let answer = try await post(request)
        switch HookAttempt(status: answer.status, body: answer.body) {
        case .settled(let answer): return answer
        case .again(let error): failure = error
        }
      } catch let error as CancellationError {
        throw error
      } catch {
        try Task.checkCancellation()
        failure = "\(error)"
      }
    }
    let tail = failure.map { ": \($0)" } ?? ""
    return .refused("POST \(request.url) giving up after \(attempts) attempt(s)\(tail)")
  }
}
