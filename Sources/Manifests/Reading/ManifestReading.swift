import PromQL

/// What a reading of manifests found: the resources that are sound, and all there is to say.
public struct ManifestReading: Sendable {
  public var set = ManifestSet()
  /// What was found before all documents were there.
  var found: [ManifestFinding] = []
  /// Keys that were lost, and may matter to queries of other documents.
  private var lostKeys: [(source: ManifestSource, key: LostKey)] = []
  /// The texts read, in order.
  public var sources: [ManifestSource] = []
  /// Documents of other kinds (Deployments, …), which Flagger's analysis does not look at.
  public var skippedCount = 0
  /// Queries of analysis templates, in order.
  public var foreignQueries: [ForeignQuery] = []
  /// Documents that hold rules, in order; what is in them is for Rules to say.
  public var ruleDocuments: [RuleDocument] = []

  public init() {}

  /// In the order of the sources and of their documents. A lost key whose metric's query reads what it was
  /// meant to set is an error; to know that costs two renderings a key.
  public var findings: [ManifestFinding] {
    var findings = found
    for (source, lost) in lostKeys where set.changes(by: lost, in: source) {
      let index = findings.firstIndex {
        $0.source.name == source.name && $0.diagnostic.range == lost.range
          && $0.diagnostic.code == ManifestCode.unknownKey
      }
      if let index { lost.escalate(&findings[index].diagnostic) }
    }
    return findings
  }

  /// Whether something could not be read, so that the set is not what its author meant.
  public var hasErrors: Bool { findings.contains { $0.diagnostic.severity == .error } }

  public var errors: [ManifestFinding] { findings.filter { $0.diagnostic.severity == .error } }

  /// Appends what another reading found.
  public mutating func add(_ other: ManifestReading) {
    set.canaries += other.set.canaries
    set.templates += other.set.templates
    set.alertProviders += other.set.alertProviders
    found += other.found
    lostKeys += other.lostKeys
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
    found = reader.diagnostics.map { ManifestFinding($0, in: source) }
    lostKeys = reader.lostKeys.map { (source, $0) }
  }

  /// Reads the documents of a text that is at hand.
  public init(reading text: String, name: String = "manifest.yaml") {
    self.init(reading: ManifestSource(name: name, bytes: Array(text.utf8)))
  }
}
