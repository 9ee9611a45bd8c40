import PromQL

/// A text with Go's text/template in it, for whoever brings functions of their own.
package struct TextTemplate: Sendable {
  let tree: TemplateTree

  init(tree: TemplateTree) { self.tree = tree }

  /// - Parameter functions: the names that may be called beyond Go's own.
  /// - Throws: a parsing error in Go's words, or a limit (1 MiB, a hundred levels).
  package init(parsing text: String, name: String, functions: Set<String>) throws(TemplateError) {
    tree = try TemplateParser.parse(text, name: name, functions: functions)
  }

  /// - Throws: an execution error in Go's words, or a limit on steps, nested calls and bytes written.
  package func render(library: TemplateLibrary, dot: TemplateValue) throws(TemplateError) -> String {
    try TemplateExecution.run(tree, library: library, dot: dot).text
  }

  /// `printf`'s text for a format and a number, as templates have it.
  package static func formatted(_ format: String, _ number: Double) -> String {
    guard let bytes = try? GoFormat.printf(Array(format.utf8), [.float(number)]) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A text as Go's `url.QueryEscape` writes it.
  package static func queryEscaped(_ text: [UInt8]) -> String {
    String(decoding: TemplateEscape.query(text), as: UTF8.self)
  }
}
