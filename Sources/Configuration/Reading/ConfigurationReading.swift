package import Manifests
package import PromQL
import TimeSeries

/// What the reading of a prometheus.yml found: the configuration where Prometheus would load it, and all
/// there is to say.
package struct ConfigurationReading: Sendable {
  /// Nil where Prometheus refuses the text.
  package private(set) var configuration: PrometheusConfiguration?
  package let source: ManifestSource
  /// What Prometheus refuses: all values of a wrong type, or else the first thing that does not go together.
  package private(set) var problems: [ManifestProblem] = []
  /// What is accepted and not done, or doubtful.
  package private(set) var remarks: [Diagnostic] = []
  private var areTypeProblems = false

  /// Reads the first document of a text, as Prometheus does; an empty one is all defaults.
  ///
  /// - Parameter environment: the value of a variable, which values of external labels may name.
  package init(_ source: ManifestSource, environment: (String) -> String? = { _ in nil }) {
    self.source = source
    var reader = ConfigurationReader()
    do throws(ManifestProblem) {
      if let root = try Self.root(of: source), !root.isNull {
        configuration = try reader.section(root)
      } else {
        configuration = PrometheusConfiguration()
      }
      problems = reader.typeProblems.sorted {
        ($0.diagnostic.range?.start ?? 0) < ($1.diagnostic.range?.start ?? 0)
      }
      areTypeProblems = !problems.isEmpty
      if areTypeProblems { configuration = nil }
      if let global = configuration?.global { try configuration?.otlp.check(with: global) }
      let labels = expanded(environment)
      configuration?.global.externalLabels = labels
    } catch {
      problems = [error]
      configuration = nil
    }
    remarks += reader.notDone
    if let configuration { remarks += configuration.notDone }
    remarks.sort { ($0.range?.start ?? 0) < ($1.range?.start ?? 0) }
  }

  private static func root(of source: ManifestSource) throws(ManifestProblem) -> ManifestNode? {
    try YAMLComposer.checkVersion(source.bytes)
    var composer = try YAMLComposer(checking: source.bytes, dialect: .configuration)
    return try composer.nextDocument()
  }

  private mutating func expanded(_ environment: (String) -> String?) -> [NamedValue] {
    var labels = configuration?.global.externalLabels ?? []
    for index in labels.indices {
      labels[index].value = VariableText.expanded(labels[index].value) { name in
        if name == "$" { return "$" }
        if let value = environment(name), !value.isEmpty { return value }
        remarks.append(
          Diagnostic(
            code: ConfigurationCode.doubtful, severity: .warning, range: labels[index].place.range,
            message:
              "the environment variable \(name) is empty: so is its part of the label; write $$ for a dollar")
        )
        return ""
      }
    }
    // A label without a value is none.
    return labels.filter { !$0.value.isEmpty }
  }

  /// What Prometheus says behind `parsing YAML file prometheus.yml: `; nil where it loads the file.
  package var prometheusText: String? { Self.text(problems, areTypes: areTypeProblems, in: source) }

  static func text(_ problems: [ManifestProblem], areTypes: Bool, in source: ManifestSource) -> String? {
    guard let first = problems.first else { return nil }
    guard areTypes else { return first.diagnostic.message }
    let lines = problems.map { problem in
      let place = problem.diagnostic.range.flatMap { SourcePlace(offset: $0.start, in: source.bytes) }
      return "\n  line \(place?.line ?? 1): \(problem.diagnostic.message)"
    }
    return "yaml: unmarshal errors:" + lines.joined()
  }

  /// Problems, then remarks, with their places.
  package var findings: [ManifestFinding] {
    problems.map { ManifestFinding($0.diagnostic, in: source) }
      + remarks.map { ManifestFinding($0, in: source) }
  }
}

/// The jobs of a file of `scrape_config_files`.
package struct ScrapeConfigFileReading: Sendable {
  package private(set) var jobs: [ScrapeJob] = []
  package private(set) var findings: [ManifestFinding] = []
  /// Whether Prometheus refuses the file.
  package private(set) var isRefused = false

  /// - Parameters:
  ///   - global: what the jobs inherit.
  ///   - names: of jobs that there are already, each with where it was found: `main config file`.
  package init(_ source: ManifestSource, global: GlobalSection, names: [String: String]) {
    var reader = ConfigurationReader()
    do throws(ManifestProblem) {
      var composer = try YAMLComposer(checking: source.bytes, dialect: .configuration)
      if let root = try composer.nextDocument(), !root.isNull,
        var file: ScrapeConfigFile = try reader.section(root)
      {
        let place = file.places["scrape_configs"]
        try PrometheusConfiguration.complete(&file.jobs, at: place, from: global, earlier: names) {
          (job, taken) in
          let first = taken.isEmpty ? GoText.quoted(source.name) : taken
          return job.refusal(
            "found multiple scrape configs with job name \(GoText.quoted(job.name)), first found in \(first)",
            at: "job_name")
        }
        jobs = file.jobs.compactMap { $0 }
      }
      findings = reader.typeProblems.map { ManifestFinding($0.diagnostic, in: source) }
    } catch {
      findings = [ManifestFinding(error.diagnostic, in: source)]
    }
    isRefused = !findings.isEmpty
    if isRefused { jobs = [] }
    findings += reader.notDone.map { ManifestFinding($0, in: source) }
  }
}

/// Variables in a text, as Go's `os.Expand` replaces them: `$name`, `${name}`, `$1`, `$$`.
enum VariableText {
  static func expanded(_ text: String, _ value: (String) -> String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var position = 0
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "$"), position + 1 < bytes.count else {
        result.append(bytes[position])
        position += 1
        continue
      }
      let (name, length) = name(bytes[(position + 1)...])
      if let name {
        result += value(name).utf8
      } else if length == 0 {
        result.append(UInt8(ascii: "$"))
      }
      position += 1 + length
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// A name and how many bytes it takes; no name for what is left out, or for a dollar alone.
  private static func name(_ rest: ArraySlice<UInt8>) -> (name: String?, length: Int) {
    func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
    guard let first = rest.first else { return (nil, 0) }
    if first == UInt8(ascii: "{") {
      let inner = rest.dropFirst()
      if let special = inner.first, isSpecial(special), inner.dropFirst().first == UInt8(ascii: "}") {
        return (text(inner.prefix(1)), 3)
      }
      guard let close = inner.firstIndex(of: UInt8(ascii: "}")) else { return (nil, 1) }
      return close == inner.startIndex ? (nil, 2) : (text(inner[..<close]), close - rest.startIndex + 1)
    }
    if isSpecial(first) { return (text(rest.prefix(1)), 1) }
    let name = rest.prefix { $0 == UInt8(ascii: "_") || isAlphanumeric($0) }
    return name.isEmpty ? (nil, 0) : (text(name), name.count)
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    "*#$@!?-".utf8.contains(byte) || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
      || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
  }
}
