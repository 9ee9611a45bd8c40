package import Gate
package import Manifests
import TimeSeries

/// One rollout, played to its end.
package struct Act: Sendable {
  package var canary: Canary
  /// What the analysis does; made from `canary`, possibly changed.
  package var rollout: Rollout
  /// What serves before.
  package var stable: Release
  /// What is rolled out.
  package var candidate: Release
  package var pace: Pace
  /// Milliseconds of the demo's clock after which the canary's process dies; nil: it lives.
  package var breaksCanaryAfter: Int64?

  package init(
    _ candidate: Release, over stable: Release, canary: Canary, rollout: Rollout, pace: Pace = Pace(),
    breaksCanaryAfter: Int64? = nil
  ) {
    self.canary = canary
    self.rollout = rollout
    self.stable = stable
    self.candidate = candidate
    self.pace = pace
    self.breaksCanaryAfter = breaksCanaryAfter
  }

  /// Where things stand while it is played.
  package struct Progress: Sendable, Hashable {
    /// Milliseconds of the demo's clock since the start.
    package var elapsed: Int64
    package var tally: Tally
    package var seriesCount: Int
    package var sampleCount: Int

    package init(elapsed: Int64, tally: Tally, seriesCount: Int, sampleCount: Int) {
      self.elapsed = elapsed
      self.tally = tally
      self.seriesCount = seriesCount
      self.sampleCount = sampleCount
    }
  }

  /// Plays it. Throws when no port is to be had, and on cancellation.
  /// - Parameters:
  ///   - glance: called about ten times a real second, beside the ticks; nil: never.
  ///   - report: gets every tick as it is done.
  package func play(
    glance: (@Sendable (Progress) -> Void)? = nil, report: (TickRecord, Progress) throws -> Void
  ) async throws -> GateEnd {
    let stage = try await Stage(for: canary, stable: stable, pace: pace)
    let watch = glance.map { glance in
      Task {
        while (try? await Task.sleep(for: .milliseconds(100))) != nil { glance(Self.progress(stage)) }
      }
    }
    let breaking = breaksCanaryAfter.map { wait in
      Task {
        let clock = stage.clock
        let time = stage.start.addingReportingOverflow(wait)
        guard !time.overflow, (try? await clock.sleep(until: time.partialValue)) != nil else { return }
        await stage.breakCanary()
      }
    }
    let result: Result<GateEnd, any Error>
    do {
      result = .success(try await run(on: stage, report: report))
    } catch {
      result = .failure(error)
    }
    watch?.cancel()
    breaking?.cancel()
    await watch?.value
    await breaking?.value
    await stage.stop()
    return try result.get()
  }

  private func run(
    on stage: Stage, report: (TickRecord, Progress) throws -> Void
  ) async throws -> GateEnd {
    let evidence = LocalEvidence { stage.store.snapshot() }
    let run = GateRun(rollout, source: evidence, clock: stage.clock)
    return try await run.run { record in
      for action in record.result.actions {
        try await stage.perform(action, with: candidate)
      }
      try report(record, Self.progress(stage))
    }
  }

  private static func progress(_ stage: Stage) -> Progress {
    let snapshot = stage.store.snapshot()
    return Progress(
      elapsed: stage.clock.now() - stage.start, tally: stage.ingress.tally,
      seriesCount: snapshot.seriesCount, sampleCount: snapshot.sampleCount)
  }
}
