import Glibc

/// What a strand leaves from tick to tick: log-likelihood ratios of the two mixtures' alternatives, before
/// they are divided by φ, and totals. K × (pods + 2) numbers.
struct StrandEvidence: Sendable, Hashable, Codable {
  /// ℓ(r_k) − ℓ(r0) for r_k = r0·qᵏ.
  private(set) var worse = LogRatios.zeros
  /// ℓ(r_k) − ℓ(r1) for r_k = r1·q⁻ᵏ.
  private(set) var notWorse = LogRatios.zeros
  /// ℓ(r1) − ℓ(r0), which brings both on one scale.
  private(set) var bridge = 0.0
  /// Totals of the ticks that counted.
  private(set) var canary = RequestCounts.none
  private(set) var primary = RequestCounts.none
  /// The last tick's requests: what traffic to expect.
  private(set) var lastCanary = 0.0
  private(set) var lastPrimary = 0.0
  /// What stands without one of the pods, in order of appearance.
  private(set) var pods: [WithoutPod] = []

  /// ℓ(r_k) − ℓ(r0) as if a pod had never been.
  struct WithoutPod: Sendable, Hashable, Codable {
    let pod: String
    /// The pod's own requests so far.
    var requests: Double
    var worse: [Double]
    /// Whether the last tick had the pod.
    var isPresent: Bool
  }

  /// More pods are pooled: each is a percent of the traffic or less, and hostile names are not kept.
  static let podLimit = 100

  init() {}

  /// Takes a tick's counts, which `faults` has let pass.
  mutating func add(_ tick: TickCounts, of strand: Strand, settings: SequentialSettings) -> [SequentialRemark]
  {
    switch strand.standard {
    case .primary:
      // A side without requests says nothing about a ratio.
      if tick.canary.requests == 0 { return [.noRequests(.canary)] }
      if tick.primary.requests == 0 { return [.noRequests(.primary)] }
    case .limit:
      if tick.canary.requests == 0 { return [.noRequests(.canary)] }
    }
    let tables = Tables(strand.standard, settings)
    let remarks = addPods(tick, tables)
    tables.worse(tick.canary, tick.primary, to: &worse)
    tables.notWorse(tick.canary, tick.primary, to: &notWorse)
    bridge += tables.bridge(tick.canary, tick.primary)
    canary = canary + tick.canary
    primary = primary + tick.primary
    lastCanary = tick.canary.requests
    lastPrimary = tick.primary.requests
    return remarks
  }

  private mutating func addPods(_ tick: TickCounts, _ tables: Tables) -> [SequentialRemark] {
    var remarks: [SequentialRemark] = []
    if tick.pods.isEmpty && pods.isEmpty { return remarks }
    let known = pods.count
    var isNew = Array(repeating: true, count: tick.pods.count)
    for index in 0..<known {
      var counts = RequestCounts.none
      var isPresent = false
      // Most often the pods come as they came before.
      if index < tick.pods.count, tick.pods[index].pod == pods[index].pod, isNew[index] {
        counts = tick.pods[index].counts
        isNew[index] = false
        isPresent = true
      } else {
        for (place, found) in tick.pods.enumerated() where isNew[place] && found.pod == pods[index].pod {
          counts = found.counts
          isNew[place] = false
          isPresent = true
          break
        }
      }
      if !isPresent && pods[index].isPresent { remarks.append(.vanished(pod: pods[index].pod)) }
      pods[index].isPresent = isPresent
      pods[index].requests += counts.requests
      tables.worse(tick.canary - counts, tick.primary, to: &pods[index].worse)
    }
    for (place, found) in tick.pods.enumerated() where isNew[place] && found.counts.requests > 0 {
      guard pods.count < Self.podLimit else {
        remarks.append(.tooManyPods(limit: Self.podLimit))
        break
      }
      // Without it everything was, so far, as it was with it.
      var without = WithoutPod(pod: found.pod, requests: found.counts.requests, worse: worse, isPresent: true)
      tables.worse(tick.canary - found.counts, tick.primary, to: &without.worse)
      pods.append(without)
    }
    return remarks
  }

  // MARK: Stored

  /// - Throws: where what was stored has another form: nothing below looks again.
  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    worse = try values.decode([Double].self, forKey: .worse)
    notWorse = try values.decode([Double].self, forKey: .notWorse)
    bridge = try values.decode(Double.self, forKey: .bridge)
    canary = try values.decode(RequestCounts.self, forKey: .canary)
    primary = try values.decode(RequestCounts.self, forKey: .primary)
    lastCanary = try values.decode(Double.self, forKey: .lastCanary)
    lastPrimary = try values.decode(Double.self, forKey: .lastPrimary)
    pods = try values.decode([WithoutPod].self, forKey: .pods)
    let columns = [worse, notWorse] + pods.map(\.worse)
    let numbers = [
      bridge, canary.errors, canary.requests, primary.errors, primary.requests, lastCanary, lastPrimary,
    ]
    guard columns.allSatisfy({ $0.count == LogRatios.count && $0.allSatisfy(\.isFinite) }),
      numbers.allSatisfy(\.isFinite), pods.count <= Self.podLimit
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a strand's evidence has another form"))
    }
  }
}

/// The increments that a strand's counts add, for its standard.
struct Tables {
  private let standard: Strand.Standard
  private let settings: SequentialSettings
  /// A limit's alternatives end below a share of 1.
  private let limitStep: Double
  private let limitShape: [Double]

  init(_ standard: Strand.Standard, _ settings: SequentialSettings) {
    self.standard = standard
    self.settings = settings
    switch standard {
    case .primary:
      limitStep = LogRatios.step
      limitShape = []
    case .limit(let share):
      let top = min(LogRatios.reach * share, max(0.999_999, (1 + share) / 2))
      limitStep = log(top / share) / Double(LogRatios.count - 1)
      limitShape = LogRatios.shape(limitStep)
    }
  }

  func worse(_ canary: RequestCounts, _ primary: RequestCounts, to sums: inout [Double]) {
    switch standard {
    case .primary:
      let all = canary.errors + primary.errors
      if all == 0 || canary.requests == 0 { return }
      LogRatios.add(
        errors: canary.errors, all: all, share: Self.share(settings.tolerance, canary, primary),
        step: LogRatios.step, shape: LogRatios.above, to: &sums)
    case .limit(let share):
      // log (1 − p_k)/(1 − p0) = log(1 − p0/(1 − p0)·(qᵏ − 1)), for each request that did not fail.
      LogRatios.add(
        errors: canary.errors, all: canary.errors - canary.requests, share: -share / (1 - share),
        step: limitStep, shape: limitShape, to: &sums)
    }
  }

  func notWorse(_ canary: RequestCounts, _ primary: RequestCounts, to sums: inout [Double]) {
    switch standard {
    case .primary:
      let all = canary.errors + primary.errors
      if all == 0 || canary.requests == 0 { return }
      LogRatios.add(
        errors: canary.errors, all: all, share: Self.share(settings.regression, canary, primary),
        step: -LogRatios.step, shape: LogRatios.below, to: &sums)
    case .limit(let share):
      LogRatios.add(
        errors: canary.errors, all: canary.errors - canary.requests, share: -share / (1 - share),
        step: -LogRatios.step, shape: LogRatios.below, to: &sums)
    }
  }

  /// ℓ(r1) − ℓ(r0); 0 for a limit, whose mixtures start from one share.
  func bridge(_ canary: RequestCounts, _ primary: RequestCounts) -> Double {
    guard case .primary = standard, settings.regression != settings.tolerance else { return 0 }
    let all = canary.errors + primary.errors
    let more = settings.regression / settings.tolerance
    return canary.errors * log(more)
      - all * log1p(Self.share(settings.tolerance, canary, primary) * (more - 1))
  }

  /// π(r): the chance that a failed request is the canary's.
  private static func share(_ ratio: Double, _ canary: RequestCounts, _ primary: RequestCounts) -> Double {
    let weighted = ratio * canary.requests
    return weighted / (weighted + primary.requests)
  }
}
