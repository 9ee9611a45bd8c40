import Evaluator
import PromQL
import TimeSeries

/// What a query yields over traffic that is made up: the evidence in findings. Every selector gets series
/// that satisfy it, half of them failing where a label says so; the query is then evaluated as it is.
struct Simulation {
  private let query: QuerySubject

  init(_ query: QuerySubject) { self.query = query }

  /// Requests a second.
  struct Traffic {
    var good: Double
    var bad: Double
  }

  /// What the query yields: the last of its series, as Flagger takes it; nil for none.
  func value(_ traffic: Traffic, of text: [UInt8]? = nil) -> Double? {
    let source = SimulatedSource(series: series(traffic))
    guard
      let result = try? QueryEngine().instant(
        text ?? query.expression.text, at: SimulatedSource.end, over: source),
      case .vector(_, let samples) = result.value, case .float(let value)? = samples.last?.value
    else { return nil }
    return value
  }

  /// `with 45 bad and 5 good requests a second this yields 0, not 90`; nil when it cannot be shown.
  func comparison(with mended: String?) -> String? {
    let traffic = Traffic(good: 5, bad: 45)
    guard let value = value(traffic), !value.isNaN else { return nil }
    let said = "with 45 bad and 5 good requests a second this yields \(Self.text(value))"
    guard let mended, let right = self.value(traffic, of: Array(mended.utf8)), !right.isNaN, right != value
    else {
      return said
    }
    return said + ", not \(Self.text(right))"
  }

  /// What it yields as more and more requests fail; nil when it cannot be shown.
  var table: String? {
    let shares: [(String, Traffic)] = [
      ("no request fails", Traffic(good: 100, bad: 0)), ("2 % fail", Traffic(good: 98, bad: 2)),
      ("half fail", Traffic(good: 50, bad: 50)), ("all fail", Traffic(good: 0, bad: 100)),
    ]
    let values = shares.map { value($0.1) }
    // A query that the failures do not move shows nothing.
    guard values.contains(where: { $0 != nil }), Set(values.map(\.?.bitPattern)).count > 1 else { return nil }
    return zip(shares, values).map { share, value in
      let padded = share.0 + String(repeating: " ", count: max(0, 17 - share.0.count))
      return padded + (value.map(Self.text) ?? "no value")
    }.joined(separator: "\n")
  }

  /// What it yields before the first failure; nil unless that is nothing.
  var withoutFailures: String? {
    guard value(Traffic(good: 50, bad: 1)) != nil, value(Traffic(good: 50, bad: 0)) == nil else { return nil }
    return "with 50 good requests a second and no failed one yet: no value"
  }

  private static func text(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return value.isFinite ? Shown.number(rounded == 0 ? 0 : rounded) : GoText.plain(value)
  }

  // MARK: Series

  private func series(_ traffic: Traffic) -> [SimulatedSource.Series] {
    var made: [Labels: Double] = [:]
    let outcomes = outcomeLabels
    for selector in query.selectors {
      var fixed: [String: String] = ["instance": "10.0.0.1:9898", "pod": "pod-1"]
      for matcher in selector.matchers where outcomes[matcher.name] == nil {
        switch matcher.operation {
        case .equal: fixed[matcher.name] = matcher.value
        case .matches: fixed[matcher.name] = ExampleText.matching(matcher.value)
        case .notEqual, .matchesNot:
          if fixed[matcher.name] == nil, matcher.acceptsEmpty == false { fixed[matcher.name] = "x" }
        }
      }
      let isNamed = RequestMeaning.kind(ofName: selector.plan.metricName ?? "")
      for isBad in [false, true] {
        var labels = fixed
        for (label, outcome) in outcomes where selector.range != nil {
          labels[label] = isBad ? outcome.bad : outcome.good
        }
        if outcomes.isEmpty, isBad { continue }
        let rate =
          outcomes.isEmpty
          ? (isNamed == .failed
            ? traffic.bad : isNamed == .succeeded ? traffic.good : traffic.bad + traffic.good)
          : (isBad ? traffic.bad : traffic.good)
        // A counter of failures is made by the first one.
        if rate == 0 { continue }
        let name = labels[LabelFacts.metricName] ?? "metric"
        let bounds =
          name.hasSuffix("_bucket") && fixed["le"] == nil
          ? [("0.1", 0.5), ("1", 0.9), ("+Inf", 1)] : [("", 1)]
        for (bound, part) in bounds {
          if !bound.isEmpty { labels["le"] = bound }
          let key = Labels(labels.filter { !$0.value.isEmpty }.map { (name: $0.key, value: $0.value) })
          made[key] = rate * part
        }
      }
    }
    return made.map { SimulatedSource.Series(labels: $0.key, rate: $0.value) }.sorted {
      $0.labels < $1.labels
    }
  }

  /// The labels by which failed and good requests are told apart in the query, each with a value for both.
  private var outcomeLabels: [String: (good: String, bad: String)] {
    var labels: [String: (good: String, bad: String)] = [:]
    let matchers = query.selectors.flatMap(\.matchers)
    for name in Set(matchers.map(\.name)) {
      labels[name] = RequestMeaning.values(of: name, toldApartBy: matchers)
    }
    return labels
  }
}

/// Counters that rise evenly.
struct SimulatedSource: SeriesSource {
  struct Series: Sendable {
    var labels: Labels
    /// A second.
    var rate: Double
  }

  var series: [Series]

  /// Milliseconds; half an hour after the first sample.
  static let end: Int64 = 1_800_000
  private static let timeline = Timeline(Array(stride(from: 0, through: end, by: 5000)))

  func select(_ selection: Selection) -> any Selected {
    Found(series: series.filter { series in selection.matchers.allSatisfy { $0.accepts(series.labels) } })
  }

  func bound(_ matchers: [LabelMatcher]) -> Int? { series.count }

  func labelNames(_ selection: Selection) -> [ArraySlice<UInt8>] { Listing.labelNames(of: select(selection)) }

  func labelValues(of name: [UInt8], _ selection: Selection) -> [ArraySlice<UInt8>] {
    Listing.labelValues(of: name, in: select(selection))
  }

  func statistics(limit: Int) throws -> SeriesStatistics {
    try Listing.statistics(of: select(.everything), limit: limit)
  }

  /// A handful of series.
  private struct Found: Selected {
    var series: [Series]
    var labels: [Labels] { series.map(\.labels) }
    var count: Int { series.count }
    func labels(_ row: Int) -> Labels { series[row].labels }
    var mayHaveTypeOrUnit: Bool { true }
    var mayHoldHistograms: Bool { false }
    func numbers(of names: LabelNames) -> RowNumbers? { nil }
    func extent(_ row: Int) -> SampleExtent? { nil }
    func read(_ row: Int, into result: inout Samples) { result = samples(row) }

    func chunks(
      _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
    ) -> [WrittenChunk] {
      writer.chunks(samples(row), first: first, last: last)
    }

    func samples(_ row: Int) -> Samples {
      let rate = series[row].rate
      return Samples(
        timeline: SimulatedSource.timeline,
        values: SimulatedSource.timeline.map { Double($0) / 1000 * rate })
    }
  }
}

extension QuerySubject {
  /// The query with sums around some of its parts.
  func aggregated(_ parts: [SourceRange]) -> String {
    var bytes = expression.text
    for part in parts.sorted(by: { $0.start > $1.start }) where part.start >= 0 && part.end <= bytes.count {
      bytes.insert(contentsOf: ")".utf8, at: part.end)
      bytes.insert(contentsOf: "sum(".utf8, at: part.start)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
