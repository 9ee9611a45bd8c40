import Evaluator
import Gate
import Manifests
import PromQL
import Recording
import Scrape
import TimeSeries

/// Reads from a server what manifests need, a stretch of time after the other, into a recording.
struct RemoteCapture: Sendable {
  private let source: RecordedSeries
  private let recording: OpenRecording
  private let progress: RecordProgress
  private let selections: [Selection]

  /// How much time is asked for at once, milliseconds.
  private static let stretch: Int64 = 3_600_000

  init(_ command: RecordCommand, _ recording: OpenRecording, _ progress: RecordProgress) throws {
    source = try command.remote.source()
    self.recording = recording
    self.progress = progress
    let end = command.end ?? TimeSource.wall.now()
    let start = command.start ?? end - (command.last ?? 0)
    var selections: [Selection] = []
    for selector in command.match {
      do {
        let matchers = try Expression.matchers(ofSelector: ByteOrderMark.stripped(Array(selector.utf8)))
        selections.append(Selection(matchers: matchers, after: start - 1, through: end))
      } catch {
        throw ToolFailure("--match '\(selector)': \(error)")
      }
    }
    if !command.manifests.isEmpty {
      selections += try Self.needed(
        by: try RolloutArguments.manifests(command.manifests), command.evaluation, from: start, through: end)
    }
    // What the same series are needed for is one selection; the earliest are asked first, as what comes
    // later is written behind what came before.
    self.selections = Dictionary(grouping: selections, by: \.matchers).compactMap { matchers, all in
      guard let after = all.map(\.after).min(), let through = all.map(\.through).max() else { return nil }
      return Selection(matchers: matchers, after: after, through: through)
    }.sorted { ($0.after, "\($0.matchers)") < ($1.after, "\($1.matchers)") }
  }

  /// What the checks of all canaries read when they are asked at any time of an interval, and what tells
  /// when their pods appeared.
  private static func needed(
    by manifests: ManifestSet, _ evaluation: EvaluationArguments, from start: Int64, through end: Int64
  ) throws -> [Selection] {
    guard !manifests.canaries.isEmpty else { throw ToolFailure("there is no canary in the manifests") }
    let engine = evaluation.engine
    let context = QueryContext(
      grid: Grid(start: start, end: end, step: max(1, end - start)), isInstant: false,
      lookback: engine.options.lookback, defaultSubqueryStep: engine.options.defaultSubqueryStep)
    var selections: [Selection] = []
    for canary in manifests.canaries {
      let rollout = Rollout(canary, in: manifests)
      for check in rollout.checks {
        guard let query = check.sentQuery else { continue }
        do {
          selections += try engine.plan(Array(query.utf8), context).selections
        } catch {
          Output.note("warning: \(rollout.title): \(check.metric): \(error); its series are not recorded")
        }
      }
      let pods = try LabelMatcher("pod", .matches, rollout.targetName + "-.+")
      let facts = try LabelMatcher(LabelName.metric, .matches, "kube_pod_info|kube_pod_labels")
      selections.append(Selection(matchers: [facts, pods], after: start - 1, through: end))
    }
    return selections
  }

  func run() async throws {
    guard let first = selections.map(\.after).min(), let last = selections.map(\.through).max() else {
      return
    }
    // Selections overlap: a sample is written once.
    var newest: [Labels: Int64] = [:]
    var time = first
    while time < last {
      try Task.checkCancellation()
      let end = min(last, time + Self.stretch)
      let parts = selections.compactMap { selection -> Selection? in
        let part = Selection(
          matchers: selection.matchers, after: max(selection.after, time),
          through: min(selection.through, end))
        return part.after < part.through ? part : nil
      }
      for found in try source.select(parts) {
        for (row, labels) in found.labels.enumerated() {
          let pushed = PushedSeries(
            labels: labels, samples: try found.samples(row).stored(after: newest[labels] ?? .min))
          guard let last = pushed.samples.last else { continue }
          newest[labels] = last.timestamp
          recording.writer.take(.pushed([pushed]))
        }
      }
      try recording.commit()
      progress.show("\(100 * (end - first) / max(1, last - first)) %  ")
      time = end
    }
  }
}

extension Samples {
  /// The samples later than a time, as a store takes them.
  fileprivate func stored(after time: Int64) -> [StoredSample] {
    var result: [StoredSample] = []
    forEachStored { if $0.timestamp > time { result.append($0) } }
    return result
  }
}
