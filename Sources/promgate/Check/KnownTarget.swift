import Configuration
import Gate
import TimeSeries

/// A target of a job, and what relabelling made of it.
struct KnownTarget {
  var job: String
  var outcome: TargetOutcome

  /// Targets as `/api/v1/targets` tells them, without what only a running server knows.
  static func json(_ targets: [KnownTarget]) -> String {
    var active: [JSONText] = []
    var dropped: [JSONText] = []
    var failed: [JSONText] = []
    for target in targets {
      var row = JSONText()
      switch target.outcome {
      case .kept(let found):
        row.add("discoveredLabels", labels(found.discovered))
        row.add("labels", labels(found.labels))
        row.add("scrapePool", target.job)
        row.add("scrapeUrl", found.url)
        row.add("scrapeInterval", found.all["__scrape_interval__"])
        row.add("scrapeTimeout", found.all["__scrape_timeout__"])
        active.append(row)
      case .dropped(let discovered):
        row.add("discoveredLabels", labels(discovered))
        row.add("scrapePool", target.job)
        dropped.append(row)
      case .failed(let problem, let discovered):
        row.add("discoveredLabels", labels(discovered))
        row.add("scrapePool", target.job)
        row.add("error", problem)
        failed.append(row)
      }
    }
    var result = JSONText()
    result.add("activeTargets", active)
    result.add("droppedTargets", dropped)
    result.add("failedTargets", failed)
    return result.closed
  }

  private static func labels(_ labels: Labels) -> JSONText {
    var text = JSONText()
    for (name, value) in labels.pairs { text.add(name, value) }
    return text
  }
}
