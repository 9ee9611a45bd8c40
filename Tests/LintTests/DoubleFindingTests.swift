import Foundation
import Lint
import Manifests
import PromQL
import Testing

/// One fault is told once.
struct DoubleFindingTests {
  /// Rules that see two faults at one place, each of which stays when the other is mended.
  private static let independent: Set<Set<String>> = [
    // Series that are left apart, and what is wrong with each of them.
    ["MT005", "MT007"], ["MT005", "MT020"], ["MT005", "MT021"], ["MT005", "MT026"],
    // A window that is too short or too long, and that the canary cannot change.
    ["MT012", "MT014"], ["MT013", "MT014"], ["MT014", "MT104"],
    // A bound of another scale, and on the other side, or of a share of other requests.
    ["MT020", "MT049"], ["MT020", "MT102"],
    // Series of two namespaces, each of which counts twice.
    ["MT033", "MT109"],
    // What a server refuses, and what it would yield.
    ["MT037", "MT039"],
  ]

  @Test(arguments: Rule.documented.map(\.code))
  func `no two rules tell the same fault of an example`(code: String) throws {
    let rule = try #require(Rule.named(code))
    for example in rule.fires + rule.quiet {
      // Examples name no workload, to be short: that is a fault beside every other one.
      let found = try Linting.findings(of: example).filter { code == "MT100" || $0.code != "MT100" }
      for (index, one) in found.enumerated() {
        for other in found[(index + 1)...] where one.isAt(other) {
          let codes: Set<String> = [one.code, other.code]
          #expect(
            one.code != other.code && Self.independent.contains(codes),
            "\(codes.sorted()): \(one.message) / \(other.message)\n\(example.shown)")
        }
      }
    }
  }
}

extension Finding {
  fileprivate func isAt(_ other: Finding) -> Bool {
    place.source.name == other.place.source.name && place.range == other.place.range
  }
}
