import PromQL
package import TimeSeries

/// From what a discovery found to what a job scrapes: labels, relabelling, checks (exposition.md §12). Pure.
package struct JobTargets: Sendable {
  private let job: ScrapeJob
  private let relabelling: Relabelling

  /// Compiles the job's rules; throws what is wrong with a pattern, which reading has refused before.
  package init(_ job: ScrapeJob) throws(LabelPattern.Problem) {
    self.job = job
    relabelling = try Relabelling(job.relabelRules.rules)
  }

  /// What becomes of a target.
  ///
  /// - Parameters:
  ///   - target: its own labels, `__address__` among them.
  ///   - group: those of its group, which its own win over.
  package func outcome(of target: Labels, in group: Labels = .none) -> TargetOutcome {
    var builder = discovered(target, group)
    let discovered = builder.labels()
    guard relabelling.apply(to: &builder) else { return .dropped(discovered: discovered) }
    let labels = builder.labels()
    switch Self.check(labels) {
    case .failure(let problem): return .failed(problem.description, discovered: discovered)
    case .success(let times):
      let address = labels["__address__"] ?? ""
      for (name, _) in labels.pairs where name.hasPrefix("__meta_") { builder.remove(name) }
      if labels["instance"] == nil { builder.set("instance", address) }
      let all = builder.labels()
      return .kept(
        DiscoveredTarget(
          discovered: discovered, all: all, labels: Labels(all.pairs.filter { !$0.name.hasPrefix("__") }),
          url: url(of: all), intervalMilliseconds: times.interval, timeoutMilliseconds: times.timeout))
    }
  }

  private func discovered(_ target: Labels, _ group: Labels) -> LabelsBuilder {
    var builder = LabelsBuilder(target)
    func setMissing(_ name: String, _ value: String) {
      if builder.value(of: Array(name.utf8)).isEmpty { builder.set(name, value) }
    }
    for (name, value) in group.pairs where target[name] == nil { builder.set(name, value) }
    setMissing("job", job.name)
    setMissing("__scrape_interval__", DurationText.text(milliseconds: job.scrapeInterval))
    setMissing("__scrape_timeout__", DurationText.text(milliseconds: job.scrapeTimeout))
    setMissing("__metrics_path__", job.metricsPath)
    setMissing("__scheme__", job.scheme)
    setMissing("__convert_classic_histograms_to_nhcb__", "\(job.convertsClassicHistograms ?? false)")
    setMissing("__always_scrape_classic_histograms__", "\(job.alwaysScrapesClassicHistograms ?? false)")
    setMissing("__scrape_native_histograms__", "\(job.scrapesNativeHistograms ?? false)")
    for parameter in job.parameters {
      if let first = parameter.values.first { setMissing("__param_\(parameter.name)", first) }
    }
    return builder
  }

  private struct Problem: Error, CustomStringConvertible { var description: String }

  /// The labels that steer the request.
  private static func check(_ labels: Labels) -> Result<(interval: Int64, timeout: Int64), Problem> {
    func problem(_ text: String) -> Result<(interval: Int64, timeout: Int64), Problem> {
      .failure(Problem(description: text))
    }
    guard let address = labels["__address__"] else { return problem("no address") }
    if address.utf8.contains(UInt8(ascii: "/")) {
      return problem("\(GoText.quoted(address)) is not a valid hostname")
    }
    var times: [Int64] = []
    for kind in ["interval", "timeout"] {
      let text = labels["__scrape_\(kind)__"] ?? ""
      do { times.append(try DurationText.milliseconds(text.utf8)) } catch {
        return problem("error parsing scrape \(kind): \(error)")
      }
      if times.last == 0 { return problem("scrape \(kind) cannot be 0") }
    }
    if times[1] > times[0] {
      let (interval, timeout) = (labels["__scrape_interval__"] ?? "", labels["__scrape_timeout__"] ?? "")
      return problem(
        "scrape timeout cannot be greater than scrape interval "
          + "(\(GoText.quoted(timeout)) > \(GoText.quoted(interval)))"
      )
    }
    return .success((times[0], times[1]))
  }

  /// The address of the scrape: parameters in the order of their names, the first value of each from its
  /// label.
  private func url(of labels: Labels) -> String {
    var parameters = job.parameters
    for (label, value) in labels.pairs where label.hasPrefix("__param_") {
      let name = String(label.dropFirst("__param_".count))
      if let index = parameters.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
        parameters[index].values = [value] + parameters[index].values.dropFirst()
      } else {
        parameters.append(JobParameter(name: name, values: [value]))
      }
    }
    parameters.sort { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    let query = parameters.flatMap { parameter in
      parameter.values.map { "\(AddressText.query(parameter.name))=\(AddressText.query($0))" }
    }.joined(separator: "&")
    let path = labels["__metrics_path__"] ?? ""
    let scheme = labels["__scheme__"] ?? ""
    let rooted = path.isEmpty || path.hasPrefix("/") ? path : "/" + path
    return (scheme.isEmpty ? "" : scheme + ":") + "//" + AddressText.host(labels["__address__"] ?? "")
      + AddressText.path(rooted) + (query.isEmpty ? "" : "?\(query)")
  }
}

/// What becomes of a target that was discovered.
package enum TargetOutcome: Sendable, Hashable {
  case kept(DiscoveredTarget)
  /// A rule dropped it.
  case dropped(discovered: Labels)
  /// It cannot be scraped, in Prometheus' words.
  case failed(String, discovered: Labels)
}

/// A target after relabelling. Two with the same labels and address are one.
package struct DiscoveredTarget: Sendable, Hashable {
  /// Before relabelling.
  package var discovered: Labels
  /// After it, those that begin with `__` included, without `__meta_`.
  package var all: Labels
  /// Those of its series.
  package var labels: Labels
  package var url: String
  package var intervalMilliseconds: Int64
  package var timeoutMilliseconds: Int64
}

/// Parts of addresses, escaped as Go's `net/url` does.
enum AddressText {
  static func query(_ text: String) -> String { escaped(text, "-_.~", blank: "+") }
  static func path(_ text: String) -> String { escaped(text, "-_.~$&+,/:;=@", blank: "%20") }
  static func host(_ text: String) -> String { escaped(text, "-_.~!$&'()*+,;=:[]<>\"", blank: "%20") }

  private static func escaped(_ text: String, _ kept: String, blank: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let isKept =
        kept.utf8.contains(byte) || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
        || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
      if isKept {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else if byte == UInt8(ascii: " ") {
        result += blank
      } else {
        result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
