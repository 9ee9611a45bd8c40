/// A rule of relabelling as somebody wrote it (config.md §7).
public struct RelabelRule: Sendable, Hashable {
  public enum Action: String, Sendable, Hashable, CaseIterable {
    case replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase,
      uppercase
  }

  public var action = Action.replace
  /// Whose values are joined; nil where none are written, which some actions tell from an empty list.
  public var sourceLabels: [String]?
  public var separator = Self.defaultSeparator
  /// RE2's syntax, for the whole of the value; nil stands for `(.*)`, which some actions tell from the same
  /// text written out.
  public var regex: String?
  /// 0 for none.
  public var modulus: UInt64 = 0
  /// A template for `replace`, else a name.
  public var targetLabel = ""
  public var replacement = Self.defaultReplacement
  /// Whether names are of letters, digits and `_` only (`metric_name_validation_scheme: legacy`).
  public var hasLegacyNames = false

  /// Prometheus' defaults: `replace` without a target label, which is no valid rule yet.
  public init() {}

  static let defaultSeparator = ";"
  static let defaultReplacement = "$1"
  static let defaultRegex = "(.*)"

  /// What Prometheus refuses of a rule, and the field that it is about.
  public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// In Prometheus' words.
    public var description: String
    /// As the configuration calls it: `target_label`.
    public var field: String
  }

  /// The first thing that Prometheus refuses of the rule, a pattern that cannot be read left aside.
  public var problem: Problem? {
    if action == .hashmod, modulus == 0 {
      return Problem(
        description: "relabel configuration for hashmod requires non-zero modulus", field: "modulus")
    }
    if action.wantsTarget {
      if targetLabel.isEmpty {
        return Problem(
          description: "relabel configuration for \(action) action requires 'target_label' value",
          field: "target_label")
      }
    }
    switch action {
    case .replace:
      let isTemplate = targetLabel.utf8.contains(UInt8(ascii: "$"))
      if isTemplate ? !isNameTemplate(targetLabel) : !isName(targetLabel) { return invalidTarget }
    case .lowercase, .uppercase, .keepequal, .dropequal:
      if !isName(targetLabel) { return invalidTarget }
      if !replacement.utf8.elementsEqual(Self.defaultReplacement.utf8) {
        return Problem(
          description: "'replacement' can not be set for \(action) action", field: "replacement")
      }
    case .labelmap:
      if !isNameTemplate(replacement) {
        return Problem(
          description: "\(GoText.quoted(replacement)) is invalid 'replacement' for \(action) action",
          field: "replacement")
      }
    case .hashmod:
      if !isName(targetLabel) { return invalidTarget }
    case .keep, .drop, .labeldrop, .labelkeep: break
    }
    return unusedFields
  }

  private var unusedFields: Problem? {
    let others: [(field: String, isSet: Bool)] = [
      ("modulus", modulus != 0), ("separator", !separator.utf8.elementsEqual(Self.defaultSeparator.utf8)),
      ("replacement", !replacement.utf8.elementsEqual(Self.defaultReplacement.utf8)),
    ]
    switch action {
    case .keepequal, .dropequal:
      guard let found = ([("regex", regex != nil)] + others).first(where: \.isSet) else { return nil }
      return Problem(
        description:
          "\(action) action requires only 'source_labels' and `target_label`, and no other fields",
        field: found.field)
    case .labeldrop, .labelkeep:
      let wrong = [("source_labels", sourceLabels != nil), ("target_label", !targetLabel.isEmpty)] + others
      guard let found = wrong.first(where: \.isSet) else { return nil }
      return Problem(
        description: "\(action) action requires only 'regex', and no other fields", field: found.field)
    case .replace, .keep, .drop, .hashmod, .labelmap, .lowercase, .uppercase: return nil
    }
  }

  private var invalidTarget: Problem {
    Problem(
      description: "\(GoText.quoted(targetLabel)) is invalid 'target_label' for \(action) action",
      field: "target_label")
  }

  func isName(_ name: String) -> Bool {
    hasLegacyNames ? LabelName.isLegacy(Array(name.utf8)) : LabelName.isValid(Array(name.utf8))
  }

  /// Names of all Unicode may hold dollars and braces themselves.
  private func isNameTemplate(_ text: String) -> Bool {
    hasLegacyNames ? Self.legacyTemplate?.matchesWhole(Array(text.utf8)[...]) ?? false : isName(text)
  }

  private static let legacyTemplate = try? RE2(#"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+"#)
}

extension RelabelRule.Action {
  /// Whether the action writes or compares a label.
  fileprivate var wantsTarget: Bool {
    switch self {
    case .replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal: true
    case .keep, .drop, .labelmap, .labeldrop, .labelkeep: false
    }
  }
}
