import PromQL
public import Scrape
import TimeSeries

/// What the endpoint knows besides series: its targets, and what is said about metrics.
public struct Surroundings: Sendable {
  /// How each target is doing, in the order of the command line.
  public var targets: @Sendable () -> [TargetStatus]
  /// What a recording says about its metrics.
  public var recorded: @Sendable () -> [MetricFamily]

  /// The rules that are evaluated; nil for none.
  public var rules: RuleLoop?
  /// What the server says about itself.
  public var facts: ServerFacts

  /// By default there is nothing.
  public init(
    targets: @escaping @Sendable () -> [TargetStatus] = { [] },
    recorded: @escaping @Sendable () -> [MetricFamily] = { [] }, rules: RuleLoop? = nil,
    facts: ServerFacts = ServerFacts()
  ) {
    self.targets = targets
    self.recorded = recorded
    self.rules = rules
    self.facts = facts
  }
}

extension Surroundings {
  /// `/metadata`: what targets and recordings say, by metric (http-api.md §9).
  func metadata(_ form: FormValues) throws(APIError) -> APIAnswer {
    let limit = try form.metadataLimit("limit")
    let perMetric = try form.metadataLimit("limit_per_metric")
    let metric = form.text("metric") ?? ""
    var known: [String: [MetricFamily]] = [:]
    for family in targets().flatMap(\.families) + recorded()
    where metric.isEmpty || family.name == metric {
      if known[family.name]?.contains(family) != true { known[family.name, default: []].append(family) }
    }
    var writer = ByteWriter(capacity: 4096)
    writer.append(UInt8(ascii: "{"))
    let names = known.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for (index, name) in names.prefix(limit).enumerated() {
      if index > 0 { writer.append(UInt8(ascii: ",")) }
      writer.append(string: name)
      writer.append(":[")
      for (index, family) in (known[name] ?? []).prefix(perMetric).enumerated() {
        writer.append(index == 0 ? #"{"type":""# : #",{"type":""#)
        writer.append(family.type.rawValue)
        writer.append(#"","unit":"#)
        writer.append(string: family.unit)
        writer.append(#","help":"#)
        writer.append(string: family.help)
        writer.append("}")
      }
      writer.append("]")
    }
    writer.append(UInt8(ascii: "}"))
    return APIAnswer(data: writer.finish())
  }

  /// `/targets/metadata`: what each target says about its metrics.
  func targetsMetadata(_ form: FormValues) throws(APIError) -> APIAnswer {
    let limit = try form.metadataLimit("limit")
    let metric = form.text("metric") ?? ""
    let matching = try form.targetMatcher()
    var entries: [(target: Target, family: MetricFamily)] = []
    for status in targets() where matching(status.target.labels) {
      for family in status.families where metric.isEmpty || family.name == metric {
        entries.append((status.target, family))
      }
    }
    var writer = ByteWriter(capacity: 4096)
    writer.append(UInt8(ascii: "["))
    for (index, entry) in entries.prefix(limit).enumerated() {
      writer.append(index == 0 ? #"{"target":"# : #",{"target":"#)
      writer.append(metric: entry.target.labels)
      if metric.isEmpty {
        writer.append(#","metric":"#)
        writer.append(string: entry.family.name)
      }
      writer.append(#","type":""#)
      writer.append(entry.family.type.rawValue)
      writer.append(#"","help":"#)
      writer.append(string: entry.family.help)
      writer.append(#","unit":"#)
      writer.append(string: entry.family.unit)
      writer.append("}")
    }
    writer.append("]")
    return APIAnswer(data: writer.finish())
  }

  /// `/targets`: the targets and how they are doing; none is ever dropped (http-api.md §10).
  func targetList(_ form: FormValues) throws(APIError) -> APIAnswer {
    let state = form.text("state").map { $0.lowercased() } ?? ""
    let isKnown = ["", "any", "active", "dropped"].contains(state)
    let pool = form.text("scrapePool") ?? ""
    let shown = isKnown && state != "dropped" ? targets() : []
    var writer = ByteWriter(capacity: 4096)
    writer.append(#"{"activeTargets":["#)
    var isFirst = true
    let sorted = shown.sorted { $0.target.job.utf8.lexicographicallyPrecedes($1.target.job.utf8) }
    for status in sorted where pool.isEmpty || status.target.job == pool {
      if !isFirst { writer.append(UInt8(ascii: ",")) }
      isFirst = false
      writer.append(status)
    }
    writer.append(#"],"droppedTargets":[],"droppedTargetCounts":"#)
    if state == "active" || !isKnown {
      writer.append("null}")
    } else {
      writer.append("{")
      for (index, name) in pools.enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append(string: name)
        writer.append(":0")
      }
      writer.append("}}")
    }
    return APIAnswer(data: writer.finish())
  }

  /// `/scrape_pools`: the jobs.
  func scrapePools(_ form: FormValues) throws(APIError) -> APIAnswer {
    var writer = ByteWriter()
    writer.append(#"{"scrapePools":["#)
    for (index, name) in pools.enumerated() {
      if index > 0 { writer.append(UInt8(ascii: ",")) }
      writer.append(string: name)
    }
    writer.append("]}")
    return APIAnswer(data: writer.finish())
  }

  private var pools: [String] {
    Set(targets().map(\.target.job)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension ByteWriter {
  /// One active target.
  fileprivate mutating func append(_ status: TargetStatus) {
    let target = status.target
    append(#"{"discoveredLabels":"#)
    append(metric: target.discoveredLabels)
    append(#","labels":"#)
    append(metric: target.labels)
    append(#","scrapePool":"#)
    append(string: target.job)
    append(#","scrapeUrl":"#)
    append(string: target.url)
    append(#","globalUrl":"#)
    append(string: target.globalAddress)
    append(#","lastError":"#)
    append(string: status.lastFailure.map { "\($0)" } ?? "")
    append(#","lastScrape":""#)
    append(status.lastScrape.map(TimeParameter.text) ?? "0001-01-01T00:00:00Z")
    append(#"","lastScrapeDuration":"#)
    append(GoText.json(status.lastDurationSeconds))
    append(#","health":""#)
    append(status.health.rawValue)
    append(#"","scrapeInterval":""#)
    append(DurationText.text(milliseconds: target.effectiveIntervalMilliseconds))
    append(#"","scrapeTimeout":""#)
    append(DurationText.text(milliseconds: target.effectiveTimeoutMilliseconds))
    append(#""}"#)
  }
}

extension Target {
  /// The job: what Prometheus calls the scrape pool.
  fileprivate var job: String { labels["job"] ?? "" }

  /// What a target was before it was relabelled (exposition.md §12): how it is scraped, and what it was
  /// given.
  fileprivate var discoveredLabels: Labels {
    var builder = LabelsBuilder(labels)
    let address = try? HTTPAddress(url)
    let authority = address?.authority ?? ""
    if labels["instance"] == authority { builder.set("instance", "") }
    let path = (address?.path ?? "").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let steering = [
      ("__address__", authority), ("__metrics_path__", path.first.map(String.init) ?? ""),
      ("__scheme__", address?.scheme ?? ""),
      ("__scrape_interval__", DurationText.text(milliseconds: effectiveIntervalMilliseconds)),
      ("__scrape_timeout__", DurationText.text(milliseconds: effectiveTimeoutMilliseconds)),
      ("__always_scrape_classic_histograms__", "false"), ("__convert_classic_histograms_to_nhcb__", "false"),
      ("__scrape_native_histograms__", "false"),
    ]
    for (name, value) in steering { builder.set(name, value) }
    if path.count > 1 {
      // The first value of each parameter.
      let form = FormValues(query: String(path[1]))
      for name in form.names { builder.set("__param_\(name)", form.text(name) ?? "") }
    }
    return builder.labels()
  }

  /// The address as others reach it: this machine's name in the place of its loopback's.
  fileprivate var globalAddress: String {
    guard var address = try? HTTPAddress(url) else { return url }
    for local in ["127.0.0.1", "localhost", "[::1]"] {
      guard address.authority == local || address.authority.hasPrefix(local + ":") else { continue }
      address.authority = ServerFacts.host + address.authority.dropFirst(local.count)
      return address.text
    }
    return url
  }
}

extension FormValues {
  /// A limit of the metadata endpoints; negative or absent: none.
  fileprivate func metadataLimit(_ name: String) throws(APIError) -> Int {
    guard let text = text(name) else { return .max }
    guard let limit = Int(text) else { throw .badData("\(name) must be a number") }
    return limit < 0 || (limit == 0 && name == "limit_per_metric") ? .max : limit
  }

  /// `match_target`: a selector over the targets' labels.
  fileprivate func targetMatcher() throws(APIError) -> (Labels) -> Bool {
    let text = first("match_target")
    guard !text.isEmpty else { return { _ in true } }
    do {
      let matchers = try Expression.matchers(ofSelector: text)
      return { labels in matchers.allSatisfy { $0.accepts(labels) } }
    } catch {
      throw .badData(error.description)
    }
  }
}
