import PromQL

/// What a reading of manifests found: the resources that are sound, and all there is to say.
public struct ManifestReading: Sendable {
  public var set = ManifestSet()
  /// In the order of the sources and of their documents.
  public var findings: [ManifestFinding] = []
  /// The texts read, in order.
  public var sources: [ManifestSource] = []
  /// Documents of other kinds (Deployments, …), which Flagger's analysis does not look at.
  public var skippedCount = 0
  /// Queries of analysis templates, in order.
  public var foreignQueries: [ForeignQuery] = []
  /// Documents that hold rules, in order; what is in them is for Rules to say.
  public var ruleDocuments: [RuleDocument] = []

  public init() {}

  /// Whether something could not be read, so that the set is not what its author meant.
  public var hasErrors: Bool { findings.contains { $0.diagnostic.severity == .error } }

  public var errors: [ManifestFinding] { findings.filter { $0.diagnostic.severity == .error } }

  /// Appends what another reading found.
  public mutating func add(_ other: ManifestReading) {
    set.canaries += other.set.canaries
    set.templates += other.set.templates
    set.alertProviders += other.set.alertProviders
    findings += other.findings
    sources += other.sources
    skippedCount += other.skippedCount
    foreignQueries += other.foreignQueries
    ruleDocuments += other.ruleDocuments
  }
}

extension ManifestReading {
  /// Reads the documents of one text.
  ///
  /// - Parameter skipsForeign: whether documents that are no Kubernetes resources at all are skipped,
  ///   as suits files that were found in a folder, rather than an error.
  public init(reading source: ManifestSource, skipsForeign: Bool = false) {
    sources = [source]
    var reader = DocumentReader(source: source, skipsForeign: skipsForeign)
    reader.read()
    set = reader.set
    skippedCount = reader.skippedCount
    foreignQueries = reader.foreignQueries.found
    ruleDocuments = reader.ruleDocuments
    findings = reader.diagnostics.map { ManifestFinding($0, in: source) }
  }

  /// Reads the documents of a text that is at hand.
  public init(reading text: String, name: String = "manifest.yaml") {
    self.init(reading: ManifestSource(name: name, bytes: Array(text.utf8)))
  }
}
