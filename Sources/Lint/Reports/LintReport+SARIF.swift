import Manifests
import PromQL

extension LintReport {
  /// SARIF 2.1.0 as code scanning takes it: rules with their help, results with fingerprints that do not
  /// depend on lines.
  var sarif: String {
    var seen: [String: Int] = [:]
    let codes = Set(result.findings.map(\.code))
    var rules = Rule.documented.map { SARIF.Descriptor($0) }
    for code in codes.subtracting(rules.map(\.id)).sorted() { rules.append(SARIF.Descriptor(code: code)) }
    let results = result.findings.map { SARIF.Result($0, fingerprint: $0.fingerprint(&seen)) }
    return Self.encode(
      SARIF(runs: [
        SARIF.Run(
          tool: SARIF.Tool(
            driver: SARIF.Driver(semanticVersion: toolVersion, version: toolVersion, rules: rules)),
          results: results)
      ]))
  }
}

/// The parts of the format that are written.
private struct SARIF: Encodable {
  struct Text: Encodable { var text: String }

  struct Help: Encodable {
    var text: String
    var markdown: String
  }

  struct Level: Encodable { var level: String }

  struct Properties: Encodable {
    var tags: [String]
  }

  struct Descriptor: Encodable {
    var id: String
    var name: String
    var shortDescription: Text
    var fullDescription: Text
    var help: Help
    var defaultConfiguration: Level
    var properties = Properties(tags: ["canary", "promql"])

    init(_ rule: Rule) {
      id = rule.code
      name = rule.name
      shortDescription = Text(text: rule.summary)
      fullDescription = Text(text: rule.why)
      help = Help(text: rule.why, markdown: rule.why)
      defaultConfiguration = Level(level: SARIF.level(rule.severity))
    }

    init(code: String) {
      id = code
      name = code
      shortDescription = Text(text: "a problem of reading manifests")
      fullDescription = Text(text: "What a cluster would refuse, or drop silently.")
      help = Help(text: fullDescription.text, markdown: fullDescription.text)
      defaultConfiguration = Level(level: "error")
    }
  }

  struct Driver: Encodable {
    var name = "promgate"
    var semanticVersion: String
    var version: String
    var rules: [Descriptor]
  }

  struct Tool: Encodable { var driver: Driver }

  struct Artifact: Encodable { var uri: String }

  struct Region: Encodable {
    var startLine: Int
    var startColumn: Int
    var endLine: Int
    var endColumn: Int
    var byteOffset: Int
    var byteLength: Int
  }

  struct Physical: Encodable {
    var artifactLocation: Artifact
    var region: Region

    init(_ place: Place) {
      let text = PlaceText(place)
      artifactLocation = Artifact(uri: SARIF.uri(text.name))
      region = Region(
        startLine: text.start.line, startColumn: text.start.column, endLine: text.end.line,
        endColumn: text.end.column, byteOffset: text.range.start,
        byteLength: text.range.end - text.range.start)
    }
  }

  struct Location: Encodable {
    var id: Int?
    var message: Text?
    var physicalLocation: Physical
  }

  struct Replacement: Encodable {
    struct Deleted: Encodable {
      var byteOffset: Int
      var byteLength: Int
    }

    var deletedRegion: Deleted
    var insertedContent: Text
  }

  struct Change: Encodable {
    var artifactLocation: Artifact
    var replacements: [Replacement]
  }

  struct Mending: Encodable {
    var description: Text
    var artifactChanges: [Change]

    init(_ fix: Fix) {
      description = Text(text: fix.message)
      var names: [String] = []
      for edit in fix.edits where !names.contains(edit.source.name) { names.append(edit.source.name) }
      artifactChanges = names.map { name in
        Change(
          artifactLocation: Artifact(uri: SARIF.uri(name)),
          replacements: fix.edits.filter { $0.source.name == name }.map {
            Replacement(
              deletedRegion: Replacement.Deleted(
                byteOffset: $0.range.start, byteLength: max(0, $0.range.end - $0.range.start)),
              insertedContent: Text(text: $0.replacement))
          })
      }
    }
  }

  struct Result: Encodable {
    var ruleId: String
    var level: String
    var message: Text
    var locations: [Location]
    var relatedLocations: [Location]
    var fixes: [Mending]?
    var partialFingerprints: [String: String]

    init(_ finding: Finding, fingerprint: String) {
      ruleId = finding.code
      level = SARIF.level(finding.severity)
      let more = [finding.evidence, finding.help.map { "Help: \($0)" }].compactMap { $0 }.map { "\n\($0)" }
        .joined()
      message = Text(text: finding.message + more)
      locations = [Location(physicalLocation: Physical(finding.place))]
      relatedLocations = finding.related.enumerated().map { index, related in
        Location(
          id: index + 1, message: Text(text: related.message), physicalLocation: Physical(related.place))
      }
      fixes = finding.fixes.isEmpty ? nil : finding.fixes.map { Mending($0) }
      partialFingerprints = ["promgateFinding/v1": fingerprint]
    }
  }

  struct Run: Encodable {
    var tool: Tool
    var results: [Result]
    var columnKind = "utf16CodeUnits"
  }

  var schema = "https://json.schemastore.org/sarif-2.1.0.json"
  var version = "2.1.0"
  var runs: [Run]

  enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case version, runs
  }

  static func level(_ severity: Diagnostic.Severity) -> String {
    switch severity {
    case .error: "error"
    case .warning: "warning"
    case .info: "note"
    }
  }

  /// A path as a relative reference.
  static func uri(_ path: String) -> String {
    var text = ""
    for byte in (path == "-" ? "stdin" : path.hasPrefix("./") ? String(path.dropFirst(2)) : path).utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
        text.unicodeScalars.append(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return text
  }
}
