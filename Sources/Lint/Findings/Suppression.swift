import Manifests
import PromQL
import TimeSeries

/// A comment that keeps findings from being reported: `# lint:ignore MT012 until=2026-12-01 reason=…`.
///
/// It holds for the value whose line it stands behind or above: that line and what is indented below it.
struct Suppression {
  /// Codes or names of rules.
  var codes: [String]
  /// Days since the epoch of the last day on which it holds; nil for ever.
  var until: Int64?
  var isDateBroken = false
  /// The comment, in bytes of its text.
  var range: SourceRange
  /// The bytes that it holds for.
  var scope: SourceRange

  func covers(_ finding: Finding) -> Bool {
    guard codes.contains(finding.code) || codes.contains(finding.name) else { return false }
    guard let range = finding.place.range else { return true }
    return range.start >= scope.start && range.start < scope.end
  }

  func hasEnded(_ today: Int64) -> Bool { until.map { $0 < today } ?? false }

  private static let marker = Array("# lint:ignore".utf8)

  /// All of a text, in order.
  static func all(in source: ManifestSource) -> [Suppression] {
    let bytes = source.bytes
    var lines: [Range<Int>] = []
    var start = ByteOrderMark.count(bytes)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      lines.append(start..<index)
      start = index + 1
    }
    lines.append(start..<bytes.count)
    return lines.indices.compactMap { number in
      let line = bytes[lines[number]]
      guard let at = line.firstRange(of: marker)?.lowerBound else { return nil }
      return Suppression(bytes, lines, number, at)
    }
  }

  private init?(_ bytes: [UInt8], _ lines: [Range<Int>], _ number: Int, _ at: Int) {
    let words = String(decoding: bytes[at..<lines[number].upperBound], as: UTF8.self)
      .split { $0 == " " || $0 == "," || $0 == "\t" || $0 == "\r" }.dropFirst(2)
    codes = words.prefix { !$0.contains("=") }.map(String.init)
    range = SourceRange(at, lines[number].upperBound)
    for word in words where word.hasPrefix("until=") {
      let parts = word.dropFirst(6).split(separator: "-").compactMap { Int($0) }
      if parts.count == 3, let day = CalendarTime.day(year: parts[0], month: parts[1], day: parts[2]) {
        until = Int64(day)
      } else {
        isDateBroken = true
      }
    }
    let isAlone = bytes[lines[number].lowerBound..<at].allSatisfy { $0 == 0x20 }
    var first = isAlone ? number + 1 : number
    // Comments and blank lines between it and its value.
    while first < lines.count, isAlone, Self.isEmpty(bytes[lines[first]]) { first += 1 }
    guard first < lines.count else {
      scope = SourceRange(bytes.count, bytes.count)
      return
    }
    let indent = Self.indent(bytes[lines[first]])
    var last = first
    while last + 1 < lines.count,
      Self.isEmpty(bytes[lines[last + 1]]) || Self.indent(bytes[lines[last + 1]]) > indent
    { last += 1 }
    scope = SourceRange(lines[first].lowerBound, lines[last].upperBound)
  }

  private static func isEmpty(_ line: ArraySlice<UInt8>) -> Bool {
    let first = line.first { $0 != 0x20 && $0 != 0x0D }
    return first == nil || first == UInt8(ascii: "#")
  }

  private static func indent(_ line: ArraySlice<UInt8>) -> Int { line.prefix { $0 == 0x20 }.count }
}

extension LintResult {
  /// Drops what comments suppress, and reports comments that suppress nothing.
  mutating func suppress(_ options: LintOptions, known: Set<String>) {
    let rule = Rule.uselessSuppression
    var added: [Finding] = []
    for source in sources {
      let suppressions = Suppression.all(in: source)
      if suppressions.isEmpty { continue }
      for suppression in suppressions {
        func advise(_ message: String, _ help: String) {
          added.append(
            Finding(
              Advice(message, at: Place(source, suppression.range), of: "").help(help), by: rule))
        }
        guard !suppression.codes.isEmpty else {
          advise("the comment names no rule", "write # lint:ignore MT012 reason=…")
          continue
        }
        if suppression.isDateBroken { advise("until= wants a date", "write until=2026-12-01") }
        for code in suppression.codes
        where !known.contains(code) && !code.hasPrefix("manifest-") && code != ManifestCode.rule {
          advise("there is no rule \(code)", "promgate lint --list shows all")
        }
        let covered = findings.indices.filter {
          findings[$0].place.source.name == source.name && suppression.covers(findings[$0])
        }
        if suppression.hasEnded(options.today) {
          if !covered.isEmpty {
            advise("the suppression has ended", "mend what it hides, or set a later date")
          }
          continue
        }
        if covered.isEmpty, suppression.codes.allSatisfy(known.contains) {
          advise("nothing here is suppressed by this comment", "remove it")
        }
        suppressedCount += covered.count
        for index in covered.reversed() { findings.remove(at: index) }
      }
    }
    self = LintResult(findings + added, sources: sources, suppressedCount: suppressedCount)
  }
}

extension Rule {
  static let uselessSuppression = Rule(
    "MT048", "useless-suppression", .warning, "a comment suppresses nothing, or has ended",
    why: """
      `# lint:ignore MT012 until=2026-12-01 reason=…` behind or above a value hides findings within it. One \
      that hides nothing, or whose day has passed, is a promise that nobody keeps.
      """,
    fires: [
      .manifests("# lint:ignore MT012 reason=none\n" + AddressExample.template("http://prometheus:9090"))
    ],
    quiet: [
      .manifests(
        AddressExample.template("prometheus:9090").replacing(
          "    address:", with: "    # lint:ignore MT043 reason=a test\n    address:"))
    ],
    .suppression)
}
