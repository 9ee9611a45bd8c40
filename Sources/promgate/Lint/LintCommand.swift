public import ArgumentParser
import Glibc
public import Lint
import Manifests
public import PromQL
import Server
import TimeSeries

/// `promgate lint`: what is wrong with manifests and queries before they reach a cluster.
struct LintCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Finds what is wrong with canaries, metric templates, rule files and their queries.",
    discussion: """
      Reads Canary, MetricTemplate and AlertProvider manifests together, Prometheus' rule files and \
      PrometheusRules, and the queries of Argo Rollouts' AnalysisTemplates. Folders are searched for .yaml, \
      .yml and .json files.

      What Prometheus refuses to load of a rule file is an error[rule], in its own words.

      EXAMPLES
        promgate lint manifests/
        promgate lint canary.yaml templates/ --data metrics.om
        promgate lint manifests/ --fix --diff
        promgate lint rules/ --require-alert-label severity \\
          --require-alert-annotation runbook_url
        promgate lint manifests/ --format sarif > lint.sarif
        promgate lint --expr 'rate(requests_total[1m]) / rate(requests_total[1m])'
        promgate lint --explain MT007

      SUPPRESSION
        A comment behind or above a value keeps findings within it from being reported:
          # lint:ignore MT012 until=2027-01-31 reason=scraped every five seconds soon

      Exit status: 0 nothing at or above --fail-on, 1 something, 2 could not do it.
      """)

  @Argument(help: "Manifests: files, folders, or - for standard input.", completion: .file())
  var paths: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A query of a metric template on its own; may be repeated.", valueName: "query"))
  var expr: [String] = []

  @Option(help: "How to write the findings.")
  var format = LintFormat.text

  @Option(help: "The least severity that makes the exit status 1.")
  var failOn = Diagnostic.Severity.error

  @Flag(help: "Applies fixes that keep every result, in place.")
  var fix = false

  @Flag(help: "Applies the other fixes too.")
  var unsafeFixes = false

  @Flag(help: "Shows what the fixes would change, and changes nothing.")
  var diff = false

  @Option(
    help: ArgumentHelp("Reports only what is not in this file.", valueName: "file"), completion: .file())
  var baseline: String?

  @Option(
    help: ArgumentHelp("Writes all findings to a file for --baseline.", valueName: "file"),
    completion: .file())
  var writeBaseline: String?

  @Option(
    help: ArgumentHelp("A recording for the rules that look at real series.", valueName: "path"),
    completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp(
      "What a target exposes, for the names and types of metrics.", valueName: "file|url"),
    completion: .file())
  var metrics: String?

  @Option(
    help: ArgumentHelp("How often targets are scraped.", valueName: "duration"),
    transform: ArgumentText.duration)
  var scrapeInterval: Int64?

  @Option(
    help: ArgumentHelp("The version of the server that is asked (default: 3.14).", valueName: "version"))
  var prometheusVersion: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "What the server has switched on, as its own flag has it: with commas between, or repeated.",
      valueName: "features"),
    transform: LintCommand.features)
  var enableFeature: [[LanguageFeature]] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A label that every alert must have; may be repeated.", valueName: "name"))
  var requireAlertLabel: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("An annotation that every alert must have; may be repeated.", valueName: "name"))
  var requireAlertAnnotation: [String] = []

  @Option(
    help: ArgumentHelp(
      "What answers the queries.",
      discussion: "For victoriametrics they are read as MetricsQL; what is not judged of them is said."))
  var backend = Backend.prometheus

  @Option(help: "Flagger's -mesh-provider, for a canary that names no provider.")
  var meshProvider = MeshProvider.istio.rawValue

  @Option(
    help: ArgumentHelp(
      "Explains a rule by its code or name, or another code of a finding: manifest-value, rule.",
      valueName: "code"))
  var explain: String?

  @Flag(help: "Lists all rules.")
  var list = false

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  /// What answers queries.
  enum Backend: String, ExpressibleByArgument, CaseIterable { case prometheus, victoriametrics }

  /// `a,b`, as Prometheus takes features.
  private static func features(_ text: String) throws -> [LanguageFeature] {
    try text.split(separator: ",").map { name in
      guard let feature = LanguageFeature(rawValue: String(name)) else {
        let known = LanguageFeature.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("there is no feature '\(name)' of the language; there are \(known)")
      }
      return feature
    }
  }

  func validate() throws {
    if explain != nil || list { return }
    if paths.isEmpty, expr.isEmpty {
      throw ValidationError("name manifests, or a query with --expr (promgate lint manifests/)")
    }
    if data != nil || recordings.remoteRead != nil, metrics != nil {
      throw ValidationError("--data and --metrics exclude each other: give one")
    }
    if baseline != nil, writeBaseline != nil {
      throw ValidationError("--baseline and --write-baseline exclude each other: give one")
    }
    if fix || unsafeFixes, !diff, paths.contains("-") || !expr.isEmpty {
      throw ValidationError(
        "only files can be changed, not standard input and --expr: add --diff, or name files")
    }
    for name in requireAlertLabel where !LabelName.isValid(Array(name.utf8)) {
      throw ValidationError("--require-alert-label wants the name of a label, not '\(name)'")
    }
    for name in requireAlertAnnotation where name.isEmpty {
      throw ValidationError("--require-alert-annotation wants the name of an annotation")
    }
    if let prometheusVersion, PrometheusVersion(prometheusVersion) == nil {
      throw ValidationError("--prometheus-version wants a version such as 3.5, not \(prometheusVersion)")
    }
  }

  func run() async throws {
    if list { return try Output.write(Self.list(Rule.documented).utf8) }
    if let explain { return try show(explain) }
    var result = try await lint()
    if let writeBaseline {
      try Output.write((Baseline(result).json + "\n").utf8, toFile: writeBaseline)
      return Output.note("\(result.findings.count) findings are known from now on: \(writeBaseline)")
    }
    if let baseline { result = try known(baseline).filtered(result) }
    if diff || fix || unsafeFixes { result = try await mended(result) }
    if diff {
      for finding in result.findings where finding.code == ManifestCode.file {
        Output.note("error: \(finding.message)")
      }
    } else {
      try write(result)
    }
    try end(result)
  }

  // MARK: Linting

  private func lint() async throws -> LintResult {
    let reading = ManifestReading(paths: paths)
    let options = options
    let linter = Linter(options, data: try await evidence())
    var result = linter.lint(reading)
    for (index, text) in expr.enumerated() {
      let name = expr.count == 1 ? "query" : "query-\(index + 1)"
      let source = ManifestSource(name: name, bytes: ByteOrderMark.stripped(Array(text.utf8)))
      result = result.adding(linter.lint(query: source))
    }
    return result
  }

  private var options: LintOptions {
    var options = LintOptions()
    options.meshProvider = meshProvider
    options.scrapeInterval = scrapeInterval
    options.prometheusVersion = prometheusVersion.flatMap { PrometheusVersion($0) }
    options.features = Set(enableFeature.joined())
    options.requiredAlertLabels = requireAlertLabel
    options.requiredAlertAnnotations = requireAlertAnnotation
    options.isVictoriaMetrics = backend == .victoriametrics
    options.today = Int64(Glibc.time(nil)) / 86_400
    return options
  }

  private func evidence() async throws -> LintData? {
    if let recording = try recordings.source(data) { return LintData(recording) }
    if let metrics { return try await LintData(exposition: metrics) }
    return nil
  }

  // MARK: Fixes and baselines

  private func known(_ path: String) throws -> Baseline {
    let bytes: [UInt8]
    do { bytes = try InputFile.text(path, maximum: 64 << 20) } catch {
      throw ToolFailure("\(path): \(error)")
    }
    guard let baseline = Baseline(json: bytes) else {
      throw ToolFailure("\(path): is no baseline; promgate lint --write-baseline \(path) makes one")
    }
    return baseline
  }

  /// Applies fixes until none is left, and says what remains; with --diff it only shows the first round.
  private func mended(_ result: LintResult) async throws -> LintResult {
    var result = result
    var count = 0
    // A fix can make room for another that overlapped it.
    for _ in 0..<10 {
      let fixes = FixApplication(result, unsafe: unsafeFixes)
      if diff {
        try Output.write(fixes.diff.utf8)
        let count = fixes.appliedCount
        Output.note("\(count) fix\(count == 1 ? "" : "es"), none applied: --diff only shows them")
        return result
      }
      if fixes.appliedCount == 0 { break }
      for change in fixes.changes {
        try Output.write(change.mended, toFile: change.source.name)
      }
      count += fixes.appliedCount
      result = try await lint()
      if let baseline { result = try known(baseline).filtered(result) }
    }
    Output.note(count == 1 ? "1 fix applied" : "\(count) fixes applied")
    return result
  }

  // MARK: Output

  private func write(_ result: LintResult) throws(ToolFailure) {
    let report = LintReport(
      result, toolVersion: BuildInformation().version, usesColor: Terminal.standardOutput.usesColor)
    try Output.write(report.text(format).utf8)
  }

  private func end(_ result: LintResult) throws {
    if result.findings.contains(where: { $0.code == ManifestCode.file }) { throw ExitCode(2) }
    if result.findings.contains(where: { $0.severity.isAtLeast(failOn) }) { throw ExitCode(1) }
  }

  private func show(_ name: String) throws {
    guard let page = Rule.named(name)?.page ?? ReadingCode.named(name)?.page else {
      let names = Rule.documented.flatMap { [$0.code, $0.name] } + ReadingCode.all.map(\.code)
      let nearest = Spelling.nearest(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
      throw ToolFailure("there is no rule \(name)\(nearest) (promgate lint --list shows all)")
    }
    try Output.write(page.utf8)
  }

  private static func list(_ rules: [Rule]) -> String {
    let width = rules.map(\.name.count).max() ?? 0
    return rules.map { rule in
      let name = rule.name.padding(to: width)
      return "\(rule.code)  \(name)  \(rule.severity.rawValue.padding(to: 7))  \(rule.summary)\n"
    }.joined()
  }
}

extension LintFormat: ExpressibleByArgument {}
extension Diagnostic.Severity: ExpressibleByArgument {}

extension Diagnostic.Severity {
  fileprivate func isAtLeast(_ other: Diagnostic.Severity) -> Bool { rank >= other.rank }

  private var rank: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .error: 2
    }
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
