import Glibc

/// The binomial distribution: how many of independent requests fail.
struct Binomial {
  let trials: Int
  let rate: Double

  /// Above this variance the normal distribution with its continuity correction is as good.
  private static let normalVariance = 2_000.0

  /// The chance of at most so many failures.
  func cumulative(_ count: Int) -> Double {
    if count < 0 { return 0 }
    if count >= trials || rate <= 0 { return 1 }
    if rate >= 1 { return 0 }
    let mean = Double(trials) * rate
    let variance = mean * (1 - rate)
    if variance > Self.normalVariance {
      return 0.5 * erfc(-(Double(count) + 0.5 - mean) / (2 * variance).squareRoot())
    }
    // Terms are added from the largest down, so that none underflows before it matters.
    let odds = rate / (1 - rate)
    let peak = min(count, Int(mean))
    let largest = logProbability(peak)
    var sum = 0.0
    var term = 1.0
    var position = peak
    while position >= 0, term > 1e-18 {
      sum += term
      term *= Double(position) / (Double(trials - position + 1) * odds)
      position -= 1
    }
    term = 1
    position = peak
    while position < count {
      term *= Double(trials - position) * odds / Double(position + 1)
      position += 1
      sum += term
      if term < 1e-18 { break }
    }
    return min(1, exp(largest) * sum)
  }

  private func logProbability(_ count: Int) -> Double {
    let n = Double(trials)
    let k = Double(count)
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(rate) + (n - k) * log1p(-rate)
  }

  /// A number of failures. Draws as many random numbers as there are failures, or two.
  func draw(_ random: inout some RandomNumberGenerator) -> Int {
    if trials <= 0 || rate <= 0 { return 0 }
    if rate >= 1 { return trials }
    if rate > 0.5 { return trials - Binomial(trials: trials, rate: 1 - rate).draw(&random) }
    let mean = Double(trials) * rate
    let variance = mean * (1 - rate)
    if variance > Self.normalVariance {
      let radius = (-2 * log(Self.unit(&random))).squareRoot()
      let value = mean + variance.squareRoot() * radius * cos(2 * .pi * Self.unit(&random))
      return max(0, min(trials, Int(value.rounded())))
    }
    // The gaps between failures are geometric.
    let scale = log1p(-rate)
    var failures = 0
    var position = 0.0
    while true {
      position += (log(Self.unit(&random)) / scale).rounded(.down) + 1
      if position > Double(trials) { return failures }
      failures += 1
    }
  }

  /// In (0, 1].
  private static func unit(_ random: inout some RandomNumberGenerator) -> Double {
    Double(random.next() >> 11) * 0x1p-53 + 0x1p-54
  }
}

/// SplitMix64: the same seed draws the same numbers (Steele, Lea and Flood 2014).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
