import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let windowOfSeconds = Rule(
    "MT104", "window-of-seconds", .warning, "the window is shorter than two scrapes of most servers",
    why: """
      A rate needs two samples in its window. Targets are scraped every 15 s, 30 s or 60 s in most \
      installations (Prometheus' own default is a minute, the operator's 30 s), so that `[10s]`, `[15s]` or \
      `[20s]` holds one sample or none: the check has no value at most ticks, an alert is not there. It \
      works where everything is \
      scraped every few seconds, as Flagger's own Prometheus does; --scrape-interval says so, and the \
      windows are then held against it ([MT012](MT012.md)).
      """,
    fires: [
      .query("sum(rate(a_total[15s]))"), .query("sum(rate(a_total[{{ interval }}]))", interval: "20s"),
      .query("sum(increase(a_total[10s]))"), .rule("alert: Busy\nexpr: rate(a_total[15s]) > 5"),
    ],
    quiet: [.query("sum(rate(a_total[30s]))"), .query("max_over_time(queue_length[15s])")],
    .query { query in
      // VictoriaMetrics looks at the last sample before the window, too.
      guard query.site.isMetric || query.site.isRule, !query.options.isVictoriaMetrics else { return [] }
      let short = query.selectors.first { selector in
        guard let range = selector.range, query.needsTwoSamples(selector) else { return false }
        return range < 2 * commonScrapeInterval && query.scrapeInterval(of: selector) == nil
      }
      guard let short, let range = short.range else { return [] }
      return [
        query.advice(
          "[\(Shown.duration(range))] holds two samples only where a target is scraped twice in that time: "
            + "elsewhere there is no value",
          at: short.site
        )
        .related(
          query.site.usesInterval ? query.site.canaryPlace(query.site.metric?.value.interval?.range) : nil,
          "the window"
        )
        .help("use at least [1m], or say how often targets are scraped: --scrape-interval")
      ]
    })

  /// Milliseconds: the shortest that is usual.
  private static let commonScrapeInterval: Int64 = 15_000
}
