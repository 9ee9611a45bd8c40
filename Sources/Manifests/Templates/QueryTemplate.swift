public import PromQL

/// A query template: Go text/template with Flagger's functions (flagger.md §2).
public struct QueryTemplate: Sendable {
  /// What it was parsed from.
  public let source: ManifestText
  private let tree: TemplateTree

  /// The name that Flagger gives every template; messages begin with it.
  public static let defaultName = "tmpl"

  /// - Throws: a parsing error, or a limit (1 MiB, a hundred levels).
  public init(
    parsing source: ManifestText, name: String = QueryTemplate.defaultName
  ) throws(TemplateError) {
    self.source = source
    tree = try TemplateParser.parse(source.text, name: name, functions: FlaggerFunction.names)
  }

  /// The query for some values, as written and as sent.
  ///
  /// - Throws: an execution error, or a limit on steps, nested calls and bytes written.
  public func render(_ values: TemplateValues) throws(TemplateError) -> QueryText {
    let (text, map) = try TemplateExecution.run(tree, library: FlaggerFunction.library(values))
    return QueryText(template: source, rendered: text, renderedMap: map)
  }
}

extension BuiltInQuery {
  /// The query as Flagger would send it.
  ///
  /// - Throws: nothing in practice, since all values are texts; the engine's type says it may.
  public func render(_ values: TemplateValues) throws(TemplateError) -> QueryText {
    try QueryTemplate(parsing: ManifestText(template)).render(self.values(values))
  }
}

extension TemplateError {
  /// For the file that the template stands in, or for the template's own text when it was made by
  /// code.
  public func diagnostic(for template: ManifestText) -> Diagnostic {
    Diagnostic(
      code: "template-\(phase.rawValue)", severity: .error,
      range: template.fileRange(range) ?? range, message: description)
  }
}
