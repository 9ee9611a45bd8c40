private import FoundationEssentials
import Manifests
import PromQL

extension LintReport {
  /// One object: `version`, `summary` and `findings` with their ranges in bytes.
  var json: String {
    Self.encode(
      JSONReport(
        version: 1,
        summary: JSONReport.Summary(
          errors: result.count(.error), warnings: result.count(.warning), infos: result.count(.info),
          suppressed: result.suppressedCount, files: result.sources.count),
        findings: result.findings.map { JSONReport.Record($0) }))
  }

  static func encode(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { return "" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  var gitlab: String {
    struct Entry: Encodable {
      struct Location: Encodable {
        struct Lines: Encodable { var begin: Int }

        var path: String
        var lines: Lines
      }

      var description: String
      var check_name: String
      var fingerprint: String
      var severity: String
      var location: Location
    }
    var seen: [String: Int] = [:]
    return Self.encode(
      result.findings.map { finding in
        let place = PlaceText(finding.place)
        let severity =
          switch finding.severity {
          case .error: "critical"
          case .warning: "minor"
          case .info: "info"
          }
        return Entry(
          description: finding.message, check_name: finding.code, fingerprint: finding.fingerprint(&seen),
          severity: severity,
          location: Entry.Location(path: place.name, lines: Entry.Location.Lines(begin: place.start.line)))
      })
  }
}

extension Finding {
  /// Stays the same while lines move: of the code, whose it is, and what is said. The second of two alike
  /// has a number more.
  package func fingerprint(_ seen: inout [String: Int]) -> String {
    let text = [code, place.source.name, subject, message].joined(separator: "\u{0}")
    let count = seen[text, default: 0]
    seen[text] = count + 1
    return Self.hash(text + "\u{0}\(count)")
  }

  /// FNV-1a, twice with different starts: 32 hexadecimal digits.
  private static func hash(_ text: String) -> String {
    [0xcbf2_9ce4_8422_2325 as UInt64, 0x9ae1_6a3b_2f90_404f].map { start in
      let hash = text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
      let digits = String(hash, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

/// What `--format json` writes.
private struct JSONReport: Encodable {
  struct Summary: Encodable {
    var errors: Int
    var warnings: Int
    var infos: Int
    var suppressed: Int
    var files: Int
  }

  struct Position: Encodable {
    var line: Int
    var column: Int
    var byte: Int
  }

  struct Span: Encodable {
    var file: String
    var start: Position
    var end: Position

    init(_ place: Place) {
      let text = PlaceText(place)
      file = text.name
      start = Position(line: text.start.line, column: text.start.column, byte: text.range.start)
      end = Position(line: text.end.line, column: text.end.column, byte: text.range.end)
    }
  }

  struct Related: Encodable {
    var message: String
    var range: Span
  }

  struct Edit: Encodable {
    var file: String
    var byteStart: Int
    var byteEnd: Int
    var text: String
  }

  struct FixRecord: Encodable {
    var message: String
    var applicability: String
    var edits: [Edit]
  }

  struct Query: Encodable {
    var sent: String
    var byteStart: Int
    var byteEnd: Int
  }

  struct Record: Encodable {
    var code: String
    var name: String
    var severity: String
    var message: String
    var object: String
    var range: Span
    var related: [Related]
    var evidence: String?
    var help: String?
    var query: Query?
    var fixes: [FixRecord]

    init(_ finding: Finding) {
      code = finding.code
      name = finding.name
      severity = finding.severity.rawValue
      message = finding.message
      object = finding.subject
      range = Span(finding.place)
      related = finding.related.map { Related(message: $0.message, range: Span($0.place)) }
      evidence = finding.evidence
      help = finding.help
      query = finding.query.map { Query(sent: $0.text, byteStart: $0.range.start, byteEnd: $0.range.end) }
      fixes = finding.fixes.map { fix in
        FixRecord(
          message: fix.message, applicability: fix.isSafe ? "safe" : "unsafe",
          edits: fix.edits.map {
            Edit(file: $0.source.name, byteStart: $0.range.start, byteEnd: $0.range.end, text: $0.replacement)
          })
      }
    }
  }

  var version: Int
  var summary: Summary
  var findings: [Record]
}
