private import FoundationEssentials
private import Manifests

/// Findings that are known and accepted: of these only what exceeds their number is reported.
public struct Baseline: Sendable {
  private var counts: [String: Int]

  /// What a baseline file holds.
  private struct File: Codable {
    var version: Int
    /// By fingerprint.
    var findings: [String: Int]
  }

  /// All findings of a result.
  public init(_ result: LintResult) {
    counts = [:]
    for finding in result.findings { counts[Self.key(finding), default: 0] += 1 }
  }

  /// Reads a file; nil when it is no baseline.
  public init?(json: [UInt8]) {
    guard let file = try? JSONDecoder().decode(File.self, from: Data(json)), file.version == 1 else {
      return nil
    }
    counts = file.findings
  }

  /// The file's text.
  public var json: String { LintReport.encode(File(version: 1, findings: counts)) }

  /// What is not in the baseline.
  public func filtered(_ result: LintResult) -> LintResult {
    var left = counts
    let fresh = result.findings.filter { finding in
      let key = Self.key(finding)
      guard let count = left[key], count > 0 else { return true }
      left[key] = count - 1
      return false
    }
    return LintResult(
      fresh, sources: result.sources,
      suppressedCount: result.suppressedCount + result.findings.count - fresh.count)
  }

  /// Readable, and the same while lines move.
  private static func key(_ finding: Finding) -> String {
    [finding.code, finding.place.source.name, finding.subject, finding.message].joined(separator: " | ")
  }
}
