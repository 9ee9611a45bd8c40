public import Manifests
import PromQL

/// Fixes put into the texts that they are about, by byte range: the rest of a text stays byte for byte.
public struct FixApplication: Sendable {
  /// A text before and after.
  public struct Change: Sendable {
    public var source: ManifestSource
    public var mended: [UInt8]
  }

  /// The texts that change, in order.
  public private(set) var changes: [Change] = []
  /// How many fixes were applied, and how many were left for the next run because they overlap.
  public private(set) var appliedCount = 0
  public private(set) var overlappingCount = 0

  /// The first fix of each finding, when it is allowed.
  public init(_ result: LintResult, unsafe: Bool) {
    let fixes = Self.compatible(result.findings, unsafe: unsafe)
    appliedCount = fixes.count
    overlappingCount = result.findings.count { Self.fix($0, unsafe) != nil } - fixes.count
    let edits = Dictionary(grouping: fixes.flatMap(\.edits), by: \.source.name)
    for source in result.sources {
      guard let edits = edits[source.name] else { continue }
      var bytes = source.bytes
      // Of two insertions at one place the later one goes in first, so that they keep their order.
      for edit in edits.enumerated().sorted(by: {
        ($0.element.range.start, $0.offset) > ($1.element.range.start, $1.offset)
      }) {
        let range = edit.element.range
        guard range.start >= 0, range.start <= range.end, range.end <= bytes.count else { continue }
        bytes.replaceSubrange(range.start..<range.end, with: edit.element.replacement.utf8)
      }
      changes.append(Change(source: source, mended: bytes))
    }
  }

  /// The first allowed fix of each finding, without those that overlap an earlier one.
  package static func compatible(_ findings: [Finding], unsafe: Bool) -> [Fix] {
    var taken: [String: [SourceRange]] = [:]
    return findings.compactMap { fix($0, unsafe) }.filter { fix in
      let isFree = fix.edits.allSatisfy { edit in
        !(taken[edit.source.name] ?? []).contains { overlap($0, edit.range) }
      }
      if isFree { for edit in fix.edits { taken[edit.source.name, default: []].append(edit.range) } }
      return isFree
    }
  }

  private static func fix(_ finding: Finding, _ unsafe: Bool) -> Fix? {
    finding.fixes.first { unsafe || $0.isSafe }
  }

  private static func overlap(_ one: SourceRange, _ two: SourceRange) -> Bool {
    if one == two { return true }
    return one.start < two.end && two.start < one.end
  }

  /// What changes, as a unified diff.
  public var diff: String {
    changes.map { UnifiedDiff.text($0.source.name, $0.source.bytes, $0.mended) }.joined()
  }
}

/// Unified diffs of texts that differ in a few lines.
enum UnifiedDiff {
  private static let context = 3

  static func text(_ name: String, _ old: [UInt8], _ new: [UInt8]) -> String {
    let (before, after) = (lines(old), lines(new))
    guard before != after else { return "" }
    var text = "--- a/\(name)\n+++ b/\(name)\n"
    let changed = after.difference(from: before)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in changed {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    // Both texts walked side by side: each line with its mark.
    var script: [(mark: String, line: String)] = []
    var (left, right) = (0, 0)
    while left < before.count || right < after.count {
      if removed.contains(left) {
        script.append(("-", before[left]))
        left += 1
      } else if inserted.contains(right) {
        script.append(("+", after[right]))
        right += 1
      } else {
        script.append((" ", before[left]))
        left += 1
        right += 1
      }
    }
    var at = 0
    while let first = script[at...].firstIndex(where: { $0.mark != " " }) {
      var last = first
      while let next = script[(last + 1)...].firstIndex(where: { $0.mark != " " }), next - last <= 2 * context
      { last = next }
      let start = max(at, first - context)
      let end = min(script.count, last + context + 1)
      text += hunk(script, start..<end)
      at = end
    }
    return text
  }

  private static func hunk(_ script: [(mark: String, line: String)], _ range: Range<Int>) -> String {
    let oldStart = script[..<range.lowerBound].count { $0.mark != "+" }
    let newStart = script[..<range.lowerBound].count { $0.mark != "-" }
    let part = script[range]
    let (oldCount, newCount) = (part.count { $0.mark != "+" }, part.count { $0.mark != "-" })
    let heading =
      "@@ -\(oldCount == 0 ? oldStart : oldStart + 1),\(oldCount) "
      + "+\(newCount == 0 ? newStart : newStart + 1),\(newCount) @@\n"
    return heading + part.map { $0.mark + $0.line + "\n" }.joined()
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    var lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }
}
