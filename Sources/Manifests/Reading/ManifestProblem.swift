package import PromQL

/// Stops the reading of a document.
package struct ManifestProblem: Error {
  package var diagnostic: Diagnostic

  package init(_ diagnostic: Diagnostic) { self.diagnostic = diagnostic }

  package init(_ code: String, _ message: String, at range: SourceRange?) {
    diagnostic = Diagnostic(code: code, severity: .error, range: range, message: message)
  }
}

/// The codes of this module's diagnostics.
public enum ManifestCode {
  /// A file cannot be read at all.
  public static let file = "manifest-file"
  /// The text is no YAML.
  public static let yaml = "manifest-yaml"
  /// The text is too large or too deep.
  public static let limit = "manifest-limit"
  public static let duplicateKey = "manifest-duplicate-key"
  /// A document is no resource, or of a kind or version that Flagger does not have.
  public static let kind = "manifest-kind"
  /// A key that the schema does not know: an error where a rollout goes another way without it.
  public static let unknownKey = "manifest-unknown-key"
  /// A key without a value, which a cluster takes for no key.
  public static let emptyValue = "manifest-empty-value"
  public static let missingKey = "manifest-missing-key"
  /// A value of the wrong type.
  public static let type = "manifest-type"
  /// A value of the right type that is not allowed.
  public static let value = "manifest-value"
  /// Keys that exclude each other.
  public static let exclusiveKeys = "manifest-exclusive-keys"
  /// What Flagger's controller refuses beyond the schema.
  public static let refused = "manifest-refused"
  /// The same resource, or the same target, twice.
  public static let duplicateResource = "manifest-duplicate-resource"
  /// What Prometheus refuses to load of a rule file.
  public static let rule = "rule"
}
