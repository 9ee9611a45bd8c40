/// What a number counts, as far as names and factors tell.
public struct MetricUnit: Sendable, Hashable {
  public enum Dimension: Sendable, Hashable {
    /// Seconds, times the scale.
    case time
    case bytes
    /// A part of a whole: 1 at scale 1, percent at scale 0.01.
    case share
    case events
  }

  public var dimension: Dimension
  /// How many base units (seconds, bytes, wholes, events) a value of 1 stands for.
  public var scale: Double
  /// Whether it is per second.
  public var isRate: Bool

  public init(_ dimension: Dimension, scale: Double = 1, isRate: Bool = false) {
    self.dimension = dimension
    self.scale = scale
    self.isRate = isRate
  }

  static let share = MetricUnit(.share)

  /// Of the value times a constant; nil where that makes no unit.
  func times(_ factor: Double) -> MetricUnit? {
    guard factor > 0, factor.isFinite else { return nil }
    return MetricUnit(dimension, scale: scale / factor, isRate: isRate)
  }

  /// Of a quotient; nil where nothing is known.
  static func quotient(_ lhs: MetricUnit?, _ rhs: MetricUnit?) -> MetricUnit? {
    guard let lhs, let rhs, lhs.isRate == rhs.isRate else { return nil }
    if lhs.dimension == rhs.dimension { return MetricUnit(.share, scale: lhs.scale / rhs.scale) }
    return rhs.dimension == .events ? MetricUnit(lhs.dimension, scale: lhs.scale / rhs.scale) : nil
  }

  /// `milliseconds`, `percent`, `bytes per second`; nil for a scale without a name.
  public var name: String? {
    guard let singular = Self.names[dimension]?.first(where: { $0.scale == rounded })?.name else {
      return nil
    }
    return isRate ? singular + " per second" : singular
  }

  /// Products of decimal factors are off by a bit.
  private var rounded: Double { Double((scale * 1e12).rounded()) / 1e12 }

  private static let names: [Dimension: [(scale: Double, name: String)]] = [
    .time: [
      (1, "seconds"), (0.001, "milliseconds"), (0.000_001, "microseconds"),
      (0.000_000_001, "nanoseconds"), (60, "minutes"), (3600, "hours"),
    ],
    .bytes: [(1, "bytes"), (1024, "KiB"), (1_048_576, "MiB")],
    .share: [(1, "a share from 0 to 1"), (0.01, "percent")],
    .events: [(1, "events")],
  ]
}

/// What the name of a metric says by the ecosystem's conventions.
public struct MetricNameFacts: Sendable, Hashable {
  /// What series of this name are.
  public enum Nature: Sendable, Hashable {
    /// Goes up only: `_total`, and the parts of histograms and summaries.
    case counter
    /// The buckets of a classic histogram.
    case buckets
    /// The name does not say.
    case unknown
  }

  public var nature: Nature
  /// Of the samples.
  public var unit: MetricUnit?
  /// Of what is observed: the upper bounds of buckets.
  public var observedUnit: MetricUnit?

  public init(_ name: String) {
    let (base, suffix) = Self.split(name)
    let unit = Self.unit(base)
    observedUnit = unit
    switch suffix {
    case "_bucket":
      nature = .buckets
      self.unit = MetricUnit(.events)
    case "_count":
      nature = .counter
      self.unit = MetricUnit(.events)
    case "_sum":
      nature = .counter
      self.unit = unit
    case "_total":
      nature = .counter
      self.unit = unit ?? MetricUnit(.events)
    default:
      nature = .unknown
      self.unit = unit
    }
  }

  private static func split(_ name: String) -> (base: Substring, suffix: String) {
    for suffix in ["_bucket", "_count", "_sum", "_total"] where name.hasSuffix(suffix) {
      return (name.dropLast(suffix.count), suffix)
    }
    return (name[...], "")
  }

  private static func unit(_ base: Substring) -> MetricUnit? {
    switch base.split(separator: "_").last {
    case "seconds": MetricUnit(.time)
    case "milliseconds", "ms", "millis": MetricUnit(.time, scale: 0.001)
    case "microseconds", "us", "micros": MetricUnit(.time, scale: 0.000_001)
    case "nanoseconds", "ns", "nanos": MetricUnit(.time, scale: 0.000_000_001)
    case "bytes": MetricUnit(.bytes)
    case "ratio": MetricUnit(.share)
    case "percent": MetricUnit(.share, scale: 0.01)
    default: nil
    }
  }
}
