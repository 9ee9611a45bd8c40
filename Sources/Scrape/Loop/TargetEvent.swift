/// What happened to a target.
public struct TargetEvent: Sendable, Hashable, CustomStringConvertible {
  /// A change of health.
  public enum Kind: Sendable, Hashable {
    /// The first scrape succeeded and brought this many samples.
    case found(samples: Int)
    /// A scrape failed after one that had not, or the very first one.
    case lost(ScrapeFailure)
    /// A scrape succeeded after failed ones.
    case returned(samples: Int)
  }

  /// Which target.
  public var target: Target
  /// Milliseconds since the epoch: the scrape's timestamp.
  public var time: Int64
  /// What happened.
  public var kind: Kind

  public init(target: Target, time: Int64, kind: Kind) {
    self.target = target
    self.time = time
    self.kind = kind
  }

  public var description: String {
    switch kind {
    case .found(let samples): "target \(target.url) is up, \(samples) samples"
    case .lost(let failure): "target \(target.url) is down: \(failure)"
    case .returned(let samples): "target \(target.url) is back, \(samples) samples"
    }
  }
}
