import TimeSeries

/// A sweep in a terminal.
struct SweepText {
  private let sweep: Sweep
  private let rollout: Rollout
  private let layout: TextLayout

  init(_ sweep: Sweep, _ rollout: Rollout, _ layout: TextLayout) {
    self.sweep = sweep
    self.rollout = rollout
    self.layout = layout
  }

  var lines: [String] {
    [layout.painted("how sure is it?", .bold)]
      + SweepWords(sweep, rollout).sentences.flatMap {
        layout.wrapped($0, indent: 2, hanging: 4)
      }
  }
}

/// A sweep in sentences, for every report that is read.
struct SweepWords {
  private let sweep: Sweep
  private let rollout: Rollout

  init(_ sweep: Sweep, _ rollout: Rollout) {
    self.sweep = sweep
    self.rollout = rollout
  }

  var sentences: [String] {
    sweep.variations.map(variation) + sweep.flips.map(flip) + sweep.resolutions.map(resolution)
      + sweep.odds.map(odds)
  }

  private func variation(_ variation: Sweep.Variation) -> String {
    let groups = Verdict.allCases.compactMap { verdict -> String? in
      let names = variation.cases.filter { $0.verdict == verdict }.map(\.name)
      if names.isEmpty { return nil }
      return "\(verdict.words.lowercased()) \(names.count)× (\(names.joined(separator: ", ")))"
    }
    return "\(variation.kind.words): \(groups.joined(separator: "; "))"
  }

  private func flip(_ flip: Sweep.Flip) -> String {
    let name = rollout.checks[flip.check].metric
    let bound = "\(name) \(flip.side.rawValue) \(flip.bound.shortText)"
    guard let value = flip.value, let verdict = flip.verdict else {
      return "\(bound): no other bound changes the verdict"
    }
    return "\(bound): \(verdict.words.lowercased()) at \(flip.side.rawValue) \(value.shortText)"
  }

  private func resolution(_ resolution: Sweep.Resolution) -> String {
    let name = rollout.checks[resolution.check].metric
    let detectable = resolution.detectable.map { "\($0.percentText) failing requests" } ?? "nothing"
    return "\(name): with about \(resolution.requests.roundedText) requests in the window, a check at "
      + "\(resolution.limit.percentText) surely (95 of 100) fails on \(detectable), and by chance "
      + "in \(resolution.falseAlarm.percentText) of all ticks on half of what it allows"
  }

  private func odds(_ odds: Sweep.Odds) -> String {
    "if \(odds.errorRate.percentText) of the requests fail: promoted in \(odds.promoted.percentText), "
      + "rolled back in \(odds.rolledBack.percentText) of all rollouts"
  }
}

extension Sweep.Variation.Kind {
  var words: String {
    switch self {
    case .phase: "ticks begin later"
    case .bounds: "all bounds changed"
    case .window: "other windows"
    case .failedChecks: "other threshold (failed checks)"
    case .pod: "a pod left out"
    }
  }
}

extension Double {
  /// A share in percent: `0.5%`, `12.3%`.
  var percentText: String {
    let percent = self * 100
    return (percent >= 10 ? (percent * 10).rounded() / 10 : (percent * 100).rounded() / 100).shortText + "%"
  }
}
