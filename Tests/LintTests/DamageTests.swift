import Foundation
import Lint
import Manifests
import PromQL
import Testing

/// Manifests that somebody broke: findings, never a crash, and every place lies in its text.
@Suite struct DamageTests {
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  /// Pieces that mean something to YAML, to Go's templates or to PromQL.
  private static let pieces = [
    "{{", "}}", "{{ interval }}", "\"", "'", "`", "\\", "\n", "\r\n", "\t", "#", "# lint:ignore MT007 until=",
    "&a", "*a",
    "- ", ": ", "{", "}", "[", "]", "(", ")", "=~", "!=", "/", " or ", "é", "\u{0}", "\u{FEFF}", "😀", "1e999",
    "0x", "NaN", "[1m:]",
    "offset -5m", "@ end()", "---\n", "|", ">-", "999999999999999999999", "le=\"+Inf\"", ".*", "(?i)",
    "\\u0000",
  ]

  @Test func `damaged manifests give findings`() {
    let examples = Rule.documented.flatMap { $0.fires.map(\.manifests) }
    var random = Seeded(state: 20_261_128)
    var failing = 0
    for _ in 0..<3_000 {
      var bytes = Array((examples.randomElement(using: &random) ?? "").utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...30, using: &random)))
        case 2: bytes.insert(contentsOf: (Self.pieces.randomElement(using: &random) ?? "").utf8, at: at)
        default:
          let other = Int.random(in: at..<bytes.count, using: &random)
          bytes.insert(contentsOf: bytes[at..<min(other, at + 60)], at: at)
        }
      }
      let source = ManifestSource(name: "damaged.yaml", bytes: bytes)
      let result = Linter().lint(ManifestReading(reading: source))
      failing += result.findings.isEmpty ? 0 : 1
      for finding in result.findings {
        let places =
          [finding.place] + finding.related.map(\.place)
          + finding.fixes.flatMap { $0.edits.map { Place($0.source, $0.range) } }
        for place in places {
          guard let range = place.range else { continue }
          #expect(
            range.start >= 0 && range.start <= range.end && range.end <= place.source.bytes.count,
            "\(finding.code) \(range)")
        }
      }
      for format in LintFormat.allCases {
        _ = LintReport(result, toolVersion: "1", usesColor: true).text(format)
      }
      _ = FixApplication(result, unsafe: true).diff
    }
    #expect(failing > 2_000)
  }
}
