import TimeSeries

extension DataFinding: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownName(let name, let nearest):
      "there is no series called \(name)" + (nearest.map { "; did you mean \($0)?" } ?? "")
    case .unmatchedLabel(let name, let matcher, let seen, let count, let nearest, let renamed):
      "no series of \(name) has \(matcher); " + Self.values(seen, count)
        + (nearest.map { "; did you mean \($0)?" } ?? "")
        + (renamed.map { "; \($0) has it: scrape with honor_labels" } ?? "")
    case .unmatchedCombination(let selector):
      "each matcher of \(selector) matches some series, all together match none"
    case .nothingInWindow(let selector, let series, let newest, let window, let hasEnded):
      "\(selector) matches \(Self.count(series, "series", "series")) without a sample in the last "
        + "\(DurationText.text(milliseconds: window))"
        + (newest.map { "; the newest is from \(ClockText.timestamp($0))" } ?? "; they begin later")
        + (hasEnded ? ", where the series ended" : "")
    case .oneSample(let selector, let series, let window):
      "\(selector) has one sample in the last \(DurationText.text(milliseconds: window)) "
        + "(\(Self.count(series, "series", "series"))); a rate needs two"
    case .zeroByZero(let divisor): "0/0: \(divisor) is 0, nothing happened in its window"
    case .unmatchedSides(let left, let right, let difference):
      "no series of \(left) has the labels of one of \(right)" + difference.text
    case .filteredOut(let expression, let series, let values):
      "the comparison \(expression) removed \(Self.count(series, "series", "series"))"
        + (values.map { " with \(Self.range($0))" } ?? "") + "; with bool it would answer 0"
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

  private static func range(_ values: ClosedRange<Double>) -> String {
    let (low, high) = (GoText.general(values.lowerBound), GoText.general(values.upperBound))
    return low == high ? "the value \(low)" : "values from \(low) to \(high)"
  }

  private static func count(_ count: Int, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }
}

extension MatchDifference {
  /// What follows the sentence that the sides do not meet.
  fileprivate var text: String {
    var parts: [String] = []
    if !onlyLeft.isEmpty { parts.append("only the left has " + onlyLeft.joined(separator: ", ")) }
    if !onlyRight.isEmpty { parts.append("only the right has " + onlyRight.joined(separator: ", ")) }
    for disagreement in disagreements {
      parts.append(
        "\(disagreement.label) is \(GoText.quoted(disagreement.left)) on the left, "
          + "\(GoText.quoted(disagreement.right)) on the right")
    }
    if let suggestion { parts.append("\(suggestion) would match") }
    return parts.isEmpty ? "" : ": " + parts.joined(separator: "; ")
  }
}
