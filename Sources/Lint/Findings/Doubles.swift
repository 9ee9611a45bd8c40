import Manifests
import PromQL

extension LintResult {
  /// Tells one fault once: what a rule subsumes is told with its own finding at the same place, which takes
  /// over the worse severity. Findings have to be in the order of their places.
  mutating func foldDoubles(of rules: [Rule]) {
    let subsumed = Dictionary(rules.map { ($0.code, $0.subsumes) }) { $0.union($1) }
    var kept: [Finding] = []
    var rest = findings[...]
    while let first = rest.first {
      var together = Array(rest.prefix { $0.isAt(first) })
      rest = rest.dropFirst(together.count)
      var folded: Set<Int> = []
      for index in together.indices where together.count > 1 && !folded.contains(index) {
        let codes = subsumed[together[index].code] ?? []
        for other in together.indices where other != index && codes.contains(together[other].code) {
          guard together[other].subject == together[index].subject, folded.insert(other).inserted else {
            continue
          }
          let finding = together[other]
          together[index].take(finding)
        }
      }
      kept += together.indices.filter { !folded.contains($0) }.map { together[$0] }
    }
    findings = kept
  }
}

extension Finding {
  fileprivate func isAt(_ other: Finding) -> Bool {
    place.source.name == other.place.source.name && place.range == other.place.range
  }

  fileprivate mutating func take(_ other: Finding) {
    severity = Diagnostic.Severity.worse(severity, other.severity)
    let known = related
    related.append(Related(other.place, other.message))
    related += other.related.filter { added in
      !known.contains { $0.place.range == added.place.range && $0.message == added.message }
    }
    evidence = evidence ?? other.evidence
  }
}

extension Diagnostic.Severity {
  fileprivate static func worse(_ one: Self, _ two: Self) -> Self {
    // From the worst on.
    allCases.first { $0 == one || $0 == two } ?? one
  }
}
