import Manifests
import PromQL

extension LintResult {
  /// Tells one fault once: what a rule subsumes is told with its own finding at the same place, which takes
  /// over the worse severity.
  mutating func foldDoubles(of rules: [Rule]) {
    let subsumed = Dictionary(rules.map { ($0.code, $0.subsumes) }) { $0.union($1) }
    var folded: Set<Int> = []
    for index in findings.indices {
      guard let codes = subsumed[findings[index].code], !codes.isEmpty else { continue }
      // Findings are in the order of places.
      for other in findings.indices
      where other != index && codes.contains(findings[other].code)
        && findings[other].isAt(findings[index]) && !folded.contains(other)
      {
        folded.insert(other)
        findings[index].take(findings[other])
      }
    }
    findings = findings.indices.filter { !folded.contains($0) }.map { findings[$0] }
  }
}

extension Finding {
  fileprivate func isAt(_ other: Finding) -> Bool {
    place.source.name == other.place.source.name && place.range == other.place.range
      && subject == other.subject
  }

  fileprivate mutating func take(_ other: Finding) {
    severity = Diagnostic.Severity.worse(severity, other.severity)
    related.append(Related(other.place, other.message))
    related += other.related.filter { added in
      !related.contains { $0.place.range == added.place.range && $0.message == added.message }
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
