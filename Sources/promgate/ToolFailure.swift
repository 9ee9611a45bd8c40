/// Why the tool could not do what it was asked: one message, exit status 2.
struct ToolFailure: Error, CustomStringConvertible {
  /// Where (file, line, column), the reason, and what to do.
  let description: String

  init(_ description: String) { self.description = description }
}
