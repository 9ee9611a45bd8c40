/// What holds between several fields of a mapping: a rule that the CRD writes in CEL.
public enum CrossRule: Sendable, Hashable {
  /// A reference to a Service of the core group needs a port.
  case portOfService

  /// In CEL, over `self`.
  public var expression: String {
    switch self {
    case .portOfService: "self.group != '' || self.kind != 'Service' || has(self.port)"
    }
  }

  /// What a cluster answers where it does not hold.
  public var message: String {
    switch self {
    case .portOfService: "Must have port for Service reference"
    }
  }

  /// What is wrong with a mapping; nil where the rule holds.
  /// - Parameter text: the value of a key, defaults written in; nil when it has none, or no text.
  func problem(has: (String) -> Bool, text: (String) -> String?) -> String? {
    switch self {
    case .portOfService:
      guard text("group") == "", text("kind") == "Service", !has("port") else { return nil }
      return "needs the key port: it names a Service"
    }
  }
}
