import Configuration
import Glibc
import Manifests
import PromQL
import Rules
import TimeSeries

/// A prometheus.yml that is looked at, with the files that it names, in the order in which promtool does.
final class ConfigurationCheck {
  let source: ManifestSource
  let isSyntaxOnly: Bool
  private let path: String
  private var isSound = true
  /// Those that are known without asking anybody.
  private(set) var targets: [KnownTarget] = []

  /// The longest file that is read.
  static let maximumBytes = 16 << 20

  /// Throws where the file cannot be read.
  init(_ path: String, isSyntaxOnly: Bool) throws(ToolFailure) {
    self.path = path
    self.isSyntaxOnly = isSyntaxOnly
    source = try Self.read(path)
  }

  private static func read(_ path: String) throws(ToolFailure) -> ManifestSource {
    do { return ManifestSource(name: path, bytes: try InputFile.bytes(path, maximum: maximumBytes)) } catch {
      throw ToolFailure("\(path): \(error)")
    }
  }

  /// Says what there is to say: results on standard output, findings on standard error.
  ///
  /// - Returns: whether Prometheus loads all of it.
  func run(
    _ lint: CheckConfigurationCommand.Lint, isFatal: Bool, lookback: Int64, isQuiet: Bool
  ) throws(ToolFailure) -> Bool {
    func say(_ text: String) throws(ToolFailure) { if !isQuiet { try Output.write(text.utf8) } }
    try say("Checking \(path)\n")
    let reading = ConfigurationReading(source, environment: Self.variable)
    for finding in reading.findings { tell(finding) }
    isSound = reading.problems.isEmpty
    var ruleFiles: [String] = []
    if let configuration = reading.configuration {
      let jobs = try jobs(of: configuration)
      if isSound { ruleFiles = self.ruleFiles(of: configuration) }
      if isSound { for job in jobs { check(job.job, in: job.source) } }
      if isSound { for group in configuration.alerting.alertmanagers.compactMap({ $0 }) { check(group) } }
      for finding in SelfReference(port: Self.port).findings(in: configuration) { tell(finding) }
      if lint.looksAtIntervals { isSound = checkIntervals(jobs, lookback, isFatal: isFatal) && isSound }
    }
    if isSound {
      if !ruleFiles.isEmpty { try say("  SUCCESS: \(ruleFiles.count) rule files found\n") }
      try say(" SUCCESS: \(path) is valid prometheus config file syntax\n")
    }
    try say("\n")
    for file in ruleFiles {
      try say("Checking \(file)\n")
      if let count = try check(ruleFile: file, lint, isFatal: isFatal) {
        try say("  SUCCESS: \(count) rules found\n")
      }
      try say("\n")
    }
    return isSound
  }

  /// Where `serve` listens unless it is told otherwise.
  private static let port = 9090

  private static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  // MARK: What is told

  private func tell(_ finding: ManifestFinding) {
    Output.note(finding.rendered(usesColor: Terminal.standardError.usesColor))
  }

  private func tell(_ diagnostic: Diagnostic) { tell(ManifestFinding(diagnostic, in: source)) }

  private func refuse(
    _ message: String, at range: SourceRange?, in source: ManifestSource? = nil, help: String? = nil
  ) {
    isSound = false
    let diagnostic = Diagnostic(
      code: ConfigurationCode.refused, severity: .error, range: range, message: message,
      notes: help.map { [Diagnostic.Note($0)] } ?? [])
    tell(ManifestFinding(diagnostic, in: source ?? self.source))
  }

  private func remark(
    _ severity: Diagnostic.Severity, _ message: String, at range: SourceRange?, in source: ManifestSource,
    notes: [Diagnostic.Note] = []
  ) {
    tell(
      ManifestFinding(
        Diagnostic(
          code: ConfigurationCode.doubtful, severity: severity, range: range, message: message, notes: notes),
        in: source))
  }

  // MARK: Files that are named

  private func exists(_ file: String) -> Bool {
    unsafe file.isEmpty || access(beside(file), F_OK) == 0
  }

  /// The path of a file that is named in the configuration.
  private func beside(_ file: String) -> String {
    guard !file.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return file }
    return path[...slash] + file
  }

  private func ruleFiles(of configuration: PrometheusConfiguration) -> [String] {
    guard !isSyntaxOnly else { return [] }
    var files: [String] = []
    for pattern in configuration.ruleFiles {
      guard PathPattern.isWellFormed(pattern.text) else {
        refuse("syntax error in pattern", at: pattern.places.range, help: "close the bracket, or write \\[")
        return []
      }
      let found = PathPattern.paths(matching: pattern.text, beside: path)
      if found.isEmpty, !pattern.text.contains("*") {
        refuse(
          "\(GoText.quoted(beside(pattern.text))) does not point to an existing file",
          at: pattern.places.range,
          help: "paths begin in the folder of \(path)")
        return []
      }
      files += found
    }
    return files
  }

  /// The jobs of the file, and those of the files that it names.
  private func jobs(
    of configuration: PrometheusConfiguration
  ) throws(ToolFailure) -> [(job: ScrapeJob, source: ManifestSource)] {
    var jobs: [(job: ScrapeJob, source: ManifestSource)] = configuration.jobs.map {
      (job: $0, source: source)
    }
    guard !isSyntaxOnly else { return jobs }
    var names: [String: String] = [:]
    for job in configuration.jobs { names[job.name] = "main config file" }
    for pattern in configuration.scrapeConfigFiles {
      guard PathPattern.isWellFormed(pattern.text) else {
        refuse("syntax error in pattern", at: pattern.places.range)
        return jobs
      }
      for file in PathPattern.paths(matching: pattern.text, beside: path) {
        let source = try Self.read(file)
        let reading = ScrapeConfigFileReading(source, global: configuration.global, names: names)
        for finding in reading.findings { tell(finding) }
        if reading.isRefused { isSound = false }
        for job in reading.jobs {
          names[job.name] = GoText.quoted(file)
          jobs.append((job, source))
        }
      }
    }
    return jobs
  }

  // MARK: Jobs

  private func check(_ job: ScrapeJob, in source: ManifestSource) {
    if !isSyntaxOnly, let authorization = job.client.authorization, !exists(authorization.credentialsFile) {
      refuse(
        "error checking authorization credentials or bearer token file "
          + "\(GoText.quoted(beside(authorization.credentialsFile))): no such file",
        at: authorization.places["credentials_file"] ?? authorization.places["bearer_token_file"], in: source)
    }
    check(job.client.tls, in: source)
    for discovery in job.discovery.kubernetes.compactMap({ $0 }) { check(discovery.client.tls, in: source) }
    guard let targets = try? JobTargets(job) else { return }
    var tally = TargetTally()
    for (number, group) in job.discovery.groups.compactMap({ $0 }).enumerated() {
      check(group, number: number, of: targets, job, in: source, &tally)
    }
    for discovery in job.discovery.files.compactMap({ $0 }) where !isSyntaxOnly {
      check(discovery, "scrape job \(GoText.quoted(job.name))", in: source) { group, number, source in
        check(group, number: number, of: targets, job, in: source, &tally)
      }
    }
    tally.isWhole =
      job.discovery.http.isEmpty && job.discovery.dns.isEmpty && job.discovery.kubernetes.isEmpty
      && job.discovery.others.isEmpty
    if tally.keepsNone {
      remark(
        .warning,
        "no target of job \(GoText.quoted(job.name)) is kept: its relabel_configs drop all of them "
          + "(\(tally.dropped))",
        at: job.places["relabel_configs"], in: source,
        notes: tally.example.map { [Diagnostic.Note($0)] } ?? [])
    }
  }

  /// What came of a job's targets that are known.
  private struct TargetTally {
    var kept = 0
    var dropped = 0
    /// The labels that the first dropped one had.
    var example: String?
    /// Whether there are no targets that only a running server learns of.
    var isWhole = true

    var keepsNone: Bool { isWhole && kept == 0 && dropped > 0 }
  }

  private func check(
    _ group: StaticGroup, number: Int, of jobTargets: JobTargets, _ job: ScrapeJob, in source: ManifestSource,
    _ tally: inout TargetTally
  ) {
    for (index, (target, labels, written)) in group.discovered.enumerated() {
      let outcome = jobTargets.outcome(of: target, in: labels)
      targets.append(KnownTarget(job: job.name, outcome: outcome))
      switch outcome {
      case .kept(let found):
        tally.kept += 1
        if let finding = SelfReference(port: Self.port).finding(on: found, at: written.place.range) {
          tell(ManifestFinding(finding, in: source))
        }
      case .dropped(let labels):
        tally.dropped += 1
        tally.example =
          tally.example ?? "before relabelling the first one has the labels \(Self.text(labels))"
      case .failed(let problem, _):
        refuse("instance \(index) in group \(number): \(problem)", at: written.place.range, in: source)
      }
    }
  }

  private static func text(_ labels: Labels) -> String {
    "{" + labels.pairs.map { "\($0.name)=\(GoText.quoted($0.value))" }.joined(separator: ", ") + "}"
  }

  /// Looks at the files of a discovery that are there.
  private func check(
    _ discovery: FileDiscovery, _ whose: String, in source: ManifestSource,
    _ look: (StaticGroup, Int, ManifestSource) -> Void
  ) {
    for pattern in discovery.files {
      let files = PathPattern.paths(matching: pattern, beside: source.name)
      if files.isEmpty {
        remark(
          .warning, "file \(GoText.quoted(pattern)) for file_sd in \(whose) does not exist",
          at: discovery.places["files"], in: source)
      }
      for file in files {
        do throws(ToolFailure) {
          let reading = TargetFileReading(try Self.read(file))
          for finding in reading.findings { tell(finding) }
          if !reading.findings.isEmpty {
            refuse(
              "checking SD file \(GoText.quoted(pattern)): it is refused", at: discovery.places["files"],
              in: source)
          }
          let origin = reading.source
          for (number, group) in reading.groups.enumerated() { look(group, number, origin) }
        } catch {
          refuse(
            "checking SD file \(GoText.quoted(pattern)): \(error)", at: discovery.places["files"], in: source)
        }
      }
    }
  }

  private func check(_ alertmanagers: AlertmanagerGroup) {
    guard let relabelling = try? Relabelling(alertmanagers.relabelRules.rules) else { return }
    func look(_ group: StaticGroup, _ source: ManifestSource) {
      for (target, labels, written) in group.discovered {
        var builder = LabelsBuilder(labels)
        for (name, value) in target.pairs { builder.set(name, value) }
        guard relabelling.apply(to: &builder), let address = builder.labels()["__address__"] else { continue }
        guard address.utf8.contains(UInt8(ascii: "/")) else { continue }
        refuse("\(GoText.quoted(address)) is not a valid hostname", at: written.place.range, in: source)
      }
    }
    for group in alertmanagers.discovery.groups.compactMap({ $0 }) { look(group, source) }
    for discovery in alertmanagers.discovery.files.compactMap({ $0 }) where !isSyntaxOnly {
      check(discovery, "alertmanager config", in: source) { group, _, source in look(group, source) }
    }
  }

  private func check(_ tls: TLSOptions, in source: ManifestSource) {
    let (certificate, key) = (tls.certificateFile, tls.keyFile)
    if !certificate.isEmpty, key.isEmpty {
      refuse(
        "client cert file \(GoText.quoted(certificate)) specified without client key file",
        at: tls.places["cert_file"],
        in: source)
    } else if !key.isEmpty, certificate.isEmpty {
      refuse(
        "client key file \(GoText.quoted(key)) specified without client cert file",
        at: tls.places["key_file"],
        in: source)
    }
    guard !isSyntaxOnly else { return }
    for (what, file, place) in [("cert", certificate, "cert_file"), ("key", key, "key_file")]
    where !exists(file) {
      refuse(
        "error checking client \(what) file \(GoText.quoted(beside(file))): no such file",
        at: tls.places[place], in: source)
    }
  }

  private func checkIntervals(
    _ jobs: [(job: ScrapeJob, source: ManifestSource)], _ lookback: Int64, isFatal: Bool
  ) -> Bool {
    let long = jobs.filter { lookback > 0 && $0.job.scrapeInterval >= lookback }
    for (job, source) in long {
      remark(
        isFatal ? .error : .warning,
        "too long scrape interval found, data point will be marked as stale - job: \(job.name), interval: "
          + DurationText.text(milliseconds: job.scrapeInterval),
        at: job.places["scrape_interval"] ?? job.places.range,
        in: source)
    }
    return long.isEmpty || !isFatal
  }

  // MARK: Rules

  /// How many rules there are; nil where Prometheus refuses them.
  private func check(
    ruleFile file: String, _ lint: CheckConfigurationCommand.Lint, isFatal: Bool
  ) throws(ToolFailure) -> Int? {
    let source = try Self.read(file)
    let reading = RuleReading(source)
    for finding in reading.findings { tell(finding) }
    if !reading.findings.isEmpty { isSound = false }
    let doubles = lint.looksAtRules ? Self.doubles(reading) : []
    for double in doubles {
      remark(
        isFatal ? .error : .warning, "the rule \(double.rule.name) is there already, with the same labels",
        at: double.name,
        in: source, notes: [Diagnostic.Note("what both record may be inconsistent: leave one of them out")])
    }
    if !doubles.isEmpty, isFatal { isSound = false }
    return reading.findings.isEmpty ? reading.groups.reduce(0) { $0 + $1.rules.count } : nil
  }

  /// Rules of the same kind, name and labels as one before.
  private static func doubles(_ reading: RuleReading) -> [WrittenRule] {
    struct Identity: Hashable {
      var isAlert: Bool
      var name: String
      var labels: Set<NamedText>
    }
    var seen: Set<Identity> = []
    return reading.written.flatMap(\.rules).filter { written in
      let isAlert = if case .alerting = written.rule.kind { true } else { false }
      return !seen.insert(
        Identity(isAlert: isAlert, name: written.rule.name, labels: Set(written.rule.labels))
      ).inserted
    }
  }
}
