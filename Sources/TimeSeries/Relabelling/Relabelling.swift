/// Rules of relabelling, compiled once, as a pure function over labels (config.md §7).
///
/// A rule costs a look at its source labels, and one pass of its pattern; patterns that are literals,
/// prefixes or suffixes are compared without RE2. Who relabels the same series again and again remembers
/// what came out.
public struct Relabelling: Sendable {
  private let steps: [RelabelStep]

  /// Compiles rules, in order. Throws what is wrong with a pattern, in Prometheus' words; what else
  /// Prometheus refuses is `RelabelRule.problem`.
  public init(_ rules: [RelabelRule]) throws(LabelPattern.Problem) {
    var steps: [RelabelStep] = []
    for rule in rules { steps.append(try RelabelStep(rule)) }
    self.steps = steps
  }

  /// Whether there are no rules, so that everything stays as it is.
  public var isEmpty: Bool { steps.isEmpty }

  /// Applies the rules to labels; false where one of them drops the whole, after which no more are applied.
  public func apply(to labels: inout LabelsBuilder) -> Bool {
    for step in steps where !step.apply(to: &labels) { return false }
    return true
  }

  /// The labels that come out; nil where a rule drops the whole.
  public func labels(from labels: Labels) -> Labels? {
    guard !steps.isEmpty else { return labels }
    var builder = LabelsBuilder(labels)
    return apply(to: &builder) ? builder.labels() : nil
  }
}

/// One rule, ready to be applied.
private struct RelabelStep: Sendable {
  private let action: RelabelRule.Action
  private let sources: [[UInt8]]
  private let separator: [UInt8]
  private let pattern: RelabelPattern
  private let target: ReplacementText
  private let targetName: [UInt8]
  private let replacement: ReplacementText
  private let modulus: UInt64
  private let hasLegacyNames: Bool
  /// Written where the source is empty, without a look at the pattern; nil where that needs the pattern.
  private let constant: [UInt8]?

  init(_ rule: RelabelRule) throws(LabelPattern.Problem) {
    action = rule.action
    sources = (rule.sourceLabels ?? []).map { Array($0.utf8) }
    separator = Array(rule.separator.utf8)
    pattern = try RelabelPattern(rule.regex ?? RelabelRule.defaultRegex)
    targetName = Array(rule.targetLabel.utf8)
    let replaced = Array(rule.replacement.utf8)
    target = ReplacementText(targetName, pattern.expression)
    replacement = ReplacementText(replaced, pattern.expression)
    modulus = rule.modulus
    hasLegacyNames = rule.hasLegacyNames
    let dollar = UInt8(ascii: "$")
    let isConstant = rule.regex == nil && !targetName.contains(dollar) && !replaced.contains(dollar)
    constant = isConstant ? replaced : nil
  }

  /// False where the rule drops the whole.
  func apply(to labels: inout LabelsBuilder) -> Bool {
    switch action {
    case .keep: return pattern.matches(source(in: labels))
    case .drop: return !pattern.matches(source(in: labels))
    case .keepequal: return labels.value(of: targetName) == source(in: labels)
    case .dropequal: return labels.value(of: targetName) != source(in: labels)
    case .replace: replace(in: &labels)
    case .lowercase: labels.set(targetName, CaseText.lower(source(in: labels)))
    case .uppercase: labels.set(targetName, CaseText.upper(source(in: labels)))
    case .hashmod:
      let hash = MD5.lastHalf(of: source(in: labels))
      labels.set(targetName, Array(String(modulus == 0 ? hash : hash % modulus).utf8))
    case .labelmap:
      let before = labels
      for name in before.names {
        guard let groups = pattern.groups(name) else { continue }
        labels.set(replacement.expand(name, groups), before.value(of: name))
      }
    case .labeldrop: for name in labels.names where pattern.matches(name) { labels.set(name, []) }
    case .labelkeep: for name in labels.names where !pattern.matches(name) { labels.set(name, []) }
    }
    return true
  }

  private func source(in labels: LabelsBuilder) -> [UInt8] {
    guard let first = sources.first else { return [] }
    var value = labels.value(of: first)
    for name in sources.dropFirst() {
      value += separator
      value += labels.value(of: name)
    }
    return value
  }

  private func replace(in labels: inout LabelsBuilder) {
    let value = source(in: labels)
    if let constant, value.isEmpty { return labels.set(targetName, constant) }
    guard let groups = pattern.groups(value) else { return }
    let name = target.expand(value, groups)
    guard hasLegacyNames ? LabelName.isLegacy(name) : LabelName.isValid(name) else { return }
    labels.set(name, replacement.expand(value, groups))
  }
}

/// The pattern of a rule: `^(?s:REGEX)$`.
private struct RelabelPattern: Sendable {
  /// The whole, for its groups.
  let expression: RE2
  /// The same without groups, with the forms that need no engine; nil where RE2 decides.
  private let plain: LabelPattern?
  private let isEverything: Bool

  init(_ source: String) throws(LabelPattern.Problem) {
    expression = try RE2("^(?s:\(source))$")
    isEverything = source.utf8.elementsEqual(RelabelRule.defaultRegex.utf8)
    // What only the whole makes a pattern, such as `a)(b`, is none alone.
    let pattern = try? LabelPattern(source)
    plain = pattern.flatMap { $0.needsEngine ? nil : $0 }
  }

  func matches(_ value: [UInt8]) -> Bool {
    if isEverything { return true }
    return plain?.matches(value[...]) ?? expression.matchesWhole(value[...])
  }

  /// The groups of a match, the whole first; nil where the value does not match.
  func groups(_ value: [UInt8]) -> [Range<Int>?]? {
    if isEverything { return [0..<value.count, 0..<value.count] }
    guard let plain else { return expression.captures(value) }
    return plain.matches(value[...]) ? [0..<value.count] : nil
  }
}
