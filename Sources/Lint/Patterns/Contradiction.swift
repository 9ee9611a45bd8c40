import TimeSeries

/// Matchers that exclude each other.
enum Contradiction {
  /// A label whose matchers no value satisfies; nil when there is none, or none that can be told.
  static func label(in matchers: [LabelMatcher]) -> String? {
    var seen: Set<String> = []
    return matchers.map(\.name).first { name in
      seen.insert(name).inserted
        && excludeEachOther(matchers.filter { $0.name.utf8.elementsEqual(name.utf8) })
    }
  }

  private static func excludeEachOther(_ matchers: [LabelMatcher]) -> Bool {
    let satisfied = { (value: [UInt8]) in matchers.allSatisfy { $0.accepts(value[...]) } }
    // One that names the only values that it accepts settles it.
    if let values = matchers.lazy.compactMap(Self.onlyValues).first {
      return !values.contains(where: satisfied)
    }
    // Most matchers get along with one of these; the languages of the patterns are for the others.
    let common = ["", "x", "200", "500", "404"] + matchers.compactMap { ExampleText.matching($0.value) }
    if common.contains(where: { satisfied(Array($0.utf8)) }) { return false }
    return LabelValues.value(satisfying: matchers) == .none
  }

  private static func onlyValues(_ matcher: LabelMatcher) -> [[UInt8]]? {
    switch matcher.operation {
    case .equal: [Array(matcher.value.utf8)]
    case .matches: matcher.pattern?.literals
    case .notEqual, .matchesNot: nil
    }
  }
}
