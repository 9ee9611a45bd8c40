import Synchronization

/// Which backend gets the next request.
final class TrafficSplit: Sendable {
  struct Backend: Sendable {
    var isCanary: Bool
    /// `127.0.0.1:41234`
    var address: String
  }

  private struct State {
    var primary: String
    var canary: String?
    /// Percent.
    var weight = 0
    var share = EvenShare()
    /// The canary is asked again from this time on, in milliseconds.
    var leftOutUntil = Int64.min
  }

  private let state: Mutex<State>

  /// How long a canary that refused is not asked, in milliseconds: nginx' `fail_timeout`.
  private static let leaveOut: Int64 = 10_000

  init(primary: String) { state = Mutex(State(primary: primary)) }

  var primary: Backend { Backend(isCanary: false, address: state.withLock { $0.primary }) }

  func setWeight(_ weight: Int) { state.withLock { $0.weight = weight } }

  func setCanary(_ address: String?) {
    state.withLock {
      $0.canary = address
      $0.leftOutUntil = .min
    }
  }

  func leaveOutCanary(from time: Int64) { state.withLock { $0.leftOutUntil = time + Self.leaveOut } }

  /// - Parameter time: now, in milliseconds.
  func next(at time: Int64) -> Backend {
    state.withLock { state in
      let isCanarys = state.share.next(Double(state.weight) / 100)
      if isCanarys, let canary = state.canary, time >= state.leftOutUntil {
        return Backend(isCanary: true, address: canary)
      }
      return Backend(isCanary: false, address: state.primary)
    }
  }
}
