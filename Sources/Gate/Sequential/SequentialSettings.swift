import Glibc

/// What a sequential test promises, and against what.
package struct SequentialSettings: Sendable, Hashable, Codable {
  /// The chance that a rollout is ever called worse although the canary was at no tick worse than
  /// `tolerance`.
  package let alpha: Double
  /// The chance that a strand is ever called not worse although its ratio was at least `regression` at each
  /// tick.
  package let beta: Double
  /// r0: the ratio of error rates, canary to primary, that is borne. 1.25: a quarter more.
  package let tolerance: Double
  /// r1, at least r0: the ratio that has to be excluded before a canary is called not worse.
  package let regression: Double
  /// φ, at least 1: how many times wider counts spread than those of independent requests. It divides
  /// exponents.
  package let overdispersion: Double

  /// Why settings make no test.
  package struct Fault: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  /// - Throws: what is wrong, with the value that is.
  package init(
    alpha: Double = 0.01, beta: Double = 0.05, tolerance: Double = 1.25, regression: Double = 2,
    overdispersion: Double = 1
  ) throws(Fault) {
    func hold(_ holds: Bool, _ what: String) throws(Fault) { if !holds { throw Fault(description: what) } }
    try hold(alpha > 0 && alpha < 1, "alpha is \(alpha), and has to lie between 0 and 1")
    try hold(beta > 0 && beta < 1, "beta is \(beta), and has to lie between 0 and 1")
    try hold(
      tolerance >= 0.01 && tolerance <= 100, "the tolerated ratio is \(tolerance), and has to be 0.01 to 100")
    try hold(
      regression >= tolerance && regression <= 1000,
      "the ratio to exclude is \(regression), and has to be \(tolerance) (the tolerated one) to 1000")
    try hold(
      overdispersion >= 1 && overdispersion <= 1e6,
      "the overdispersion is \(overdispersion), and has to be 1 to 1000000")
    self.alpha = alpha
    self.beta = beta
    self.tolerance = tolerance
    self.regression = regression
    self.overdispersion = overdispersion
  }

  /// The specification's: α 0.01, β 0.05, r0 1.25, r1 2, φ 1.
  package static let standard = SequentialSettings()

  private init() {
    alpha = 0.01
    beta = 0.05
    tolerance = 1.25
    regression = 2
    overdispersion = 1
  }

  /// - Throws: where what was stored makes no test.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      alpha: values.decode(Double.self, forKey: .alpha), beta: values.decode(Double.self, forKey: .beta),
      tolerance: values.decode(Double.self, forKey: .tolerance),
      regression: values.decode(Double.self, forKey: .regression),
      overdispersion: values.decode(Double.self, forKey: .overdispersion))
  }

  /// log 1/α, that an e-value has to reach for "worse".
  var worseThreshold: Double { -log(alpha) }
  /// log 1/β.
  var notWorseThreshold: Double { -log(beta) }
}

/// One comparison of a rollout: a metric, or one latency bound of it. A rollout's strands are known before
/// its first tick: what joins later would take part in the mean with evidence that it did not risk.
package struct Strand: Sendable, Hashable, Codable {
  package enum Standard: Sendable, Hashable, Codable {
    /// The primary's requests of the same ticks.
    case primary
    /// A share of failing requests, above 0 and at most 0.999999.
    case limit(Double)
  }

  /// What is compared, for a reader: a metric's name, a path.
  package var name: String
  /// Requests slower than this count as errors, in the histogram's unit; nil where failures are counted.
  package var bound: Double?
  package var standard: Standard
  /// Whether "not worse" waits for this strand. False where errors are too rare to tell, such as the outer
  /// bounds of a histogram: without any slow request on either side nothing can be excluded.
  package var isAwaited: Bool

  package init(
    _ name: String, bound: Double? = nil, standard: Standard = .primary, isAwaited: Bool = true
  ) {
    self.name = name
    self.bound = bound
    self.standard = standard
    self.isAwaited = isAwaited
  }

  var canBeTested: Bool {
    switch standard {
    case .primary: true
    case .limit(let share): share > 0 && share <= 0.999_999
    }
  }
}
