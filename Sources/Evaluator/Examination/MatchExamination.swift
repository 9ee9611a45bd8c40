import PromQL
import TimeSeries

/// Why no series of two sides meet: what differs in the labels by which they have to.
struct MatchExamination {
  private let left: [Labels]
  private let right: [Labels]
  private let matching: MatchLabels

  /// So many series of each side are looked at.
  private static let looked = 2000
  /// So many labels are named.
  private static let shown = 5

  init(left: [Labels], right: [Labels], matching: MatchLabels) {
    self.left = Array(left.prefix(Self.looked))
    self.right = Array(right.prefix(Self.looked))
    self.matching = matching
  }

  func difference() -> MatchDifference {
    let (leftValues, rightValues) = (values(of: left), values(of: right))
    let names = Set(leftValues.keys).union(rightValues.keys).filter(counts).sorted()
    var result = MatchDifference(onlyLeft: [], onlyRight: [], disagreements: [])
    for name in names {
      switch (leftValues[name], rightValues[name]) {
      case (.some, nil): result.onlyLeft.append(name)
      case (nil, .some): result.onlyRight.append(name)
      case (.some(let left), .some(let right)):
        guard left.isDisjoint(with: right), let one = left.min(), let other = right.min() else { continue }
        result.disagreements.append(
          MatchDifference.Disagreement(label: name, left: one, right: other))
      case (nil, nil): break
      }
    }
    result.onlyLeft = Array(result.onlyLeft.prefix(Self.shown))
    result.onlyRight = Array(result.onlyRight.prefix(Self.shown))
    result.disagreements = Array(result.disagreements.prefix(Self.shown))
    // Where values disagree, matching on nothing would only hide it.
    let suggestion = suggestion(leftValues, rightValues)
    let hidesDisagreement = suggestion?.hasPrefix("on ()") ?? false && !result.disagreements.isEmpty
    result.suggestion = hidesDisagreement ? nil : suggestion
    return result
  }

  /// Whether the label takes part in the matching.
  private func counts(_ name: String) -> Bool {
    switch matching {
    case .on(let names): names.contains(name)
    case .ignoring(let names): !names.contains(name)
    }
  }

  private func values(of side: [Labels]) -> [String: Set<String>] {
    var values: [String: Set<String>] = [:]
    for labels in side {
      for label in labels.pairs where label.name != LabelName.metric {
        values[label.name, default: []].insert(label.value)
      }
    }
    return values
  }

  /// All labels whose values the sides share, if series meet by them.
  private func suggestion(
    _ leftValues: [String: Set<String>], _ rightValues: [String: Set<String>]
  ) -> String? {
    let shared = leftValues.keys.filter { name in
      rightValues[name].map { !$0.isDisjoint(with: leftValues[name] ?? []) } ?? false
    }.sorted()
    if shared.isEmpty, left.count > 1, right.count > 1 { return nil }
    let kept = LabelNames(shared)
    let leftKeys = left.map { $0.keeping(kept) }
    let rightKeys = right.map { $0.keeping(kept) }
    guard !Set(leftKeys).isDisjoint(with: rightKeys) else { return nil }
    let on = shared.isEmpty ? "on ()" : "on (\(shared.joined(separator: ", ")))"
    switch (Set(leftKeys).count == left.count, Set(rightKeys).count == right.count) {
    case (true, true): return on
    case (false, true): return on + " group_left"
    case (true, false): return on + " group_right"
    // Many on both sides: no matching helps.
    case (false, false): return nil
    }
  }
}
