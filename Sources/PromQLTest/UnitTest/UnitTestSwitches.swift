public import PromQL

/// What promtool's flags switch for unit tests: as it stands without any of them, until something is
/// enabled.
public struct UnitTestSwitches: Sendable, Hashable {
  /// The parts of the language that rules and expressions may use.
  public var features: LanguageFeatures = [.atModifier, .negativeOffset, .durationExpressions]
  /// Names go at the very end instead of at each function.
  public var delaysNameRemoval = false
  /// Unknown keys of rule files are passed over; those of the tests themselves never are.
  public var ignoresUnknownRuleKeys = false

  /// promtool without flags.
  public init() {}

  /// Turns on what a list names, with commas between, as `--enable-feature` takes it.
  ///
  /// - Returns: the names that mean nothing to promtool.
  public mutating func enable(_ list: String) -> [String] {
    var unknown: [String] = []
    for name in list.split(separator: ",").map(String.init) {
      if let feature = LanguageFeature(rawValue: name) {
        features.insert(feature)
      } else if name == "promql-delayed-name-removal" {
        delaysNameRemoval = true
      } else {
        unknown.append(name)
      }
    }
    return unknown
  }
}
