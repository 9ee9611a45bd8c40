import Evaluator
import Gate
import Manifests
import TimeSeries

/// Plays replays over one source, several at once where there are several.
struct ReplayPlayer: Sendable {
  var rollout: Rollout
  var judge: Judge
  var source: any SeriesSource
  var engine: QueryEngine
  /// Milliseconds.
  var lastTime: Int64
  var uncalled: UncalledHooks
  var drawsCurves = false

  /// Replays on one core at a time; more starts are shared between the cores.
  private static let batch = 64
  /// Points of a curve in a picture.
  private static let points = 300

  /// One run for each start, in their order; the same at any number of cores.
  func runs(_ starts: [ReplayStarts.Start]) async -> [ReplayReport.Run] {
    let answers = answers(starts.map(\.time), explains: starts.count == 1)
    return await withTaskGroup(of: (Int, [ReplayReport.Run]).self) { group in
      for first in stride(from: 0, to: starts.count, by: Self.batch) {
        group.addTask {
          (first, starts[first..<min(starts.count, first + Self.batch)].map { run($0, answers) })
        }
      }
      var parts: [(Int, [ReplayReport.Run])] = []
      for await part in group { parts.append(part) }
      return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }

  private func run(_ start: ReplayStarts.Start, _ answers: RecordedAnswers) -> ReplayReport.Run {
    let replay = replayRun(judge).replay(from: start.time, evidence: answers.evidence)
    var unexplained = answers
    unexplained.explainsNoValue = false
    let other = replayRun(judge.other).replay(from: start.time, evidence: unexplained.evidence)
    let curves = drawsCurves ? rollout.checks.indices.map { curve(of: $0, replay) } : []
    return ReplayReport.Run(replay, other: other, revision: start.revision, curves: curves)
  }

  private func replayRun(_ judge: Judge) -> ReplayRun {
    ReplayRun(rollout, judge: judge, lastTime: lastTime, uncalled: uncalled)
  }

  private func answers(_ starts: [Int64], explains: Bool) -> RecordedAnswers {
    let lattice = lattice(starts)
    return RecordedAnswers(
      rollout.checks, over: source, engine: engine, lattice: lattice, explainsNoValue: explains)
  }

  /// The coarsest lattice that holds every tick; nil where it would be much finer than the ticks.
  private func lattice(_ starts: [Int64]) -> RecordedAnswers.Lattice? {
    guard let first = starts.first else { return nil }
    let interval = max(1, rollout.interval.milliseconds)
    let step = starts.reduce(interval) { Self.commonDivisor($0, $1 - first) }
    return interval / step <= 60 ? RecordedAnswers.Lattice(origin: first, step: step) : nil
  }

  private static func commonDivisor(_ a: Int64, _ b: Int64) -> Int64 { b == 0 ? a : commonDivisor(b, a % b) }

  private func curve(of index: Int, _ replay: Replay) -> ReplayReport.Curve {
    let length = max(1, replay.endTime - replay.start)
    let step = max(1, length / Int64(Self.points))
    let answers = RecordedAnswers(
      [rollout.checks[index]], over: source, engine: engine,
      lattice: RecordedAnswers.Lattice(origin: replay.start, step: step), explainsNoValue: false)
    let times = Array(stride(from: replay.start, through: min(lastTime, replay.endTime), by: Int(step)))
    return ReplayReport.Curve(
      times: times,
      values: times.map { rollout.checks[index].comparedValue(of: answers.evidence(for: 0, at: $0)) ?? .nan })
  }

  // MARK: Sweep

  func sweep(_ run: ReplayReport.Run, _ found: RolloutArguments.Found) -> Sweep {
    let start = run.replay.start
    let interval = max(1, rollout.interval.milliseconds)
    let part = interval % Int64(SweepRun.phases) == 0 ? interval / Int64(SweepRun.phases) : interval
    let (source, engine) = (source, engine)
    let sweep = SweepRun(replayRun(judge), base: run.replay, over: source) { rollout, source in
      RecordedAnswers(
        rollout.checks, over: source, engine: engine,
        lattice: RecordedAnswers.Lattice(origin: start, step: part), explainsNoValue: false)
    }
    return sweep.sweep(windows: windows(found))
  }

  /// The rollout with other intervals of its metrics: half, twice and three times as long.
  private func windows(_ found: RolloutArguments.Found) -> [(name: String, rollout: Rollout)] {
    [(1, 2), (2, 1), (3, 1), (5, 1)].compactMap {
      (times: Int64, parts: Int64) -> (name: String, rollout: Rollout)? in
      var canary = found.canary
      guard var metrics = canary.analysis.value.metrics else { return nil }
      var names: Set<String> = []
      for index in metrics.value.indices {
        guard let interval = metrics.value[index].value.interval,
          let duration = try? GoDuration(parsing: interval.value)
        else { continue }
        let milliseconds = duration.milliseconds * times / parts
        let other = milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
        names.insert(other)
        metrics.value[index].value.interval?.value = other
      }
      guard !names.isEmpty else { return nil }
      canary.analysis.value.metrics = metrics
      let rollout = Rollout(canary, in: found.manifests, globalProvider: found.globalProvider)
      guard rollout.checks.map(\.sentQuery) != self.rollout.checks.map(\.sentQuery) else { return nil }
      return (names.sorted().joined(separator: ", "), rollout)
    }
  }
}
