import Configuration
import Foundation
import Manifests
import Testing
import TimeSeries

/// What real programs said of small files, where the recordings lie beside the repository.
@Suite struct FixtureTests {
  private static func fixture(_ name: String) throws -> Data? {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["PROMGATE_SHARED"].map { URL(filePath: $0) }
      ?? root.deletingLastPathComponent().appending(path: "shared")
    let file = shared.appending(path: "fixtures/config/\(name)")
    guard FileManager.default.fileExists(atPath: file.path()) else {
      print("skipped: \(name) is not beside the repository")
      return nil
    }
    return try Data(contentsOf: file)
  }

  private struct Said: Decodable {
    var rc: Int
    var stderr: String
  }

  private struct Message: Decodable {
    var input: String
    var newer: Said
    var older: Said

    enum CodingKeys: String, CodingKey {
      case input
      case newer = "3.14"
      case older = "3.5.3"
    }
  }

  @Test func `promtool's recorded messages are ours`() throws {
    guard let data = try Self.fixture("promtool-messages.json") else { return }
    let cases = try JSONDecoder().decode([String: Message].self, from: data)
      .filter { $0.key.hasPrefix("config/") }
    #expect(cases.count > 60)
    var skipped: [String] = []
    for (name, message) in cases.sorted(by: { $0.key < $1.key }) {
      // The recorded 3.14 was built without discovery by DNS.
      let said = name.hasPrefix("config/dns-sd") ? message.older : message.newer
      let reading = ConfigurationReading(ManifestSource(name: "c.yml", bytes: Array(message.input.utf8)))
      let prefix = "  FAILED: parsing YAML file c.yml: "
      guard said.rc == 0 || said.stderr.hasPrefix(prefix) else {
        skipped.append(name)
        continue
      }
      let expected = said.rc == 0 ? nil : String(said.stderr.dropFirst(prefix.count).dropLast())
      #expect(reading.prometheusText == expected, "\(name): \(message.input)")
    }
    // Of files that are named the tool says what is missing.
    #expect(skipped == ["config/rule-ext", "config/rule-missing"])
  }

  private struct Job: Decodable {
    struct Rule: Decodable {
      var sources: [String]?
      var separator: String?
      var regex: Pattern?

      /// `true` is a text too.
      struct Pattern: Decodable {
        var text: String

        init(from decoder: any Decoder) throws {
          let value = try decoder.singleValueContainer()
          text = try (try? value.decode(String.self)) ?? "\(value.decode(Bool.self))"
        }
      }

      var modulus: UInt64?
      var target: String?
      var replacement: String?
      var action: String?

      enum CodingKeys: String, CodingKey {
        case sources = "source_labels"
        case target = "target_label"
        case separator, regex, modulus, replacement, action
      }
    }

    struct Target: Decodable {
      var discoveredLabels: [String: String]
      var labels: [String: String]
      var scrapeUrl: String
      var scrapeInterval: String
      var scrapeTimeout: String
    }

    var rules: [Rule]
    var active: [Target]
    var dropped: [[String: String]]

    enum CodingKeys: String, CodingKey {
      case rules = "relabel_configs"
      case active, dropped
    }
  }

  @Test func `targets are relabelled as Prometheus recorded`() throws {
    guard let data = try Self.fixture("relabel-3.14.json") else { return }
    let cases = try JSONDecoder().decode([String: Job].self, from: data)
    #expect(cases.count > 30)
    for (name, recorded) in cases.sorted(by: { $0.key < $1.key }) {
      var job = ScrapeJob()
      job.name = name
      job.scrapeInterval = 3_600_000
      job.scrapeTimeout = 10_000
      job.parameters = [
        JobParameter(name: "p", values: ["q"]), JobParameter(name: "target", values: ["orig", "second"]),
      ]
      job.relabelRules = recorded.rules.map(Self.rule)
      let targets = try JobTargets(job)
      for target in recorded.active {
        let outcome = targets.outcome(of: Self.labels(target.discoveredLabels))
        guard case .kept(let found) = outcome else {
          Issue.record("\(name): \(outcome)")
          continue
        }
        #expect(found.discovered == Self.labels(target.discoveredLabels), "\(name)")
        #expect(found.labels == Self.labels(target.labels), "\(name)")
        #expect(found.url == target.scrapeUrl, "\(name)")
        #expect(
          DurationText.text(milliseconds: found.intervalMilliseconds) == target.scrapeInterval, "\(name)")
        #expect(DurationText.text(milliseconds: found.timeoutMilliseconds) == target.scrapeTimeout, "\(name)")
      }
      for target in recorded.dropped {
        let labels = Self.labels(target)
        #expect(targets.outcome(of: labels) == .dropped(discovered: labels), "\(name)")
      }
    }
  }

  private static func labels(_ labels: [String: String]) -> Labels {
    Labels(labels.map { (name: $0.key, value: $0.value) })
  }

  private static func rule(_ recorded: Job.Rule) -> WrittenRelabelRule {
    var written = WrittenRelabelRule()
    written.rule.action =
      recorded.action.flatMap { RelabelRule.Action(rawValue: $0.lowercased()) } ?? .replace
    written.rule.sourceLabels = recorded.sources
    written.rule.regex = recorded.regex?.text
    if let separator = recorded.separator { written.rule.separator = separator }
    if let replacement = recorded.replacement { written.rule.replacement = replacement }
    written.rule.targetLabel = recorded.target ?? ""
    written.rule.modulus = recorded.modulus ?? 0
    return written
  }
}
