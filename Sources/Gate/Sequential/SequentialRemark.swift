/// What a tick's counts had about them that a reader should know. None of them decides anything.
package enum SequentialRemark: Sendable, Hashable, Codable {
  /// Numbers that are no counts: the strand's tick is left out, of both sides.
  case impossible(CountFault, ComparedSide, pod: String?)
  /// Counts were estimated, not counted; they are taken as they are.
  case fractional(ComparedSide)
  /// Without requests on a side the tick says nothing; its errors do not count either.
  case noRequests(ComparedSide)
  /// The tick brought no counts for a strand.
  case noCounts
  /// Counts for a strand that was not planned when the rollout began are not taken.
  case unplanned
  /// A limit that is not above 0 and at most 0.999999 cannot be tested.
  case untestableLimit(Double)
  /// What it counted after its last scrape is lost.
  case vanished(pod: String)
  /// Further pods are not left out one by one.
  case tooManyPods(limit: Int)
  /// The canary's share of the requests is far from the planned weight: affinity, header matches, retries.
  case shareOff(planned: Double, seen: Double)

  package var text: String {
    switch self {
    case .impossible(let fault, let side, let pod):
      let place = pod.map { "\(side.rawValue)'s pod \($0)" } ?? side.rawValue
      return "the counts of the \(place) \(fault.text); the tick is left out"
    case .fractional(let side):
      return "the counts of the \(side.rawValue) are not whole: estimated, and taken as counted"
    case .noRequests(let side): return "no requests at the \(side.rawValue): the tick says nothing"
    case .noCounts: return "nothing was counted"
    case .unplanned: return "not planned when the rollout began, and not taken"
    case .untestableLimit(let share):
      return "a limit of \(share) cannot be tested: above 0 and at most 0.999999 can"
    case .vanished(let pod): return "pod \(pod) is gone; what it counted after its last scrape is lost"
    case .tooManyPods(let limit): return "more than \(limit) pods: the others are not left out one by one"
    case .shareOff(let planned, let seen):
      func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10)%" }
      return "the canary got \(percent(seen)) of the requests, not \(percent(planned)): "
        + "its traffic may be no random share"
    }
  }
}

extension CountFault {
  fileprivate var text: String {
    switch self {
    case .notFinite: "are no numbers"
    case .negative: "are negative (a counter was reset)"
    case .errorsExceedRequests: "have more errors than requests"
    case .beyondCounting: "are above 2^53"
    }
  }
}

/// A remark and the strand that it is about, by its place.
package struct StrandRemark: Sendable, Hashable, Codable {
  package var strand: Int
  package var remark: SequentialRemark
}

extension TickCounts {
  /// Why the tick cannot be taken; nil where it can.
  var fault: SequentialRemark? {
    for pod in pods {
      if let fault = pod.counts.fault { return .impossible(fault, .canary, pod: pod.pod) }
    }
    if let fault = canary.fault { return .impossible(fault, .canary, pod: nil) }
    if let fault = primary.fault { return .impossible(fault, .primary, pod: nil) }
    return nil
  }

  /// What is odd about counts that can be taken.
  func oddities(plannedShare: Double?) -> [SequentialRemark] {
    var remarks: [SequentialRemark] = []
    if !canary.isWhole || !pods.allSatisfy(\.counts.isWhole) { remarks.append(.fractional(.canary)) }
    if !primary.isWhole { remarks.append(.fractional(.primary)) }
    let all = canary.requests + primary.requests
    if let plannedShare, plannedShare > 0, plannedShare < 1, all > 0 {
      let seen = canary.requests / all
      let deviation = (plannedShare * (1 - plannedShare) / all).squareRoot()
      // Two percentage points are nobody's concern, five standard deviations no chance.
      if abs(seen - plannedShare) > max(0.02, 5 * deviation) {
        remarks.append(.shareOff(planned: plannedShare, seen: seen))
      }
    }
    return remarks
  }
}
