/// A part of the language that Prometheus keeps behind a switch (promql.md §1). The raw value is the
/// name of Prometheus' flag, the last two being flags of former versions.
public enum LanguageFeature: String, Sendable, Hashable, CaseIterable {
  /// Experimental functions and aggregation operators.
  case experimentalFunctions = "promql-experimental-functions"
  /// Arithmetic in `[ ]` and after `offset`.
  case durationExpressions = "promql-duration-expr"
  /// `anchored` and `smoothed`.
  case extendedRangeSelectors = "promql-extended-range-selectors"
  /// `fill()`, `fill_left()`, `fill_right()`.
  case fillModifiers = "promql-binop-fill-modifiers"
  /// The `@` modifier.
  case atModifier = "promql-at-modifier"
  /// Offsets into the future.
  case negativeOffset = "promql-negative-offset"
}

/// The parts of the language that are switched on.
public typealias LanguageFeatures = Set<LanguageFeature>

extension Set where Element == LanguageFeature {
  /// Everything, which is the default everywhere.
  public static var all: LanguageFeatures { Set(LanguageFeature.allCases) }
}
