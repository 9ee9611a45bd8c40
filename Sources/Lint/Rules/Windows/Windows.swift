import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let shortWindow = Rule(
    "MT012", "window-too-short", .error, "a window holds too few samples",
    why: """
      A rate needs two samples in its window. Scraped every 60 s, `[1m]` holds one since Prometheus 3 \
      (windows are open on the left): the result is empty at every tick. With twice the interval one late or \
      lost scrape is enough to have no value; four times is comfortable. The interval comes from \
      --scrape-interval, or from the recording. VictoriaMetrics looks at the last sample before the window, \
      too, so that a window of one interval is enough there.
      """,
    fires: [
      .query("sum(rate(a_total[15s]))", data: quarterMinutes),
      .rule("alert: Busy\nexpr: rate(a_total[30s]) > 1").with { $0.scrapeInterval = 30_000 },
      .rule("alert: Busy\nexpr: rate(a_total[1m]) > 1").with { $0.scrapeInterval = 30_000 },
    ],
    quiet: [.query("sum(rate(a_total[1m]))", data: quarterMinutes), .query("sum(rate(a_total[15s]))")],
    .query { query in
      query.selectors.compactMap { selector in
        guard let range = selector.range, query.needsTwoSamples(selector),
          let interval = query.scrapeInterval(of: selector)
        else { return nil }
        // VictoriaMetrics looks at the last sample before the window, too: one within it is enough.
        guard range < (query.options.isVictoriaMetrics ? interval : 4 * interval) else { return nil }
        let window = Shown.duration(range)
        let every = Shown.duration(interval)
        let fewest = max(0, Int(range / interval))
        if range < 2 * interval {
          return query.advice(
            "[\(window)] holds \(range <= interval ? "one sample" : "one or two samples") at a scrape "
              + "every \(every): mostly no value",
            at: selector.site
          )
          .help(
            "use at least \(Shown.duration(query.options.isVictoriaMetrics ? interval : 4 * interval))")
        }
        return query.advice(
          "[\(window)] holds \(fewest) samples at a scrape every \(every): a late scrape may leave one",
          at: selector.site
        )
        .with(severity: .warning).help("use at least \(Shown.duration(4 * interval))")
      }
    })

  /// A counter, scraped every 15 s.
  private static let quarterMinutes =
    "# TYPE a counter\n" + (0..<20).map { "a_total{pod=\"p\"} \($0) \($0 * 15)\n" }.joined() + "# EOF\n"

  static let longWindow = Rule(
    "MT013", "window-much-longer", .warning, "the window is much longer than the time between two checks",
    why: """
      A window that spans many ticks still holds what was before: the previous weight, the previous release, \
      the previous failure. One bad minute then fails every check for the length of the window, and a bad \
      release is noticed late.
      """,
    fires: [.query("sum(rate(a_total[1h]))")], quiet: [.query("sum(rate(a_total[5m]))")],
    .query { query in
      guard query.site.isMetric, let canary = query.site.canary else { return [] }
      let tick = canary.analysis.value.tickInterval.milliseconds
      return query.selectors.compactMap { selector in
        guard let range = selector.range, tick > 0, range > 10 * tick else { return nil }
        return query.advice(
          "the window is \(Shown.duration(range)), a check is made every \(Shown.duration(tick)): each bad "
            + "minute fails \(range / tick) checks",
          at: selector.site
        )
        .related(query.site.canaryPlace(canary.analysis.value.interval?.range), "the time between two checks")
        .help("make the window about as long as the interval of the analysis")
      }
    })

  static let unusedInterval = Rule(
    "MT014", "interval-unused", .warning, "a metric's interval changes nothing",
    why: """
      `interval` of a metric is the text that replaces `{{ interval }}` in its template. A template with a \
      window of its own does not look at it: whoever turns the knob turns nothing.
      """,
    fires: [.query("sum(rate(a_total[1m]))", interval: "2m")],
    quiet: [
      .query("sum(rate(a_total[{{ interval }}]))", interval: "2m"),
      .query("sum(rate(a_total[1m]))", interval: "1m"), .query("sum(rate(a_total[1m]))", interval: nil),
    ],
    .query { query in
      guard query.site.use == .template, let metric = query.site.metric?.value,
        let interval = metric.interval, !interval.value.isEmpty,
        !query.site.usesInterval, let selector = query.selectors.first(where: { $0.range != nil }),
        let range = selector.range,
        (try? DurationText.milliseconds(Array(interval.value.utf8))) != range
      else { return [] }
      return [
        query.advice(
          "the window is \(Shown.duration(range)) whatever the metric's interval says", at: selector.site
        )
        .related(query.site.canaryPlace(interval.range), "has no effect").help("write [{{ interval }}]")
      ]
    })
}

extension QuerySubject {
  /// Whether the function of the window has no value with one sample.
  func needsTwoSamples(_ selector: SelectorPart) -> Bool {
    guard let parent = facts.nodes[selector.index].parent,
      case .vector(let plan, _) = facts.nodes[parent].content,
      case .window(let function, _, _) = plan.form
    else { return false }
    return function.needsTwoSamples
  }

  /// Milliseconds between two samples of what is selected; nil when nothing is known.
  func scrapeInterval(of selector: SelectorPart) -> Int64? {
    options.scrapeInterval ?? data?.interval(of: selector.matchers)
  }
}

extension LintData {
  /// The median time between two samples of the first series that are found; nil for fewer than five samples.
  func interval(of matchers: [LabelMatcher]) -> Int64? {
    let selection = Selection(matchers: matchers, after: time - 3_600_000, through: time)
    guard let found = try? source.select(selection), !found.labels.isEmpty,
      let samples = try? found.samples(0)
    else { return nil }
    let times = samples.values.indices.map { samples.timestamp($0) }
    let gaps = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
    return gaps.count >= 4 ? gaps[gaps.count / 2] : nil
  }
}
