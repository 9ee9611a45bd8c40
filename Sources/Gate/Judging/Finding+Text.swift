import TimeSeries

extension Finding: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownName(let name): "there is no series called \(name)"
    case .unmatchedLabel(let name, let matcher, let seen, let count, let renamed):
      "no series of \(name) has \(matcher); " + Self.values(seen, count)
        + (renamed.map { "; \($0) has it: scrape with honor_labels" } ?? "")
    case .unmatchedCombination(let selector):
      "each matcher of \(selector) matches some series, all together match none"
    case .nothingInWindow(let selector, let series, let newest, let window):
      "\(selector) matches \(Self.count(series, "series", "series")) without a sample in the last "
        + "\(DurationText.text(milliseconds: window))"
        + (newest.map { "; the newest is from \(ClockText.timestamp($0))" } ?? "")
    case .oneSample(let selector, let series, let window):
      "\(selector) has one sample in the last \(DurationText.text(milliseconds: window)) "
        + "(\(Self.count(series, "series", "series"))); a rate needs two"
    case .zeroByZero(let divisor): "0/0: \(divisor) is 0, nothing happened in its window"
    case .unmatchedSides(let left, let right):
      "the two sides of the operator have no labels in common: \(left) and \(right)"
    case .filteredOut(let expression, let series):
      "the comparison \(expression) removed \(Self.count(series, "series", "series")); "
        + "with bool it would answer 0"
    case .removedBySet(let operation, let expression):
      "\(operation) left nothing of \(expression)"
    case .emptyHistogram(let expression): "no observation in the buckets of \(expression)"
    case .noBuckets(let expression):
      "\(expression) has no usable buckets: it wants the label le, and one with le=\"+Inf\""
    case .exportedNaN(let selector): "\(selector) was exported as NaN"
    case .failure(let problem): problem
    case .emptyPart(let expression, let isNaN): "\(expression) is \(isNaN ? "NaN" : "empty")"
    }
  }

  private static func values(_ seen: [String], _ count: Int) -> String {
    if seen.isEmpty { return "the label was never seen" }
    let shown = seen.map { GoText.quoted($0) }.joined(separator: ", ")
    return count > seen.count
      ? "seen: \(shown) and \(count - seen.count) more" : "seen: \(shown)"
  }

  private static func count(_ count: Int, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }
}
