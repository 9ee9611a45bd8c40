public import PromQL

/// A value that somebody wrote, and where.
public struct Located<Value: Sendable>: Sendable {
  public var value: Value
  /// The value's bytes in the text of its resource's `ManifestSource`; nil for a value that was made
  /// by code.
  public var range: SourceRange?

  public init(_ value: Value, at range: SourceRange? = nil) {
    self.value = value
    self.range = range
  }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

/// The text that a manifest was read from. Copies share the bytes.
public struct ManifestSource: Sendable, Hashable {
  /// What to call it in front of a place: the file's path as given, `-` for standard input.
  public var name: String
  /// The whole text, all its documents; the byte offsets of every range count from its start.
  public let bytes: [UInt8]
  /// Where its lines begin.
  public let lines: SourceLines

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    lines = SourceLines(bytes)
  }

  // The bytes say where lines begin.
  public static func == (a: ManifestSource, b: ManifestSource) -> Bool {
    a.name == b.name && a.bytes == b.bytes
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(bytes)
  }
}

/// A diagnostic together with the text that it is about.
public struct ManifestFinding: Sendable, Hashable {
  public var source: ManifestSource
  public var diagnostic: Diagnostic

  public init(_ diagnostic: Diagnostic, in source: ManifestSource) {
    self.source = source
    self.diagnostic = diagnostic
  }

  /// File, line, column, severity, message, and the line with carets.
  public func rendered(usesColor: Bool = false) -> String {
    DiagnosticRenderer(name: source.name, usesColor: usesColor).render(diagnostic, in: source.bytes)
  }
}
