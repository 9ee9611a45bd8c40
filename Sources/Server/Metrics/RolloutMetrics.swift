public import Gate
import Synchronization

/// Flagger's own metrics of the rollouts that this process runs (flagger.md §8), and what Flagger leaves
/// out: bounds, margins and outcomes of the checks.
public final class RolloutMetrics: Sendable {
  private struct Standing {
    var rollout: Rollout
    var phase: Phase
    var routes: Routes
    var failedChecks: Int
    /// By the check's index: the last value in the gauge's unit, and its margin.
    var values: [Int: Double] = [:]
    var margins: [Int: Double] = [:]
    /// Counted by the metric and the outcome's name: two checks may share a metric's name.
    var outcomes: [Outcome: Int] = [:]
    /// By the analysis status: `completed`, `skipped`.
    var successes: [String: Int] = [:]
    var failures = 0
    var buckets = [Int](repeating: 0, count: bounds.count)
    var ticks = 0
    var seconds = 0.0
  }

  private struct Outcome: Hashable {
    var metric: String
    var name: String
  }

  /// Prometheus' default buckets, seconds.
  private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private let standings = Mutex<[String: Standing]>([:])

  public init() {}

  /// Counts a tick of a rollout.
  public func count(_ record: TickRecord, of rollout: Rollout) {
    let state = record.result.state
    let seconds = Double(record.took) / 1000
    standings.withLock { standings in
      var standing =
        standings[rollout.title]
        ?? Standing(rollout: rollout, phase: state.phase, routes: state.routes, failedChecks: 0)
      standing.phase = state.phase
      standing.routes = state.routes
      standing.failedChecks = state.failedChecks
      standing.ticks += 1
      standing.seconds += seconds
      if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { standing.buckets[bucket] += 1 }
      for checked in record.result.checks {
        let metric = rollout.checks[checked.index].metric
        standing.outcomes[Outcome(metric: metric, name: checked.outcome.name), default: 0] += 1
        guard let measurement = checked.outcome.measurement else { continue }
        standing.values[checked.index] = measurement.gauge
        standing.margins[checked.index] = measurement.margin
      }
      switch record.result.end {
      case nil: break
      case .promoted: standing.successes["completed", default: 0] += 1
      case .skipped: standing.successes["skipped", default: 0] += 1
      case .rolledBack, .promotionFailed: standing.failures += 1
      }
      standings[rollout.title] = standing
    }
  }

  /// The families, for `ServerMetrics.add`.
  public func families() -> [OwnMetric] {
    let all = standings.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    if all.isEmpty { return [] }
    return standard(all) + own(all) + [durations(all)]
  }

  private func standard(_ all: [Standing]) -> [OwnMetric] {
    let providers = Set(all.map(\.rollout.providerName)).sorted()
    let namespaces = Dictionary(grouping: all, by: \.rollout.namespace).sorted { $0.key < $1.key }
    func labels(_ standing: Standing) -> [(name: String, value: String)] {
      [("name", standing.rollout.targetName), ("namespace", standing.rollout.namespace)]
    }
    func strategy(_ standing: Standing, _ status: String) -> [(name: String, value: String)] {
      labels(standing) + [
        ("deployment_strategy", standing.rollout.advance.name), ("analysis_status", status),
      ]
    }
    return [
      OwnMetric(
        "flagger_info", .gauge, help: "Whose analysis this decides like, and over which mesh.",
        samples: providers.map { .init(labels: [("version", "1.44"), ("mesh_provider", $0)], 1) }),
      OwnMetric(
        "flagger_canary_total", .gauge, help: "Canaries of this process.",
        samples: namespaces.map { .init(labels: [("namespace", $0.key)], Double($0.value.count)) }),
      OwnMetric(
        "flagger_canary_status", .gauge, help: "0 progressing, 2 failed, 1 everything else.",
        samples: all.map { .init(labels: labels($0), $0.phase.gauge) }),
      OwnMetric(
        "flagger_canary_weight", .gauge, help: "Weight of a workload in percent.",
        samples: all.flatMap { standing -> [OwnMetric.Sample] in
          let name = standing.rollout.targetName
          let namespace = ("namespace", standing.rollout.namespace)
          return [
            .init(labels: [("workload", name + "-primary"), namespace], Double(standing.routes.primary)),
            .init(labels: [("workload", name), namespace], Double(standing.routes.canary)),
          ]
        }),
      OwnMetric(
        "flagger_canary_metric_analysis", .gauge, help: "Last value of a metric; durations in seconds.",
        samples: checks(all) { standing, index in standing.values[index] }),
      OwnMetric(
        "flagger_canary_successes", .counter, help: "Rollouts that were promoted.",
        samples: all.flatMap { standing in
          standing.successes.sorted { $0.key < $1.key }
            .map { .init(labels: strategy(standing, $0.key), Double($0.value)) }
        }),
      OwnMetric(
        "flagger_canary_failures", .counter, help: "Rollouts that were rolled back.",
        samples: all.filter { $0.failures > 0 }
          .map { .init(labels: strategy($0, "completed"), Double($0.failures)) }),
    ]
  }

  /// What Flagger leaves out.
  private func own(_ all: [Standing]) -> [OwnMetric] {
    [
      OwnMetric(
        "promgate_canary_failed_checks", .gauge, help: "Failed checks of the running rollout.",
        samples: all.map {
          .init(
            labels: [("name", $0.rollout.targetName), ("namespace", $0.rollout.namespace)],
            Double($0.failedChecks))
        }),
      OwnMetric(
        "promgate_canary_metric_threshold", .gauge,
        help: "Bound of a metric: percent, milliseconds for durations, or the query's own unit.",
        samples: bounds(all) { $0.min }.map { .init(labels: $0.labels + [("bound", "min")], $0.value) }
          + bounds(all) { $0.max }.map { .init(labels: $0.labels + [("bound", "max")], $0.value) }),
      OwnMetric(
        "promgate_canary_metric_margin", .gauge,
        help: "Distance of a metric's last value to its nearest bound, negative when it fails.",
        samples: checks(all) { standing, index in standing.margins[index] }),
      OwnMetric(
        "promgate_canary_checks", .counter, help: "Checks by their outcome.",
        samples: all.flatMap { standing in
          standing.outcomes.sorted { ($0.key.metric, $0.key.name) < ($1.key.metric, $1.key.name) }.map {
            .init(labels: self.labels(standing, $0.key.metric) + [("outcome", $0.key.name)], Double($0.value))
          }
        }),
    ]
  }

  private func checks(_ all: [Standing], _ value: (Standing, Int) -> Double?) -> [OwnMetric.Sample] {
    all.flatMap { standing -> [OwnMetric.Sample] in
      // Two checks may share a metric's name; the later one's value stays, as in Flagger.
      var byMetric: [String: OwnMetric.Sample] = [:]
      for index in standing.rollout.checks.indices {
        guard let value = value(standing, index) else { continue }
        byMetric[standing.rollout.checks[index].metric] = .init(
          labels: labels(standing, standing.rollout.checks[index].metric), value)
      }
      return byMetric.sorted { $0.key < $1.key }.map(\.value)
    }
  }

  private func bounds(
    _ all: [Standing], _ side: ((min: Double?, max: Double?)) -> Double?
  ) -> [OwnMetric.Sample] {
    checks(all) { standing, index in
      let check = standing.rollout.checks[index]
      return side(check.bounds.limits(of: check.kind))
    }
  }

  private func labels(_ standing: Standing, _ metric: String) -> [(name: String, value: String)] {
    [
      ("name", standing.rollout.targetName), ("namespace", standing.rollout.namespace),
      ("metric", metric),
    ]
  }

  private func durations(_ all: [Standing]) -> OwnMetric {
    var samples: [OwnMetric.Sample] = []
    for standing in all {
      let labels = [("name", standing.rollout.targetName), ("namespace", standing.rollout.namespace)]
      var sum = 0
      for (bound, count) in zip(Self.bounds, standing.buckets) {
        sum += count
        samples.append(.init(suffix: "_bucket", labels: labels + [("le", "\(bound)")], Double(sum)))
      }
      samples.append(.init(suffix: "_bucket", labels: labels + [("le", "+Inf")], Double(standing.ticks)))
      samples.append(.init(suffix: "_sum", labels: labels, standing.seconds))
      samples.append(.init(suffix: "_count", labels: labels, Double(standing.ticks)))
    }
    return OwnMetric(
      "flagger_canary_duration_seconds", .histogram, help: "How long the ticks took.", samples: samples)
  }
}

extension Phase {
  fileprivate var gauge: Double {
    switch self {
    case .progressing: 0
    case .failed: 2
    case .new, .initializing, .initialized, .waiting, .waitingPromotion, .promoting, .finalising, .succeeded,
      .terminating, .terminated:
      1
    }
  }
}
