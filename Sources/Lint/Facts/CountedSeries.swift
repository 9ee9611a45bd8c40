import PromQL
import TimeSeries

/// Series that are counted or measured, and over what time: what a part of a quotient is made of.
struct CountedSeries {
  /// Which samples make the value.
  enum Sampling: Hashable {
    /// The newest one.
    case newest
    /// Whether there is one.
    case presence
    /// All increases within a window, milliseconds.
    case growth(Int64)
    /// The last increase within a window.
    case lastGrowth(Int64)
    /// All samples of a window: none is above 0 when the value is 0.
    case all(Int64)
    /// Some sample of a window.
    case some(Int64)

    /// Whether a value of this kind is 0, or missing, when one of the other kind is.
    func isZero(with other: Sampling) -> Bool {
      switch (self, other) {
      case (.newest, .newest), (.newest, .presence), (.presence, .presence): true
      case (.growth(let own), .growth(let window)), (.lastGrowth(let own), .growth(let window)),
        (.lastGrowth(let own), .lastGrowth(let window)), (.all(let own), .all(let window)),
        (.some(let own), .all(let window)):
        own <= window
      case (.some(let own), .some(let window)): own == window
      case (.newest, _), (.presence, _), (.growth, _), (.lastGrowth, _), (.all, _), (.some, _): false
      }
    }
  }

  var metric: String?
  var matchers: [LabelMatcher]
  var sampling: Sampling
  var time: TimeReference
  /// The labels by which its groups are told apart.
  var labels = GroupLabels()

  /// Nil for anything but a selector, a function of its window, and what is read from its histograms.
  init?(_ plan: VectorPlan, _ selections: [Selection]) {
    switch plan.form {
    case .select(let selector): self.init(selector, .newest, selections)
    case .pinned(let inner), .plus(let inner): self.init(inner, selections)
    case .window(let function, let windows, _):
      guard case .select(let selector, let range) = windows.form, let sampling = function.sampling(range)
      else { return nil }
      self.init(selector, sampling, selections)
    case .reading(let reading, let inner):
      self.init(inner, selections)
      switch reading {
      case .count: metric = metric.map { $0 + "_count" }
      case .sum: metric = metric.map { $0 + "_sum" }
      case .avg, .stddev, .stdvar: return nil
      }
    default: return nil
    }
  }

  private init(_ selector: SelectorPlan, _ sampling: Sampling, _ selections: [Selection]) {
    let name = selector.metricName
    let all = selections.indices.contains(selector.selection) ? selections[selector.selection].matchers : []
    metric = name
    matchers = all.filter { name == nil || $0.name != LabelFacts.metricName }
    self.sampling = sampling
    time = selector.time
    labels.fixed = Set(matchers.filter { $0.operation == .equal }.map(\.name))
  }

  /// Whether there is one, in place of its value.
  func counted() -> CountedSeries {
    var copy = self
    copy.sampling = .presence
    return copy
  }

  /// Whether values below 0 are likely, by the name: sums of such cancel out.
  var mayBeNegative: Bool {
    switch sampling {
    case .growth, .lastGrowth, .presence: false
    case .newest, .all, .some:
      Self.words(metric ?? "").contains { Self.signed.contains($0) }
    }
  }

  /// Whether it may be 0 although none of its samples is.
  var cancelsOut: Bool {
    if case .all = sampling { mayBeNegative } else { false }
  }

  /// Whether it is 0, or missing, when the other one is 0, or missing: it measures some of what that
  /// measures, in some of its time.
  func isPart(of whole: CountedSeries) -> Bool {
    guard time == whole.time, sampling.isZero(with: whole.sampling) else { return false }
    if isOfHistogram(whole) {
      return implies(whole.matchers.filter { $0.name != "le" })
    }
    guard metric == whole.metric || isOutcome(of: whole) || whole.metric == nil && metric != nil else {
      return false
    }
    return implies(whole.matchers)
  }

  private func implies(_ conditions: [LabelMatcher]) -> Bool {
    // A whole may name its metrics by a pattern.
    let matchers = matchers + (metric.map { [LabelMatcher(LabelFacts.metricName, equals: $0)] } ?? [])
    return conditions.allSatisfy { condition in
      if condition.acceptsAnything { return true }
      // By the languages of the patterns, where these can be worked out.
      return LabelValues.imply(matchers, condition)
        ?? matchers.contains { $0.name == condition.name && $0.implies(condition) }
    }
  }

  // MARK: Histograms

  /// Without an observation in the whole there is none in any bucket, and nothing to add to the sum.
  private func isOfHistogram(_ whole: CountedSeries) -> Bool {
    guard let own = Self.histogramPart(metric), let other = Self.histogramPart(whole.metric),
      own.base == other.base, other.part != "_sum"
    else { return false }
    guard other.part == "_bucket" else { return true }
    guard let bound = whole.largestBound else { return false }
    return own.part == "_bucket" ? largestBound.map { $0 <= bound } ?? false : bound == .infinity
  }

  /// Of the buckets that are selected; infinite without a condition, nil where it is not known.
  private var largestBound: Double? {
    let conditions = matchers.filter { $0.name == "le" }
    if conditions.isEmpty { return .infinity }
    return conditions.compactMap { condition in
      condition.values?.map { $0 == "+Inf" ? Double.infinity : Double($0) ?? .nan }.max()
    }.filter { !$0.isNaN }.min()
  }

  private static func histogramPart(_ metric: String?) -> (base: Substring, part: String)? {
    guard let metric else { return nil }
    for part in ["_bucket", "_count", "_sum"] where metric.hasSuffix(part) {
      return (metric.dropLast(part.count), part)
    }
    return nil
  }

  // MARK: Names

  /// Whether the names say that it counts one outcome of what the whole counts:
  /// `http_errors_total` of `http_requests_total`.
  private func isOutcome(of whole: CountedSeries) -> Bool {
    guard let metric, let other = whole.metric, RequestMeaning.kind(ofName: metric) != nil,
      RequestMeaning.kind(ofName: other) == nil
    else { return false }
    let (own, all) = (Self.words(metric), Self.words(other))
    return all.contains { Self.nouns.contains($0) } && Self.rest(own) == Self.rest(all)
  }

  private static func words(_ name: String) -> [String] {
    name.lowercased().split { $0 == "_" || $0 == ":" }.map(String.init)
  }

  private static func rest(_ words: [String]) -> [String] {
    words.filter { word in
      !nouns.contains(word) && RequestMeaning.kind(ofName: word) == nil && !["total", "count"].contains(word)
    }
  }

  private static let nouns: Set<String> = [
    "request", "requests", "reqs", "call", "calls", "rpc", "rpcs", "response", "responses", "query",
    "queries", "attempt", "attempts", "operation", "operations", "job", "jobs", "message", "messages",
    "event", "events", "task", "tasks", "transaction", "transactions",
  ]

  private static let signed: Set<String> = [
    "celsius", "fahrenheit", "temperature", "delta", "diff", "difference", "offset", "drift", "skew",
    "balance", "derivative", "latitude", "longitude", "change", "dbm",
  ]
}

/// The labels by which groups of series are told apart.
struct GroupLabels {
  private enum Kept {
    case all(except: Set<String>)
    case only(Set<String>)
  }

  private var kept = Kept.all(except: [LabelFacts.metricName])
  /// Labels that have one value, by a condition.
  var fixed: Set<String> = []

  mutating func regroup(_ grouping: AggregationPlan.Grouping) {
    switch (kept, grouping) {
    case (.all(let gone), .by(let names)): kept = .only(Set(names).subtracting(gone))
    case (.only(let left), .by(let names)): kept = .only(left.intersection(names))
    case (.all(let gone), .without(let names)): kept = .all(except: gone.union(names))
    case (.only(let left), .without(let names)): kept = .only(left.subtracting(names))
    }
  }

  /// Whether nothing tells groups apart.
  var isEmpty: Bool {
    if case .only(let names) = kept { names.subtracting(fixed).isEmpty } else { false }
  }

  /// Whether the members of a group of the part, which meets a group of these by `matching`, are all
  /// members of that group.
  func isShared(with part: CountedSeries, _ matching: VectorMatching) -> Bool {
    switch (kept, part.labels.kept) {
    case (.only(let own), .only(let other)):
      let telling = own.subtracting(fixed)
      return telling.isSubset(of: other) && telling.allSatisfy(matching.joins)
    case (.only(let own), .all(let gone)):
      let telling = own.subtracting(fixed)
      return telling.isDisjoint(with: gone) && telling.allSatisfy(matching.joins)
    case (.all, .only): return false
    case (.all(let gone), .all(let other)):
      guard other.isSubset(of: gone.union(fixed)), case .ignoring(let names) = matching.labels else {
        return false
      }
      return Set(names).isSubset(of: gone.union(fixed))
    }
  }
}

extension VectorMatching {
  /// Whether the sides agree on a label where they meet.
  fileprivate func joins(_ label: String) -> Bool {
    switch labels {
    case .on(let names): names.contains(label)
    case .ignoring(let names): !names.contains(label)
    }
  }
}

extension LabelMatcher {
  /// The only values that it accepts; nil when there are others.
  var values: [String]? {
    switch operation {
    case .equal: [value]
    case .matches: pattern?.literals?.map { String(decoding: $0, as: UTF8.self) }
    case .notEqual, .matchesNot: nil
    }
  }

  fileprivate var acceptsAnything: Bool { operation == .matches && value == ".*" }

  /// Whether every value that it accepts is accepted by another one on the same label, as far as that is
  /// plain to see.
  func implies(_ other: LabelMatcher) -> Bool {
    if self == other { return true }
    if let values { return values.allSatisfy { other.accepts(Array($0.utf8)[...]) } }
    switch other.operation {
    case .notEqual: return !accepts(Array(other.value.utf8)[...])
    case .matchesNot:
      guard let literals = other.pattern?.literals else { return false }
      return literals.allSatisfy { !accepts($0[...]) }
    case .matches: return other.value == ".+" && !acceptsEmpty
    case .equal: return false
    }
  }
}

extension WindowFunction {
  /// Which samples of a window make the value; nil where 0 says nothing of them, and for values that are
  /// not 0 when all samples are.
  fileprivate func sampling(_ range: Int64) -> CountedSeries.Sampling? {
    switch self {
    case .rate, .increase: .growth(range)
    case .irate: .lastGrowth(range)
    case .sumOverTime, .avgOverTime, .maxOverTime: .all(range)
    case .minOverTime, .firstOverTime, .lastOverTime: .some(range)
    case .countOverTime, .presentOverTime: .presence
    case .delta, .idelta, .resets, .changes, .deriv, .predictLinear, .doubleExponentialSmoothing,
      .stddevOverTime, .stdvarOverTime, .madOverTime, .tsOfFirstOverTime, .tsOfLastOverTime,
      .tsOfMaxOverTime, .tsOfMinOverTime, .quantileOverTime:
      nil
    }
  }
}
