package import Gate
import Manifests

/// What a version of the sample application does with requests.
package struct Release: Sendable, Hashable {
  package var version: String
  /// Seconds that a request takes, on the demo's clock; single ones take 80 % to 120 % of it.
  package var latency: Double
  /// The share of requests that are answered with status 500, 0 to 1.
  package var errorShare: Double

  package init(version: String, latency: Double, errorShare: Double = 0) {
    self.version = version
    self.latency = latency
    self.errorShare = errorShare
  }

  /// How far single requests lie from `latency`, as a share of it.
  static let spread = 0.2

  /// The latency of the request with a number: spread evenly over the range, neighbours apart.
  func latency(ofRequest number: Int) -> Double {
    let golden = 0.618_033_988_749_894_8
    let place = (Double(number) * golden).truncatingRemainder(dividingBy: 1)
    return latency * (1 + Self.spread * (2 * place - 1))
  }
}

/// How a release's rollout has to end when everything is judged by what the release does.
package enum ExpectedEnd: Sendable, Hashable {
  case promoted
  case rolledBack
  /// It lies so near to a bound that both ends are right.
  case either

  /// Compares what a release does with the bounds of the tutorial's checks: the built-in success rate
  /// in percent, and the template's latency in seconds. Other checks are not known.
  package init(of release: Release, in rollout: Rollout) {
    var verdicts: [ExpectedEnd] = []
    for check in rollout.checks {
      let limits = check.bounds.limits(of: check.kind)
      switch check.kind {
      case .builtIn(.requestSuccessRate, _):
        if let min = limits.min {
          verdicts.append(Self.margin((1 - release.errorShare) * 100 - min, tolerance: 0.3))
        }
      case .template:
        if let max = limits.max {
          let slowest = release.latency * (1 + Release.spread)
          verdicts.append(Self.margin(max - slowest, tolerance: max * 0.15))
        }
      case .builtIn(.requestDuration, _), .inline, .unusable: break
      }
    }
    if verdicts.contains(.rolledBack) {
      self = .rolledBack
    } else {
      self = verdicts.contains(.either) ? .either : .promoted
    }
  }

  private static func margin(_ margin: Double, tolerance: Double) -> ExpectedEnd {
    if abs(margin) < tolerance { return .either }
    return margin > 0 ? .promoted : .rolledBack
  }

  /// Whether a rollout ended so. A canary whose checks had no value was rolled back as well.
  package func isMet(by end: GateEnd) -> Bool {
    switch (self, end) {
    case (.promoted, .finished(.promoted)), (.rolledBack, .finished(.rolledBack)),
      (.either, .finished(.promoted)), (.either, .finished(.rolledBack)):
      true
    case (.promoted, .finished), (.rolledBack, .finished), (.either, .finished),
      (_, .outOfEvidence), (_, .gateNotAsked):
      false
    }
  }
}
