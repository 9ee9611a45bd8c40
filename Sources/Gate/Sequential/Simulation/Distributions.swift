import Glibc

/// Random numbers for simulations. A seed draws the same ones on every machine, as far as its logarithms
/// agree.
extension RandomNumberGenerator {
  /// In (0, 1).
  mutating func unit() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  /// Box and Muller (1958).
  mutating func normal() -> Double {
    let radius = (-2 * log(unit())).squareRoot()
    return radius * cos(2 * .pi * unit())
  }

  /// Of scale 1. Marsaglia and Tsang (2000); shapes below 1 by a power of a uniform number, as they say.
  mutating func gamma(shape: Double) -> Double {
    if shape <= 0 { return 0 }
    if shape < 1 { return gamma(shape: shape + 1) * pow(unit(), 1 / shape) }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      if root <= 0 { continue }
      let v = root * root * root
      if log(unit()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  /// Large means are halved by waiting times: the m-th arrival is gamma distributed, and given that it came
  /// too late the earlier ones are binomial (Ahrens and Dieter 1974). Small ones: multiply until below
  /// e^-mean (Knuth).
  mutating func poisson(mean: Double) -> Int {
    var rest = mean
    var count = 0
    while rest > 12 {
      let arrivals = Int(rest * 7 / 8)
      let time = gamma(shape: Double(arrivals))
      if time > rest { return count + Binomial(trials: arrivals - 1, rate: rest / time).draw(&self) }
      count += arrivals
      rest -= time
    }
    let least = exp(-max(0, rest))
    var product = unit()
    while product > least {
      count += 1
      product *= unit()
    }
    return count
  }
}
