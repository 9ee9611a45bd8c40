/// Where a rollout stands: everything that one tick leaves for the next (flagger.md §1.4, §5). A value
/// that can be stored and restored.
public struct AnalysisState: Sendable, Hashable, Codable {
  public var phase: Phase
  /// Cumulative over the rollout; a success never resets it (flagger.md §5.4).
  public var failedChecks: Int
  /// How many of `failedChecks` were checks without a value or with an error.
  public var unmeasuredChecks: Int
  /// `status.canaryWeight`, which is not always what the router has.
  public var canaryWeight: Int
  public var iterations: Int
  /// What the router was last told.
  public var routes: Routes
  /// When the rollout began, or its analysis began anew, in milliseconds; nil before.
  public var since: Int64?

  public init(
    phase: Phase = .initialized, failedChecks: Int = 0, canaryWeight: Int = 0, iterations: Int = 0,
    routes: Routes = .allToPrimary
  ) {
    self.phase = phase
    self.failedChecks = failedChecks
    unmeasuredChecks = 0
    self.canaryWeight = canaryWeight
    self.iterations = iterations
    self.routes = routes
  }
}

/// How the traffic is split, in percent.
public struct Routes: Sendable, Hashable, Codable {
  public var primary: Int
  public var canary: Int
  /// Whether the canary gets a copy of the primary's traffic.
  public var isMirrored: Bool

  public init(primary: Int, canary: Int, isMirrored: Bool = false) {
    self.primary = primary
    self.canary = canary
    self.isMirrored = isMirrored
  }

  public static let allToPrimary = Routes(primary: WeightSteps.total, canary: 0)
  public static let allToCanary = Routes(primary: 0, canary: WeightSteps.total)
}

/// Flagger's phases; the raw values are its own.
public enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
  case new = ""
  case initializing = "Initializing"
  case initialized = "Initialized"
  case waiting = "Waiting"
  case progressing = "Progressing"
  case waitingPromotion = "WaitingPromotion"
  case promoting = "Promoting"
  case finalising = "Finalising"
  case succeeded = "Succeeded"
  case failed = "Failed"
  case terminating = "Terminating"
  case terminated = "Terminated"

  /// Whether entering the phase keeps the counters of the status (flagger.md §5.11).
  var keepsCounters: Bool {
    switch self {
    case .progressing, .waiting, .promoting: true
    case .new, .initializing, .initialized, .waitingPromotion, .finalising, .succeeded, .failed,
      .terminating, .terminated:
      false
    }
  }

  /// The message of the condition `Promoted`, nil where Flagger writes none.
  /// - Parameter kind: the target's kind, `Deployment`.
  public func conditionMessage(targetKind kind: String) -> String? {
    switch self {
    case .initializing: "New \(kind) detected, starting initialization."
    case .initialized: "\(kind) initialization completed."
    case .waiting, .waitingPromotion: "Waiting for approval."
    case .progressing: "New revision detected, progressing canary analysis."
    case .promoting: "Canary analysis completed, starting primary rolling update."
    case .finalising: "Canary analysis completed, routing all traffic to primary."
    case .succeeded: "Canary analysis completed successfully, promotion finished."
    case .failed: "Canary analysis failed, \(kind) scaled to zero."
    case .new, .terminating, .terminated: nil
    }
  }

  /// The status of the condition `Promoted`.
  public var conditionStatus: String {
    switch self {
    case .initialized, .succeeded: "True"
    case .failed: "False"
    case .new, .initializing, .waiting, .progressing, .waitingPromotion, .promoting, .finalising,
      .terminating, .terminated:
      "Unknown"
    }
  }
}
