import Manifests
public import TimeSeries

/// Varies the circumstances of one replay.
public struct SweepRun: Sendable {
  private let run: ReplayRun
  private let base: Replay
  private let answers: @Sendable (Rollout, any SeriesSource) -> RecordedAnswers
  private let source: any SeriesSource

  /// Phases that are tried: the ticks begin this many parts of the interval later.
  public static let phases = 10
  /// More pods than this are not left out one by one.
  public static let podLimit = 40

  /// - Parameters:
  ///   - base: the replay that is in question.
  ///   - answers: answers to a rollout's checks over a source, worked out where that pays.
  public init(
    _ run: ReplayRun, base: Replay, over source: any SeriesSource,
    answers: @escaping @Sendable (Rollout, any SeriesSource) -> RecordedAnswers
  ) {
    self.run = run
    self.base = base
    self.source = source
    self.answers = answers
  }

  /// Everything. Costs some hundred replays; most of them look their answers up.
  /// - Parameter windows: the same rollout with other windows, and what they are called.
  public func sweep(windows: [(name: String, rollout: Rollout)]) -> Sweep {
    let known = answers(run.rollout, source)
    var sweep = Sweep()
    let phases = phaseReplays(known)
    sweep.variations = [
      Sweep.Variation(.phase, phases.map { .init($0.name, $0.replay.verdict) }),
      Sweep.Variation(.bounds, scaledBounds(known)),
      Sweep.Variation(
        .window,
        windows.map { window in
          let other = answers(window.rollout, source)
          return .init(window.name, replay(window.rollout, other).verdict)
        }),
      Sweep.Variation(.failedChecks, limits(known)),
      Sweep.Variation(.pod, pods()),
    ].filter { !$0.cases.isEmpty }
    sweep.flips = flips(known)
    let odds = OddsModel(run, base: base)
    sweep.resolutions = odds.resolutions
    sweep.odds = odds.odds
    return sweep
  }

  private func replay(_ rollout: Rollout, _ answers: RecordedAnswers, from start: Int64? = nil) -> Replay {
    var run = run
    run.rollout = rollout
    return run.replay(from: start ?? base.start, evidence: answers.evidence)
  }

  private func phaseReplays(_ known: RecordedAnswers) -> [(name: String, replay: Replay)] {
    let interval = run.rollout.interval.milliseconds
    return (1..<Self.phases).map { part in
      let delay = interval * Int64(part) / Int64(Self.phases)
      return ("+\(GoDuration.milliseconds(delay))", replay(run.rollout, known, from: base.start + delay))
    }
  }

  /// All bounds at once: 80 % to 125 % of themselves.
  private func scaledBounds(_ known: RecordedAnswers) -> [Sweep.Variation.Case] {
    guard run.rollout.checks.contains(where: { $0.bounds.limits(of: $0.kind) != (nil, nil) }) else {
      return []
    }
    return [80, 90, 95, 98, 102, 105, 110, 125].map { percent in
      var rollout = run.rollout
      for index in rollout.checks.indices {
        let limits = rollout.checks[index].bounds.limits(of: rollout.checks[index].kind)
        rollout.checks[index].bounds = .range(
          min: limits.min.map { $0 * Double(percent) / 100 },
          max: limits.max.map { $0 * Double(percent) / 100 })
      }
      return .init("\(percent)%", replay(rollout, known).verdict)
    }
  }

  private func limits(_ known: RecordedAnswers) -> [Sweep.Variation.Case] {
    let limit = run.rollout.failedChecksLimit
    let tried = Set([1, limit / 2, limit - 1, limit + 1, limit + 2, 2 * limit]).filter {
      $0 > 0 && $0 != limit
    }
    return tried.sorted().map { count in
      var rollout = run.rollout
      rollout.failedChecksLimit = count
      return .init("\(count)", replay(rollout, known).verdict)
    }
  }

  /// The pods that the checks see, each left out once.
  private func pods() -> [Sweep.Variation.Case] {
    let seen = RecordedPods.seen(
      by: run.rollout.checks, in: source, from: base.start, through: min(run.lastTime, base.endTime))
    guard seen.count > 1, seen.count <= Self.podLimit else { return [] }
    return seen.map { pod in
      let others = SeriesWithout(source, label: pod.label, value: pod.name)
      return .init(pod.name, replay(run.rollout, answers(run.rollout, others)).verdict)
    }
  }

  // MARK: Bounds

  private func flips(_ known: RecordedAnswers) -> [Sweep.Flip] {
    run.rollout.checks.indices.flatMap { index -> [Sweep.Flip] in
      let check = run.rollout.checks[index]
      let limits = check.bounds.limits(of: check.kind)
      return [(Sweep.Flip.Side.min, limits.min), (.max, limits.max)].compactMap { side, bound in
        bound.map { flip(index, side, $0, limits, known) }
      }
    }
  }

  /// A rolled back rollout wants a looser bound, any other one a tighter bound: looked for at doubling
  /// distances, then between the last two.
  private func flip(
    _ index: Int, _ side: Sweep.Flip.Side, _ bound: Double, _ limits: (min: Double?, max: Double?),
    _ known: RecordedAnswers
  ) -> Sweep.Flip {
    func verdict(_ value: Double) -> Verdict {
      var rollout = run.rollout
      rollout.checks[index].bounds =
        side == .min ? .range(min: value, max: limits.max) : .range(min: limits.min, max: value)
      return replay(rollout, known).verdict
    }
    let loosens = base.verdict == .rolledBack
    let sign: Double = (side == .max) == loosens ? 1 : -1
    var near = bound
    var distance = max(bound.magnitude, 1e-3) / 1024
    var found: (value: Double, verdict: Verdict)?
    for _ in 0..<40 where found == nil {
      let value = bound + sign * distance
      let outcome = verdict(value)
      if outcome == base.verdict { near = value } else { found = (value, outcome) }
      distance *= 2
    }
    guard var far = found else {
      return Sweep.Flip(check: index, side: side, bound: bound, value: nil, verdict: nil)
    }
    for _ in 0..<50 {
      let middle = near + (far.value - near) / 2
      guard middle != near, middle != far.value else { break }
      let outcome = verdict(middle)
      if outcome == base.verdict { near = middle } else { far = (middle, outcome) }
    }
    return Sweep.Flip(check: index, side: side, bound: bound, value: far.value, verdict: far.verdict)
  }
}

/// A source without the series that have a label.
struct SeriesWithout: SeriesSource {
  private let source: any SeriesSource
  private let matcher: LabelMatcher?

  init(_ source: any SeriesSource, label: String, value: String) {
    self.source = source
    matcher = try? LabelMatcher(label, .notEqual, value)
  }

  func select(_ selection: Selection) throws -> any Selected { try source.select(narrowed(selection)) }

  func select(_ selections: [Selection]) throws -> [any Selected] {
    try source.select(selections.map(narrowed))
  }

  func bound(_ matchers: [LabelMatcher]) -> Int? { source.bound(matchers) }

  func labelNames(_ selection: Selection) throws -> [ArraySlice<UInt8>] {
    try source.labelNames(narrowed(selection))
  }

  func labelValues(of name: [UInt8], _ selection: Selection) throws -> [ArraySlice<UInt8>] {
    try source.labelValues(of: name, narrowed(selection))
  }

  func statistics(limit: Int) throws -> SeriesStatistics {
    try Listing.statistics(of: try select(.everything), limit: limit)
  }

  private func narrowed(_ selection: Selection) -> Selection {
    var narrowed = selection
    if let matcher { narrowed.matchers.append(matcher) }
    return narrowed
  }
}
