public import PromQL
public import TimeSeries

/// What the linter is told besides the manifests.
public struct LintOptions: Sendable {
  /// Flagger's -mesh-provider, for a canary that names no provider.
  public var meshProvider = "istio"
  /// Milliseconds between two scrapes of a target; nil when unknown.
  public var scrapeInterval: Int64?
  /// The version of the server that is asked, as major and minor.
  public var prometheusVersion: PrometheusVersion?
  /// Whether VictoriaMetrics answers the queries.
  public var isVictoriaMetrics = false
  /// What the server has switched on by --enable-feature.
  public var features: LanguageFeatures = []
  /// Labels and annotations that every alert must have.
  public var requiredAlertLabels: [String] = []
  public var requiredAlertAnnotations: [String] = []
  /// Today, in days since the epoch, for suppressions that end.
  public var today: Int64 = 0

  public init() {}

  /// The flags of `promgate lint` that say what is not as usual.
  var flags: [String] {
    var flags: [String] = []
    if meshProvider != LintOptions().meshProvider { flags.append("--mesh-provider \(meshProvider)") }
    if let scrapeInterval {
      flags.append("--scrape-interval \(DurationText.text(milliseconds: scrapeInterval))")
    }
    if let prometheusVersion {
      flags.append("--prometheus-version \(prometheusVersion.major).\(prometheusVersion.minor)")
    }
    if isVictoriaMetrics { flags.append("--backend victoriametrics") }
    if !features.isEmpty {
      let names = features.map(\.rawValue).sorted()
      flags.append("--enable-feature \(names.joined(separator: ","))")
    }
    flags += requiredAlertLabels.map { "--require-alert-label \($0)" }
    flags += requiredAlertAnnotations.map { "--require-alert-annotation \($0)" }
    return flags
  }

  /// The parts of the language that the server reads: duration expressions are everybody's since 3.14.
  var languageFeatures: LanguageFeatures {
    var all = features.union([.atModifier, .negativeOffset])
    if prometheusVersion.map({ $0 >= PrometheusVersion(major: 3, minor: 14) }) ?? true {
      all.insert(.durationExpressions)
    }
    return all
  }
}

/// `3.5` of Prometheus.
public struct PrometheusVersion: Sendable, Hashable, Comparable {
  public var major: Int
  public var minor: Int

  public init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// `3.5`, `v2.53.1`; nil for what is no version.
  public init?(_ text: String) {
    let parts = text.drop { $0 == "v" }.split(separator: ".").map { Int($0) }
    guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
    self.init(major: major, minor: minor)
  }

  public static func < (lhs: PrometheusVersion, rhs: PrometheusVersion) -> Bool {
    (lhs.major, lhs.minor) < (rhs.major, rhs.minor)
  }
}

/// What a recording knows of real series, for the rules that can use it.
public struct LintData: Sendable {
  /// The types that an exposition declares.
  public enum DeclaredType: String, Sendable, Hashable {
    case counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown
  }

  /// The series themselves; read where a rule has to see what a query yields.
  public var source: any SeriesSource
  /// By family name, without `_total`, `_bucket` and the like.
  public var types: [String: DeclaredType]
  /// When queries are evaluated, milliseconds: the newest sample.
  public var time: Int64
  /// Whether this is what one target exposes, once: without the labels that a scrape adds, and nothing
  /// to take a rate of.
  public var isExposition: Bool

  public init(
    source: any SeriesSource, types: [String: DeclaredType] = [:], time: Int64, isExposition: Bool = false
  ) {
    self.source = source
    self.types = types
    self.time = time
    self.isExposition = isExposition
  }
}
