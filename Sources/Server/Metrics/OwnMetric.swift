/// One metric that the program exposes about itself.
public struct OwnMetric: Sendable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  /// One sample: what is added to the metric's name (`_bucket`), its labels, its value.
  public struct Sample: Sendable {
    public var suffix: String
    public var labels: [(name: String, value: String)]
    public var value: Double

    public init(suffix: String = "", labels: [(name: String, value: String)] = [], _ value: Double) {
      self.suffix = suffix
      self.labels = labels
      self.value = value
    }
  }

  /// The family's name; a counter's without `_total`.
  public var name: String
  public var kind: Kind
  public var help: String
  public var samples: [Sample]

  /// A family with its samples.
  public init(_ name: String, _ kind: Kind, help: String, samples: [Sample]) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  /// A family of one sample without labels.
  public init(_ name: String, _ kind: Kind, help: String, _ value: Double) {
    self.init(name, kind, help: help, samples: [Sample(value)])
  }
}
