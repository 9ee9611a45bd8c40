public import Manifests
public import PromQL
import TimeSeries

/// What the reading of a rule file found: the groups with what is sound in them, and all there is to say.
///
/// The one reader of rules: of Prometheus' rule files as Prometheus loads them (`promtool check rules`), and
/// of PrometheusRule resources as a cluster and the operator take them.
public struct RuleReading: Sendable {
  /// In the order of the file, without the rules that are broken.
  public var groups: [RuleGroup] { written.map(\.group) }
  /// As `groups`, with the places of what was written.
  package internal(set) var written: [WrittenGroup] = []
  /// Errors, in the order of the file; Prometheus' words where it has any (config.md §9.1).
  public private(set) var findings: [ManifestFinding] = []

  /// Who is to load the rules.
  public enum Reader: Sendable, Hashable {
    /// Prometheus, with these parts of the language.
    case prometheus(LanguageFeatures)
    /// VictoriaMetrics' vmalert: it has keys of its own, and expressions that are not for us to parse.
    case vmalert
  }

  let source: ManifestSource
  let form: RuleDocument.Form
  let reader: Reader
  private let ignoresUnknownKeys: Bool

  /// Reads the first document of a text, as Prometheus does; an empty one has no groups.
  public init(_ source: ManifestSource) { self.init(RuleDocument(in: source)) }

  /// Reads a document.
  ///
  /// - Parameter ignoresUnknownKeys: whether keys that rules do not have are passed over.
  public init(
    _ document: RuleDocument, for reader: Reader = .prometheus(.all),
    ignoringUnknownKeys ignoresUnknownKeys: Bool = false
  ) {
    source = document.source
    form = document.form
    self.reader = reader
    self.ignoresUnknownKeys = ignoresUnknownKeys
    do throws(ManifestProblem) {
      guard let root = try Self.root(of: document) else { return }
      switch form {
      case .file: try read(groupsOf: root)
      case .resource:
        guard case .mapping(let resource) = root.content, let spec = resource["spec"] else { return }
        try read(groupsOf: spec.value)
      }
    } catch { report(error.refused(by: form)) }
  }

  private static func root(of document: RuleDocument) throws(ManifestProblem) -> ManifestNode? {
    let bytes = document.source.bytes
    switch document.form {
    case .file: try YAMLComposer.checkVersion(bytes)
    case .resource: break
    }
    var composer = try YAMLComposer(
      checking: bytes, dialect: document.form == .file ? .prometheus : .kubernetes)
    for _ in 0..<document.number { _ = try composer.nextDocument() }
    let root = try composer.nextDocument()
    guard let root, document.form == .resource, let range = document.range else { return root }
    return item(at: range, of: root)
  }

  /// A resource stands alone, or among the items of a list.
  private static func item(at range: SourceRange, of node: ManifestNode) -> ManifestNode? {
    if node.range == range { return node }
    guard case .mapping(let list) = node.content, case .sequence(let items)? = list["items"]?.value.content
    else { return nil }
    for item in items {
      if let found = self.item(at: range, of: item) { return found }
    }
    return nil
  }

  private mutating func read(groupsOf node: ManifestNode) throws(ManifestProblem) {
    guard let file = mapping(node, "a rule file", "rulefmt.RuleGroups", keys: ["groups"]) else { return }
    for node in try file.items("groups", type: "[]rulefmt.RuleGroup") where !node.isNull { read(group: node) }
  }

  // What the parts of the reading share.

  /// Problems of one file, after which no more are told.
  private static let maximumFindings = 100

  mutating func report(_ problem: ManifestProblem) {
    guard findings.count < Self.maximumFindings else { return }
    findings.append(ManifestFinding(problem.diagnostic, in: source))
  }

  mutating func report(_ message: String, at range: SourceRange) {
    report(ManifestProblem(ManifestCode.rule, message, at: range))
  }

  /// What a part of the reading yields; nil after its problem was reported.
  mutating func sound<Value>(_ read: () throws(ManifestProblem) -> Value) -> Value? {
    do { return try read() } catch {
      report(error)
      return nil
    }
  }

  /// A mapping; the keys that it may not have are reported. Nil after it was reported that it is none.
  mutating func mapping(
    _ node: ManifestNode, _ what: String, _ type: String, keys: [String]
  ) -> StrictMapping? {
    let words: StrictMapping.Words =
      switch form {
      case .file: .prometheus(type: type)
      case .resource: .resource
      }
    let fields = sound { () throws(ManifestProblem) in
      try StrictMapping(node, what, keys: keys, words: words)
    }
    if !ignoresUnknownKeys { for problem in fields?.unknownKeys ?? [] { report(problem) } }
    return fields
  }
}

extension ManifestProblem {
  /// What cannot be read as YAML is refused by Prometheus like the rest; a cluster has its own readers.
  fileprivate func refused(by form: RuleDocument.Form) -> ManifestProblem {
    switch (form, diagnostic.code) {
    case (.file, ManifestCode.yaml), (.file, ManifestCode.duplicateKey):
      var copy = self
      copy.diagnostic.code = ManifestCode.rule
      return copy
    case (.file, _), (.resource, _): return self
    }
  }
}
