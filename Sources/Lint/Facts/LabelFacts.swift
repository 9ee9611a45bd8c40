import PromQL
import TimeSeries

/// What is known of one label of the series of a result, without data.
public enum LabelPresence: Sendable, Hashable {
  /// No series has it.
  case absent
  /// Every series has it, with this value: it tells no two series apart.
  case fixed(String)
  /// Every series has it; values may differ.
  case certain
  /// Some series may have it.
  case possible

  /// What is known when series of both kinds stand together.
  func union(_ other: LabelPresence) -> LabelPresence {
    switch (self, other) {
    case (.absent, .absent): .absent
    case (.fixed(let one), .fixed(let two)) where one.utf8.elementsEqual(two.utf8): self
    case (.fixed, .fixed), (.fixed, .certain), (.certain, .fixed), (.certain, .certain): .certain
    case (.possible, _), (_, .possible), (.absent, _), (_, .absent): .possible
    }
  }

  /// What is known when both hold of the same series.
  func meet(_ other: LabelPresence) -> LabelPresence {
    switch (self, other) {
    case (.fixed, _), (.absent, _): self
    case (.certain, .absent), (.certain, .fixed), (.possible, _): other
    case (.certain, .certain), (.certain, .possible): self
    }
  }

  /// Whether all series agree on it.
  var tellsApart: Bool {
    switch self {
    case .absent, .fixed: false
    case .certain, .possible: true
    }
  }
}

/// What is known of the labels of the series of a result, without data: `__name__` is a label like others.
///
/// Sound: a label that is `.absent` is on no series, one that is `.certain` or `.fixed` on every one.
public struct LabelFacts: Sendable, Hashable {
  /// The labels that something is known of.
  public private(set) var known: [String: LabelPresence]
  /// Whether series may have labels besides.
  public private(set) var hasOthers: Bool
  /// Matchers that the values of labels satisfy, by label; a label that is not there counts as empty.
  private var conditions: [String: Set<LabelMatcher>] = [:]

  /// Series without any label.
  public static let none = LabelFacts(known: [:], hasOthers: false)
  /// Nothing is known.
  public static let any = LabelFacts(known: [:], hasOthers: true)

  init(
    known: [String: LabelPresence], hasOthers: Bool, conditions: [String: Set<LabelMatcher>] = [:]
  ) {
    self.known = known.filter { hasOthers || $0.value != .absent }
    self.hasOthers = hasOthers
    self.conditions = conditions
  }

  /// The name of a metric's label.
  public static let metricName = "__name__"

  /// What is known of a label.
  public subscript(label: String) -> LabelPresence {
    known[label] ?? (hasOthers ? .possible : .absent)
  }

  /// Whether no two series can differ in their labels, so that there is at most one.
  public var tellNothingApart: Bool { !hasOthers && known.values.allSatisfy { !$0.tellsApart } }

  /// The labels that may tell series apart and are known by name, in order.
  public var tellingApart: [String] {
    known.filter { $0.value.tellsApart && $0.key != Self.metricName }.keys.sorted()
  }

  /// All that is known of a label's value, as matchers; empty when nothing is.
  func conditions(of label: String) -> [LabelMatcher] {
    let own = conditions[label].map { $0.sorted { $0.description < $1.description } } ?? []
    switch self[label] {
    case .absent: return own.isEmpty ? [LabelMatcher(label, equals: "")] : own
    case .fixed(let value): return [LabelMatcher(label, equals: value)]
    case .certain:
      if own.contains(where: { !$0.acceptsEmpty }) { return own }
      return own + [try? LabelMatcher(label, .notEqual, "")].compactMap(\.self)
    case .possible: return own
    }
  }

  /// Whether a label is gone for good, and was not left out by a matcher such as `pod=""`.
  func lost(_ label: String) -> Bool {
    self[label] == .absent && conditions[label, default: []].isEmpty
  }

  /// Without some labels.
  func removing(_ labels: [String]) -> LabelFacts {
    var copy = self
    for label in labels {
      copy.known[label] = .absent
      copy.conditions[label] = nil
    }
    return LabelFacts(known: copy.known, hasOthers: hasOthers, conditions: copy.conditions)
  }

  /// Only some labels.
  func keeping(_ labels: [String]) -> LabelFacts {
    var kept: [String: LabelPresence] = [:]
    for label in labels { kept[label] = self[label] }
    return LabelFacts(
      known: kept, hasOthers: false, conditions: conditions.filter { labels.contains($0.key) })
  }

  /// With one label said anew.
  func setting(_ label: String, _ presence: LabelPresence) -> LabelFacts {
    var known = known
    known[label] = presence
    var conditions = conditions
    conditions[label] = nil
    return LabelFacts(known: known, hasOthers: hasOthers, conditions: conditions)
  }

  /// With one label as others have it.
  func copying(_ label: String, from other: LabelFacts) -> LabelFacts {
    var copy = setting(label, other[label])
    copy.conditions[label] = other.conditions[label]
    return copy
  }

  /// Of the series of both.
  func union(_ other: LabelFacts) -> LabelFacts {
    var known: [String: LabelPresence] = [:]
    for label in Set(self.known.keys).union(other.known.keys) {
      known[label] = self[label].union(other[label])
    }
    var common: [String: Set<LabelMatcher>] = [:]
    for (label, own) in conditions { common[label] = own.intersection(other.conditions[label] ?? []) }
    return LabelFacts(known: known, hasOthers: hasOthers || other.hasOthers, conditions: common)
  }

  /// Of those of the series that have the labels of others, where they meet by these.
  func agreeing(with other: LabelFacts, by matching: MatchLabels) -> LabelFacts {
    var known = known
    var conditions = conditions
    var hasOthers = hasOthers
    let shared: Set<String>
    switch matching {
    case .on(let names): shared = Set(names)
    case .ignoring(let names):
      let apart = Set(names).union([Self.metricName])
      shared = Set(known.keys).union(other.known.keys).subtracting(apart)
      if hasOthers, !other.hasOthers {
        // What the other side cannot have is on no series that finds a partner.
        for label in apart { known[label] = self[label] }
        hasOthers = false
      }
    }
    for label in shared {
      known[label] = self[label].meet(other[label])
      conditions[label, default: []].formUnion(other.conditions[label] ?? [])
    }
    return LabelFacts(known: known, hasOthers: hasOthers, conditions: conditions)
  }

  /// Without the metric's name, as most functions leave their series.
  var withoutName: LabelFacts { removing([Self.metricName]) }

  /// Of the series that some matchers select.
  init(matchers: [LabelMatcher]) { self = LabelFacts.any.narrowed(by: matchers) }

  /// Of those of the series that some matchers select. What a matcher asks for is believed: that it asks for
  /// what is never there is said elsewhere.
  func narrowed(by matchers: [LabelMatcher]) -> LabelFacts {
    var known = known
    var conditions = conditions
    for matcher in matchers {
      let presence = Self.presence(matcher)
      let isAskedInVain = self[matcher.name] == .absent && !matcher.acceptsEmpty
      known[matcher.name] =
        isAskedInVain ? presence : (known[matcher.name] ?? self[matcher.name]).meet(presence)
      conditions[matcher.name, default: []].insert(matcher)
    }
    return LabelFacts(known: known, hasOthers: hasOthers, conditions: conditions)
  }

  private static func presence(_ matcher: LabelMatcher) -> LabelPresence {
    switch matcher.operation {
    case .equal: matcher.value.isEmpty ? .absent : .fixed(matcher.value)
    case .notEqual: matcher.value.isEmpty ? .certain : .possible
    case .matches, .matchesNot:
      if matcher.operation == .matches, let only = matcher.pattern?.literals, only.count == 1 {
        only[0].isEmpty ? .absent : .fixed(String(decoding: only[0], as: UTF8.self))
      } else {
        matcher.acceptsEmpty ? .possible : .certain
      }
    }
  }
}
