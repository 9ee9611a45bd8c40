package import PromQL

/// Where a section and the values of its keys stand in the text. All places are equal: what is written
/// elsewhere is the same configuration.
package struct SectionPlaces: Sendable, Hashable {
  /// Of the whole section; nil for one that nobody wrote.
  package var range: SourceRange?
  private var values: [String: SourceRange] = [:]

  package init() {}

  /// Of the value of a key; nil where it is not written.
  package subscript(key: String) -> SourceRange? {
    get { values[key] }
    set { values[key] = newValue }
  }

  package static func == (lhs: SectionPlaces, rhs: SectionPlaces) -> Bool { true }

  package func hash(into hasher: inout Hasher) {}
}
