import Glibc

/// Traffic of a simulated rollout: ticks of a minute, the canary's weight rising by 5 % a tick to 50 %.
package struct SimulatedTraffic: Sendable {
  /// The primary's share of failing requests.
  package var primaryRate = 0.005
  /// The canary's share, divided by the primary's.
  package var ratio = 1.0
  /// Of both together.
  package var requestsPerSecond = 100.0
  /// Ticks, from 1, at which 5 % of all requests fail, whoever serves them.
  package var outage: ClosedRange<Int>? = nil
  /// The variance of a side's errors in a tick, divided by their mean: above 1 they are Poisson with a
  /// gamma-distributed mean; at 1 requests fail independently.
  package var overdispersion = 1.0
  /// Canary pods that can be told apart, with equal parts of its requests; 0: none can.
  package var pods = 0
  /// How many times more errors the first pod has than the others.
  package var badPod = 1.0
  /// Latencies in place of errors.
  package var latency: Latency? = nil

  /// Log-normal latencies of median 100 ms, where one request in a hundred takes more than 320 ms.
  package struct Latency: Sendable {
    /// The canary's latencies, divided by the primary's.
    package var factor = 1.0
    /// The share of the canary's requests that take 1.5 s.
    package var tail = 0.0
    /// Bounds of the client libraries' default buckets.
    static let bounds = [0.1, 0.25, 0.5, 1, 2.5]
    private static let median = 0.1
    private static let deviation = 0.5

    package init() {}

    /// The share of a side's requests that is slower than a bound.
    func share(slowerThan bound: Double, isCanary: Bool) -> Double {
      let median = Self.median * (isCanary ? factor : 1)
      let slower = 0.5 * erfc(log(bound / median) / (Self.deviation * 2.0.squareRoot()))
      let tail = isCanary ? tail : 0
      return (1 - tail) * slower + (bound < 1.5 ? tail : 0)
    }
  }

  package init() {}

  static let ticks = 20
  static let step = 5
  static let maximumWeight = 50

  static func weight(at tick: Int) -> Int { min(maximumWeight, step * tick) }

  /// What the strands of the traffic are called.
  package var strands: [Strand] {
    guard latency != nil else { return [Strand("errors")] }
    return Latency.bounds.map { Strand("latency", bound: $0) }
  }

  /// A tick's counts, one for each strand.
  func counts(at tick: Int, weight: Int, _ random: inout SeededNumbers) -> [TickCounts] {
    let all = Int(requestsPerSecond * 60)
    let canary = Binomial(trials: all, rate: Double(weight) / 100).draw(&random)
    if let latency {
      let slow = slower(canary, latency, isCanary: true, &random)
      let theirs = slower(all - canary, latency, isCanary: false, &random)
      return zip(slow, theirs).map { TickCounts(canary: $0, primary: $1) }
    }
    let isOut = outage?.contains(tick) ?? false
    let rate = isOut ? 0.05 : primaryRate
    let primary = failing(all - canary, rate, &random)
    let canaryRate = min(1, rate * ratio)
    guard pods > 0 else {
      return [TickCounts(canary: failing(canary, canaryRate, &random), primary: primary)]
    }
    var rest = canary
    var counted: [PodCounts] = []
    for pod in 0..<pods {
      let requests = Binomial(trials: rest, rate: 1 / Double(pods - pod)).draw(&random)
      rest -= requests
      let podRate = min(1, canaryRate * (pod == 0 ? badPod : 1))
      counted.append(PodCounts(pod: "pod-\(pod)", counts: failing(requests, podRate, &random)))
    }
    return [TickCounts(pods: counted, primary: primary)]
  }

  private func failing(_ requests: Int, _ rate: Double, _ random: inout SeededNumbers) -> RequestCounts {
    var errors: Int
    if overdispersion > 1 {
      let mean = Double(requests) * rate
      let spread = overdispersion - 1
      errors = random.poisson(mean: random.gamma(shape: mean / spread) * spread)
    } else {
      errors = Binomial(trials: requests, rate: rate).draw(&random)
    }
    errors = min(errors, requests)
    return RequestCounts(errors: Double(errors), requests: Double(requests))
  }

  /// Requests slower than each bound: of those slower than one, some are slower than the next.
  private func slower(
    _ requests: Int, _ latency: Latency, isCanary: Bool, _ random: inout SeededNumbers
  ) -> [RequestCounts] {
    var (rest, share) = (requests, 1.0)
    return Latency.bounds.map { bound in
      let next = latency.share(slowerThan: bound, isCanary: isCanary)
      rest = Binomial(trials: rest, rate: share > 0 ? next / share : 0).draw(&random)
      share = next
      return RequestCounts(errors: Double(rest), requests: Double(requests))
    }
  }
}
