import Evaluator
import PromQL
import TimeSeries

/// The pods whose series the queries of checks read.
enum RecordedPods {
  struct Pod: Hashable {
    var label: String
    var name: String
  }

  /// In order of their names, each once. Empty where the series name no pods, or cannot be read.
  static func seen(
    by checks: [Check], in source: any SeriesSource, from start: Int64, through end: Int64
  ) -> [Pod] {
    let engine = QueryEngine()
    let context = QueryContext(
      grid: Grid(start: start, end: max(start, end), step: max(1, end - start)), isInstant: false,
      lookback: engine.options.lookback, defaultSubqueryStep: engine.options.defaultSubqueryStep)
    var pods: Set<Pod> = []
    for query in Set(checks.compactMap(\.sentQuery)) {
      guard let plan = try? engine.plan(Array(query.utf8), context),
        let found = try? source.select(plan.selections)
      else { continue }
      for labels in found.flatMap(\.labels) {
        for label in RecordedRollouts.podLabels {
          if let name = labels[label] { pods.insert(Pod(label: label, name: name)) }
        }
      }
    }
    return pods.sorted { ($0.name, $0.label) < ($1.name, $1.label) }
  }
}
