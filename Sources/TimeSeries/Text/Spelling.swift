/// Looks for what somebody meant to write.
package enum Spelling {
  /// The closest of some names, if it is close: at most a third of its letters differ, or only their
  /// case. Quadratic in the lengths; long names are not looked at.
  package static func nearest(to name: String, among known: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().utf8)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in known where !candidate.isEmpty && candidate.utf8.count <= 64 {
      let distance = distance(wanted, Array(candidate.lowercased().utf8))
      let allowed = max(1, candidate.utf8.count / 3)
      if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours.
  private static func distance(_ lhs: [UInt8], _ rhs: [UInt8]) -> Int {
    var before: [Int] = []
    var previous = Array(0...rhs.count)
    for i in lhs.indices {
      var current = [i + 1]
      for j in rhs.indices {
        var cost = min(previous[j + 1], current[j]) + 1
        cost = min(cost, previous[j] + (lhs[i] == rhs[j] ? 0 : 1))
        if i > 0, j > 0, lhs[i] == rhs[j - 1], lhs[i - 1] == rhs[j] { cost = min(cost, before[j - 1] + 1) }
        current.append(cost)
      }
      before = previous
      previous = current
    }
    return previous[rhs.count]
  }
}
