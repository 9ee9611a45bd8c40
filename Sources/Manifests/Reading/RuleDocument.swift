public import PromQL
import TimeSeries

/// A document that holds recording and alerting rules: where it is, not what is in it.
public struct RuleDocument: Sendable, Hashable {
  /// What it is written as.
  public enum Form: Sendable, Hashable {
    /// A rule file of Prometheus.
    case file
    /// A PrometheusRule of the Prometheus Operator.
    case resource
  }

  public var form: Form
  /// Which of the text's documents it is, from 0.
  public var number: Int
  public var source: ManifestSource
  /// Its bytes; nil where it was not read.
  public var range: SourceRange?

  public init(
    _ form: Form = .file, number: Int = 0, in source: ManifestSource, range: SourceRange? = nil
  ) {
    self.form = form
    self.number = number
    self.source = source
    self.range = range
  }
}

extension RuleDocument.Form {
  /// Tells by the keys of a document; nil for one that holds no rules.
  ///
  /// - Parameter isSearched: whether the document was found in a folder, so that only what cannot be
  ///   anything else counts; one that somebody named is a rule file by a key like `groups` alone.
  init?(_ document: ManifestNode.Mapping, isSearched: Bool) {
    if case .scalar(let kind)? = document["kind"]?.value.content {
      guard kind.bytes.elementsEqual("PrometheusRule".utf8) else { return nil }
      self = .resource
      return
    }
    guard document["apiVersion"] == nil, document["kind"] == nil else { return nil }
    let isRuleFile = document.entries.contains { entry in
      let isAlike =
        entry.key.utf8.elementsEqual("groups".utf8)
        || Spelling.nearest(to: entry.key.lowercased(), among: ["groups"]) != nil
      return isAlike && (!isSearched || Self.holdsRules(entry.value))
    }
    guard isRuleFile || (!isSearched && document.entries.contains { Self.isRules($0.value) }) else {
      return nil
    }
    self = .file
  }

  /// Whether it is a list one of whose items has `rules`.
  private static func holdsRules(_ node: ManifestNode) -> Bool {
    guard case .sequence(let items) = node.content else { return false }
    return items.contains { item in
      guard case .mapping(let group) = item.content else { return false }
      return group["rules"] != nil
    }
  }

  /// Whether it is a list of what looks like rules.
  private static func isRules(_ node: ManifestNode) -> Bool {
    guard case .sequence(let items) = node.content else { return false }
    return items.contains { item in
      guard case .mapping(let rule) = item.content else { return false }
      return rule["expr"] != nil && (rule["alert"] ?? rule["record"]) != nil
    }
  }
}

extension ManifestSource {
  /// Whether the text is a rule file, and not one of unit tests, which speaks of alerts as well.
  package var isRuleFile: Bool {
    guard var composer = try? YAMLComposer(checking: bytes, dialect: .prometheus),
      let node = try? composer.nextDocument(), case .mapping(let mapping) = node.content
    else { return false }
    return mapping["groups"] != nil && mapping["tests"] == nil && mapping["rule_files"] == nil
  }

  /// Whether the text is a rule file as far as its words tell: what is no YAML has no keys to tell by.
  ///
  /// - Parameter isSearched: see `RuleDocument.Form`.
  func resemblesRuleFile(isSearched: Bool) -> Bool {
    var hasGroups = false
    var words: Set<Substring> = []
    let lines = String(decoding: bytes, as: UTF8.self).unicodeScalars.split {
      "\r\n".unicodeScalars.contains($0)
    }
    for (number, line) in lines.enumerated() {
      let text = Substring(line)
      if text.hasPrefix("apiVersion:") || text.hasPrefix("kind:") { return false }
      // Unit tests speak of rules, too.
      if text.hasPrefix("tests:") { return false }
      let isIndented = number > 0 && (text.first == " " || text.first == "\t")
      let parts = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
      words.formUnion(parts)
      if !isIndented, parts.first == "groups" { hasGroups = true }
    }
    if words.contains("apiVersion") { return false }
    let hasRules = words.contains("expr") && (words.contains("alert") || words.contains("record"))
    return isSearched ? hasGroups && hasRules : words.contains("groups") || hasRules
  }
}
