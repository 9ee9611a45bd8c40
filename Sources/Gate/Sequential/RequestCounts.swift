/// Requests of one side in one tick, and how many of them failed (or were slower than a bound).
///
/// Both are increases of counters between two ticks: disjoint, corrected for resets, not extrapolated to the
/// ends of a window as PromQL's `increase` does it. So they are whole numbers. A fraction is taken as it is
/// and remarked on: whoever extrapolates by a tenth has a tenth more evidence than there is.
package struct RequestCounts: Sendable, Hashable, Codable {
  package var errors: Double
  package var requests: Double

  package init(errors: Double, requests: Double) {
    self.errors = errors
    self.requests = requests
  }

  package static let none = RequestCounts(errors: 0, requests: 0)

  /// Above this doubles do not count one by one (2^53).
  static let countLimit = 9_007_199_254_740_992.0

  /// Why these numbers cannot be counts; nil where they can.
  var fault: CountFault? {
    if !errors.isFinite || !requests.isFinite { return .notFinite }
    if errors < 0 || requests < 0 { return .negative }
    if errors > requests { return .errorsExceedRequests }
    if requests > Self.countLimit { return .beyondCounting }
    return nil
  }

  var isWhole: Bool { errors == errors.rounded() && requests == requests.rounded() }

  static func + (left: Self, right: Self) -> Self {
    Self(errors: left.errors + right.errors, requests: left.requests + right.requests)
  }

  static func - (left: Self, right: Self) -> Self {
    Self(errors: left.errors - right.errors, requests: left.requests - right.requests)
  }
}

/// Why numbers cannot be counts of requests.
package enum CountFault: String, Sendable, Hashable, Codable, CaseIterable {
  case notFinite
  /// A counter that was reset, and whoever took the difference did not see it.
  case negative
  case errorsExceedRequests
  /// More than 2^53.
  case beyondCounting
}

/// One canary pod's requests in one tick.
package struct PodCounts: Sendable, Hashable, Codable {
  package var pod: String
  package var counts: RequestCounts

  package init(pod: String, counts: RequestCounts) {
    self.pod = pod
    self.counts = counts
  }
}

/// What one tick brought for one strand: the canary beside the primary.
package struct TickCounts: Sendable, Hashable, Codable {
  /// All of the canary's requests: its pods' together, where they are known.
  package let canary: RequestCounts
  /// For a strand against a limit nothing reads it.
  package let primary: RequestCounts
  /// The canary's pods. Empty where nobody can tell them apart: an ingress or a mesh proxy is no pod of it.
  package let pods: [PodCounts]

  package init(canary: RequestCounts, primary: RequestCounts = .none) {
    self.canary = canary
    self.primary = primary
    pods = []
  }

  /// A pod that is named twice is one pod with the sums. Costs least where the names ascend.
  package init(pods: [PodCounts], primary: RequestCounts = .none) {
    canary = pods.reduce(.none) { $0 + $1.counts }
    self.primary = primary
    self.pods = zip(pods, pods.dropFirst()).allSatisfy { $0.pod < $1.pod } ? pods : Self.merged(pods)
  }

  private static func merged(_ pods: [PodCounts]) -> [PodCounts] {
    var merged: [PodCounts] = []
    var places: [String: Int] = [:]
    for pod in pods {
      if let place = places[pod.pod] {
        merged[place].counts = merged[place].counts + pod.counts
      } else {
        places[pod.pod] = merged.count
        merged.append(pod)
      }
    }
    return merged
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let pods = try values.decode([PodCounts].self, forKey: .pods)
    let primary = try values.decode(RequestCounts.self, forKey: .primary)
    if pods.isEmpty {
      self.init(canary: try values.decode(RequestCounts.self, forKey: .canary), primary: primary)
    } else {
      self.init(pods: pods, primary: primary)
    }
  }
}

/// The two versions that are compared.
package enum ComparedSide: String, Sendable, Hashable, Codable { case canary, primary }
