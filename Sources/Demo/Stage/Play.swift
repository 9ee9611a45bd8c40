import Gate
import Manifests

/// The whole demo: the tutorial's canary, and one rollout after the other.
package struct Play: Sendable {
  package var acts: [Act]

  /// What the releases are.
  package struct Casting: Sendable, Hashable {
    /// What serves at first.
    package var stable = Release(version: "6.0.0", latency: 0.06)
    /// A good release.
    package var good = Release(version: "6.1.0", latency: 0.06)
    /// The one that follows it: a slow one, if nothing else is asked for.
    package var second = Release(version: "6.2.0", latency: Self.slowLatency)

    /// The tutorial's limit is half a second.
    package static let slowLatency = 0.8

    package init() {}
  }

  /// Reads the embedded manifests; throws what is wrong with them.
  package init(
    _ casting: Casting = Casting(), pace: Pace = Pace(), breaksCanaryAfter: Int64? = nil
  ) throws {
    let reading = ManifestReading(reading: TutorialManifests.all, name: "Examples/podinfo")
    if let error = reading.errors.first { throw ManifestProblemFound(text: error.rendered()) }
    let canary = try reading.set.canary()
    let rollout = Rollout(canary, in: reading.set)
    acts = [(casting.good, casting.stable), (casting.second, casting.good)].map { candidate, stable in
      Act(
        candidate, over: stable, canary: canary, rollout: rollout, pace: pace,
        breaksCanaryAfter: breaksCanaryAfter)
    }
  }
}

/// The embedded manifests cannot be read.
struct ManifestProblemFound: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}
