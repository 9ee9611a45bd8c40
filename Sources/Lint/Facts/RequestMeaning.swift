import TimeSeries

/// What some matchers say of the requests that they select.
enum RequestMeaning {
  /// Which requests a matcher on a label of outcomes keeps; nil for a label that says nothing of it, and
  /// for a matcher that keeps all.
  static func kind(of matcher: LabelMatcher) -> RequestShare.Kind? {
    // The same label holds names with one exporter and numbers with another.
    let kinds = OutcomeDialect.of(matcher.name).compactMap { $0.kind(of: matcher) }
    return kinds.first { $0 != .other } ?? kinds.first
  }

  /// What several matchers keep together: failed requests when one of them says so.
  static func kind(of matchers: [LabelMatcher]) -> RequestShare.Kind? {
    let kinds = matchers.compactMap { kind(of: $0) }
    return kinds.first { $0 == .failed } ?? kinds.first { $0 == .succeeded } ?? kinds.first
  }

  /// A value of a good and one of a failed request; nil for a label that says nothing of it.
  static func values(of label: String) -> (good: String, bad: String)? {
    guard let outcomes = OutcomeDialect.of(label).first, let good = outcomes.good.first,
      let bad = outcomes.bad.last
    else { return nil }
    return (good, bad)
  }

  /// The same, of which one of some matchers on the label takes one and not the other.
  static func values(of label: String, toldApartBy matchers: [LabelMatcher]) -> (good: String, bad: String)? {
    let own = matchers.filter { $0.name == label }
    for outcomes in OutcomeDialect.of(label) {
      for good in outcomes.good {
        let bad = outcomes.bad.last { bad in own.contains { $0.takes(good) != $0.takes(bad) } }
        if let bad { return (good, bad) }
      }
    }
    return values(of: label)
  }

  /// What a metric's or a template's name says of the requests that it counts.
  static func kind(ofName name: String) -> RequestShare.Kind? {
    let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    let good = ["success", "successes", "successful", "succeeded", "availability", "ok", "good"]
    if words.contains(where: good.contains) { return .succeeded }
    let bad = [
      "error", "errors", "failure", "failures", "failed", "failing", "4xx", "5xx", "exceptions", "timeouts",
    ]
    return words.contains(where: bad.contains) ? .failed : nil
  }
}

extension LabelMatcher {
  /// Whether a text satisfies it.
  func takes(_ text: String) -> Bool { accepts(Array(text.utf8)[...]) }
}

extension String {
  /// A label's name as it is compared with those that we know: `response_code`, `responseCode` and
  /// `exported_response_code` are one.
  var plainLabel: String {
    let letters = lowercased().filter { $0.isLetter || $0.isNumber }
    return letters.hasPrefix("exported") ? String(letters.dropFirst(8)) : letters
  }
}
