import TimeSeries

/// The regular expressions of the CRD.
public enum TextPattern: Sendable, Hashable, CaseIterable {
  /// Not anchored at its end: `1m`, `90s`, but `60sfoo` and `500ms` too.
  case durationStart
  /// `gateway.networking.k8s.io`, or nothing for the core group.
  case group
  case subdomain
  /// `infra`
  case label
  /// `Gateway`
  case kind

  /// In the syntax of RE2, as the CRD has it.
  public var expression: String {
    switch self {
    case .durationStart: "^[0-9]+(m|s)"
    case .group: "^$|" + Self.subdomain.expression
    case .subdomain: #"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#
    case .label: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
    case .kind: "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"
    }
  }

  /// What it asks for, in words.
  var words: String {
    switch self {
    case .durationStart: "a number of minutes or seconds such as 1m or 30s"
    case .group: "an API group such as gateway.networking.k8s.io, or empty"
    case .subdomain: "small letters, digits, hyphens and dots, such as web.example"
    case .label: "small letters, digits and hyphens, such as web-1"
    case .kind: "a kind such as Service"
    }
  }

  func matches(_ bytes: [UInt8]) -> Bool { Self.compiled[self]?.matchesPart(bytes[...]) ?? false }

  private static let compiled: [TextPattern: RE2] = {
    var patterns: [TextPattern: RE2] = [:]
    for pattern in allCases { patterns[pattern] = try? RE2(pattern.expression) }
    return patterns
  }()
}
