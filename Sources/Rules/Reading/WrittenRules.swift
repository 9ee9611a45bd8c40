package import Manifests
package import PromQL

/// A group as it stands in its file: all ranges are bytes of it.
package struct WrittenGroup: Sendable {
  /// What it means, with the rules of `rules`.
  package var group: RuleGroup
  package var range: SourceRange
  /// Of the name's value.
  package var name: SourceRange
  /// Of the interval's value; nil where none is written.
  package var interval: SourceRange?
  /// Those that it puts on every rule.
  package var labels: [WrittenText]
  /// The sound ones, in order.
  package var rules: [WrittenRule] = [] {
    didSet { group.rules = rules.map(\.rule) }
  }
}

/// A rule as it stands in its file.
package struct WrittenRule: Sendable {
  /// What it means.
  package var rule: RuleDefinition
  package var range: SourceRange
  /// Of the value of `alert` or `record`.
  package var name: SourceRange
  package var expression: ManifestText
  /// Its own, without those of the group.
  package var labels: [WrittenText]
  package var annotations: [WrittenText]
  /// Of the value of `for`; nil where none is written.
  package var holdDuration: SourceRange?
  /// Of the value of `keep_firing_for`; nil where none is written.
  package var keepFiringFor: SourceRange?
}

/// A label or annotation as it stands in its file.
package struct WrittenText: Sendable {
  package var name: String
  package var nameRange: SourceRange
  package var text: ManifestText
  /// Whether the value is a text, which base 64 need not be.
  package var isUTF8: Bool

  var named: NamedText { NamedText(name: name, text: text.text) }

  /// The file's bytes of a part of the template that the text is.
  package func fileRange(_ inTemplate: SourceRange) -> SourceRange? {
    let prefix = RuleTemplate.prefix.utf8.count
    return text.fileRange(SourceRange(max(0, inTemplate.start - prefix), max(0, inTemplate.end - prefix)))
  }
}
