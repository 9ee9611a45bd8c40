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

  /// Series without any label.
  public static let none = LabelFacts(known: [:], hasOthers: false)
  /// Nothing is known.
  public static let any = LabelFacts(known: [:], hasOthers: true)

  init(known: [String: LabelPresence], hasOthers: Bool) {
    self.known = known.filter { hasOthers || $0.value != .absent }
    self.hasOthers = hasOthers
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

  /// Without some labels.
  func removing(_ labels: [String]) -> LabelFacts {
    var known = known
    for label in labels { known[label] = .absent }
    return LabelFacts(known: known, hasOthers: hasOthers)
  }

  /// Only some labels.
  func keeping(_ labels: [String]) -> LabelFacts {
    var kept: [String: LabelPresence] = [:]
    for label in labels { kept[label] = self[label] }
    return LabelFacts(known: kept, hasOthers: false)
  }

  /// With one label said anew.
  func setting(_ label: String, _ presence: LabelPresence) -> LabelFacts {
    var known = known
    known[label] = presence
    return LabelFacts(known: known, hasOthers: hasOthers)
  }

  /// Of the series of both.
  func union(_ other: LabelFacts) -> LabelFacts {
    var known: [String: LabelPresence] = [:]
    for label in Set(self.known.keys).union(other.known.keys) {
      known[label] = self[label].union(other[label])
    }
    return LabelFacts(known: known, hasOthers: hasOthers || other.hasOthers)
  }

  /// Without the metric's name, as most functions leave their series.
  var withoutName: LabelFacts { removing([Self.metricName]) }

  /// Of the series that some matchers select.
  init(matchers: [LabelMatcher]) {
    var known: [String: LabelPresence] = [:]
    for matcher in matchers {
      let presence = Self.presence(matcher)
      switch (known[matcher.name], presence) {
      case (nil, _), (.possible, _), (.certain, .fixed), (.certain, .absent): known[matcher.name] = presence
      case (.absent, _), (.fixed, _), (.certain, _): break
      }
    }
    self.init(known: known, hasOthers: true)
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
