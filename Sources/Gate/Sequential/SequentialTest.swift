import Glibc

/// Compares a canary with its primary while traffic flows, and may be looked at after each tick
/// (docs/sequential.md).
///
/// A tick's increment of a log-likelihood ratio is e_c·log(π(r_k)/π(r0)) + e_p·log((1 − π(r_k))/(1 −
/// π(r0))), with the canary's share ρ of this very tick's requests. That is allowed: given the past and how
/// many requests each side got, let every request fail on its own with any chance of its own, the chances'
/// mean at the canary at most r0 times the primary's. With a = π(r_k)/π(r0) ≥ 1 and b = (1 − π(r_k))/(1 −
/// π(r0)) ≤ 1 the increment's exponential has a mean of at most exp(n_c·p_c·(a − 1) + n_p·p_p·(b − 1)),
/// since 1 + x ≤ eˣ, and that is at most 1 exactly because ρ·r0·(a − 1) + (1 − ρ)·(b − 1) = 0. So each
/// alternative, and their mean, is a nonnegative supermartingale for every canary with p_c ≤ r0·p_p at each
/// tick, however p_p moves; Ville's inequality does the rest. What has to hold is that the numbers of
/// requests are not chosen by the tick's own failures: retries choose them.
///
/// A value that can be stored between ticks: JSON brings back the same bits.
package struct SequentialTest: Sendable, Hashable, Codable {
  package let settings: SequentialSettings
  package let strands: [Strand]
  /// Ticks that were added, whatever they brought.
  package private(set) var ticks = 0
  /// The largest log e-value for "worse" so far, with any one pod left out where that is asked; at least 0.
  package private(set) var maximumLogWorse = 0.0
  /// The largest so far of the least strand's log e-value for "not worse"; at least 0.
  package private(set) var maximumLogNotWorse = 0.0
  private(set) var evidence: [StrandEvidence]

  package enum Decision: String, Sendable, Hashable, Codable, CaseIterable {
    /// Once worse, a rollout stays so.
    case worse
    case notWorse
    case undecided
  }

  /// - Parameter strands: all that the rollout compares. What is missing at a tick counts as no evidence.
  package init(_ settings: SequentialSettings = .standard, strands: [Strand]) {
    self.settings = settings
    self.strands = strands
    evidence = Array(repeating: StrandEvidence(), count: strands.count)
  }

  /// Adds what was counted since the last tick.
  ///
  /// Costs K logarithms a strand for each direction, and as many for each of its pods.
  /// - Parameters:
  ///   - counts: one for each strand, in their order; nil where nothing was counted.
  ///   - plannedShare: the weight that the router was told, from 0 to 1.
  @discardableResult
  package mutating func add(_ counts: [TickCounts?], plannedShare: Double? = nil) -> [StrandRemark] {
    ticks += 1
    var remarks: [StrandRemark] = []
    for index in strands.indices {
      for remark in add(index < counts.count ? counts[index] : nil, to: index, plannedShare) {
        remarks.append(StrandRemark(strand: index, remark: remark))
      }
    }
    if counts.count > strands.count {
      for index in strands.count..<counts.count {
        remarks.append(StrandRemark(strand: index, remark: .unplanned))
      }
    }
    noteMaxima()
    return remarks
  }

  private mutating func add(_ tick: TickCounts?, to index: Int, _ plannedShare: Double?) -> [SequentialRemark]
  {
    let strand = strands[index]
    if case .limit(let share) = strand.standard, !strand.canBeTested { return [.untestableLimit(share)] }
    guard let tick else { return [.noCounts] }
    if let fault = tick.fault { return [fault] }
    let odd = tick.oddities(plannedShare: plannedShare)
    return odd + evidence[index].add(tick, of: strand, settings: settings)
  }

  /// A mean of exponentials is at most the largest of them: most ticks need no exponential at all.
  private mutating func noteMaxima() {
    var bound = 0.0
    for index in evidence.indices { bound = max(bound, LogRatios.largest(evidence[index].worse)) }
    if bound / settings.overdispersion > maximumLogWorse {
      maximumLogWorse = max(maximumLogWorse, logWorseHeld)
    }
    if boundOfNotWorse > maximumLogNotWorse { maximumLogNotWorse = max(maximumLogNotWorse, logNotWorse) }
  }

  /// At least `logNotWorse`; 0 where no strand is waited for.
  private var boundOfNotWorse: Double {
    var least = Double.infinity
    for index in strands.indices where strands[index].isAwaited {
      least = min(least, LogRatios.largest(evidence[index].notWorse))
    }
    return least.isFinite ? least / settings.overdispersion : 0
  }

  // MARK: What it says

  package var decision: Decision {
    if maximumLogWorse >= settings.worseThreshold { return .worse }
    let threshold = settings.notWorseThreshold
    return boundOfNotWorse >= threshold && logNotWorse >= threshold ? .notWorse : .undecided
  }

  /// The chance, if the canary was at no tick worse than tolerated, of evidence as strong as the strongest
  /// so far.
  package var pValue: Double { exp(-maximumLogWorse) }

  /// log e for "worse" now: of the mean over strands, with all pods.
  package var logWorse: Double { logWorse(without: nil) }

  /// log e for "worse" now, as the verdict takes it: the least with any one pod left out, where at least
  /// three pods have carried requests; otherwise `logWorse`. Leaving out lowers it only, so that α holds.
  package var logWorseHeld: Double {
    let pods = carryingPods
    return isPodRuleApplied(pods) ? pods.reduce(logWorse) { min($0, logWorse(without: $1)) } : logWorse
  }

  /// log e for "not worse" now: the least over the strands that are waited for. A mean would do for a claim
  /// that *some* strand is not worse; a promotion needs all of them, and for that no correction is due. 0
  /// where no strand is waited for.
  package var logNotWorse: Double {
    let logs = strands.indices.filter { strands[$0].isAwaited }.map { logNotWorse(strand: $0) }
    return logs.min() ?? 0
  }

  /// log e of one strand by itself.
  package func logWorse(strand: Int) -> Double {
    LogRatios.logMean(evidence[strand].worse, divisor: settings.overdispersion)
  }

  package func logNotWorse(strand: Int) -> Double {
    LogRatios.logMean(evidence[strand].notWorse, divisor: settings.overdispersion)
  }

  /// log e as if a pod had never been.
  package func logWorse(without pod: String?) -> Double {
    LogRatios.logMean(
      evidence.map { memory in
        let sums = memory.pods.first { $0.pod == pod }?.worse ?? memory.worse
        return LogRatios.logMean(sums, divisor: settings.overdispersion)
      })
  }

  // MARK: Pods

  /// With fewer pods nothing would be left to condemn a release.
  package static let podsForRule = 3

  /// Canary pods that have carried requests, in order of appearance.
  package var carryingPods: [String] {
    var names: [String] = []
    for memory in evidence {
      for pod in memory.pods where pod.requests > 0 && !names.contains(pod.pod) { names.append(pod.pod) }
    }
    return names
  }

  /// Whether "worse" has to hold with any one pod left out.
  package var isPodRuleApplied: Bool { isPodRuleApplied(carryingPods) }

  private func isPodRuleApplied(_ pods: [String]) -> Bool { pods.count >= Self.podsForRule }

  /// The pod without which the evidence for "worse" is least. Nil without pods.
  package var leadingPod: String? {
    var leading: (pod: String, log: Double)?
    for pod in carryingPods {
      let without = logWorse(without: pod)
      if without < leading?.log ?? .infinity { leading = (pod, without) }
    }
    return leading?.pod
  }

  /// The pod that holds a verdict up: with it the canary is worse, without it not. Nil where there is none.
  package var condemnedPod: String? {
    let threshold = settings.worseThreshold
    guard isPodRuleApplied, maximumLogWorse < threshold, logWorse >= threshold else { return nil }
    return leadingPod
  }

  /// The strand with the most evidence for "worse": the metric, the path, the bucket. Nil without strands.
  package var leadingStrand: Int? {
    strands.indices.max { logWorse(strand: $0) < logWorse(strand: $1) }
  }

  /// The strand that "not worse" waits for longest. Nil where none is waited for.
  package var awaitedStrand: Int? {
    strands.indices.filter { strands[$0].isAwaited }.min { logNotWorse(strand: $0) < logNotWorse(strand: $1) }
  }

  /// What the counted ticks of a strand brought in all.
  package func totals(strand: Int) -> (canary: RequestCounts, primary: RequestCounts) {
    (evidence[strand].canary, evidence[strand].primary)
  }

  // MARK: Stored

  /// - Throws: where what was stored cannot have been a test.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    settings = try values.decode(SequentialSettings.self, forKey: .settings)
    strands = try values.decode([Strand].self, forKey: .strands)
    ticks = try values.decode(Int.self, forKey: .ticks)
    maximumLogWorse = try values.decode(Double.self, forKey: .maximumLogWorse)
    maximumLogNotWorse = try values.decode(Double.self, forKey: .maximumLogNotWorse)
    evidence = try values.decode([StrandEvidence].self, forKey: .evidence)
    guard evidence.count == strands.count, (0..<(1 << 53)).contains(ticks), maximumLogWorse >= 0,
      maximumLogNotWorse >= 0
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath, debugDescription: "strands and their evidence do not fit together"))
    }
  }
}
