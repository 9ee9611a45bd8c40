import TimeSeries

/// The values of a label that matchers on it let through together; an absent label is the empty text.
enum LabelValues {
  /// A value that satisfies all of some matchers and, when one is given, breaks another one.
  static func value(satisfying matchers: [LabelMatcher], breaking other: LabelMatcher? = nil)
    -> PatternLanguage.Answer
  {
    var accepting: [PatternLanguage] = []
    var refusing: [PatternLanguage] = []
    var isExact = true
    for (matcher, isAsked) in matchers.map({ ($0, true) }) + (other.map { [($0, false)] } ?? []) {
      guard let language = PatternLanguage(of: matcher) else {
        isExact = false
        continue
      }
      if matcher.isPositive == isAsked { accepting.append(language) } else { refusing.append(language) }
    }
    // What is empty with a condition left out is empty with it.
    switch PatternLanguage.text(in: accepting, notIn: refusing) {
    case .none: return .none
    case .example(let text): return isExact ? .example(text) : .unknown
    case .unknown: return .unknown
    }
  }

  /// Whether every value that satisfies some matchers satisfies another one too; nil when it cannot be told.
  static func imply(_ matchers: [LabelMatcher], _ other: LabelMatcher) -> Bool? {
    if matchers.contains(other) { return true }
    let own = matchers.filter { $0.name.utf8.elementsEqual(other.name.utf8) }
    return switch value(satisfying: own, breaking: other) {
    case .none: true
    case .example: false
    case .unknown: nil
    }
  }

  /// Whether a matcher lets every value through, a missing label's too.
  static func acceptsAll(_ matcher: LabelMatcher) -> Bool {
    value(satisfying: [], breaking: matcher) == .none
  }
}

extension LabelMatcher {
  /// Whether it names what it lets through, not what it keeps out.
  var isPositive: Bool {
    switch operation {
    case .equal, .matches: true
    case .notEqual, .matchesNot: false
    }
  }
}

extension PatternLanguage {
  /// Of the values that a matcher names: those of its text or pattern.
  init?(of matcher: LabelMatcher) {
    switch matcher.operation {
    case .equal, .notEqual: self.init(text: matcher.value)
    case .matches, .matchesNot: self.init(matcher.value)
    }
  }
}
