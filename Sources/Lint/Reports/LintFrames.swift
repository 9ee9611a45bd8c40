import Manifests
import PromQL
import TimeSeries

extension LintReport {
  /// A frame for each finding, a blank line between two.
  var frames: String { result.findings.map { frame($0) }.joined(separator: "\n") }

  private func frame(_ finding: Finding) -> String {
    let place = PlaceText(finding.place)
    let width = String(place.end.line).count
    let margin = String(repeating: " ", count: width)
    let subject = finding.subject.isEmpty ? "" : "  (\(VisibleText.line(finding.subject)))"
    var lines = [
      "\(paint(finding.severity.rawValue + "[\(finding.code)]", finding.severity)): "
        + VisibleText.lines(finding.message)
    ]
    lines.append("\(margin)--> \(place.name):\(place.start)\(subject)")
    let excerpt = excerpt(finding.place, mark: "^", margin: width)
    let onSameLine = finding.related.filter { isOnLine($0.place, of: finding.place) }
    let notes = onSameLine.map { note in
      (line(note.place, margin: width).last ?? "\(margin) |") + " " + VisibleText.lines(note.message)
    }
    // What stands on the line that is shown is marked there.
    lines += notes.isEmpty ? excerpt : excerpt.dropLast() + notes + ["\(margin) |"]
    for related in finding.related where !isOnLine(related.place, of: finding.place) {
      let other = PlaceText(related.place)
      guard related.place.range != nil else {
        lines.append("\(margin) = note: \(VisibleText.lines(related.message))")
        continue
      }
      let isSame = other.name == place.name
      lines.append(
        "\(margin) ::: \(isSame ? "\(other.start)" : "\(other.name):\(other.start)"): "
          + VisibleText.lines(related.message))
      lines += self.excerpt(related.place, mark: "-", margin: width)
    }
    if let evidence = finding.evidence { lines += Self.paragraph("shown", evidence, margin) }
    if let query = finding.query, isRendered(finding, query) {
      lines += Self.paragraph("sent", query.text, margin)
    }
    if let help = finding.help {
      let fix = finding.fixes.first.map { $0.isSafe ? "  [--fix]" : "  [--unsafe-fixes]" } ?? ""
      lines += Self.paragraph("help", help + fix, margin)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Whether a place stands on the one line of another, and the line is shown whole.
  private func isOnLine(_ place: Place, of other: Place) -> Bool {
    guard place.range != nil, other.range != nil, place.source.name == other.source.name else { return false }
    let (one, two) = (PlaceText(place), PlaceText(other))
    let bytes = other.source.bytes
    let start = min(two.range.start - two.start.column + 1, bytes.count)
    let end = bytes[max(0, start)...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    return two.start.line == two.end.line && one.start.line == two.start.line
      && one.end.line == one.start.line && end - start <= Self.longestLine * 3 / 4
  }

  /// The one line of a place, with marks below it.
  private func line(_ place: Place, margin: Int) -> [String] {
    let text = PlaceText(place)
    let bytes = place.source.bytes
    let start = text.range.start - text.start.column + 1
    let end = bytes[max(0, min(start, bytes.count))...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let from = max(start, min(text.range.start, end))
    return line(
      bytes, start..<end, marked: from..<max(from, min(text.range.end, end)), text.start.line, "-", margin)
  }

  /// Whether the query differs from what stands in the file, so that it is worth showing.
  private func isRendered(_ finding: Finding, _ query: Finding.SentQuery) -> Bool {
    let bytes = finding.place.source.bytes
    return query.text.utf8.count <= 300 && bytes.firstRange(of: Array(query.text.utf8)) == nil
      && bytes.firstRange(of: Array("{{".utf8)) != nil
  }

  private static func paragraph(_ word: String, _ text: String, _ margin: String) -> [String] {
    let lines = VisibleText.lines(text).split(separator: "\n", omittingEmptySubsequences: false)
    let indent = String(repeating: " ", count: word.count + 2)
    return lines.enumerated().map { index, line in
      "\(margin) \(index == 0 ? "= \(word): " : "  \(indent)")\(line)"
    }
  }

  private func paint(_ text: String, _ severity: Diagnostic.Severity) -> String {
    guard usesColor else { return text }
    let code =
      switch severity {
      case .error: "31"
      case .warning: "33"
      case .info: "36"
      }
    return "\u{1B}[1;\(code)m\(text)\u{1B}[0m"
  }

  private static let longestLine = 110
  private static let mostLines = 6

  /// The lines of a place with marks below them; a place of many lines is cut.
  private func excerpt(_ place: Place, mark: Character, margin: Int) -> [String] {
    guard place.range != nil else { return [] }
    let text = PlaceText(place)
    let bytes = place.source.bytes
    let gutter = String(repeating: " ", count: margin)
    var lines = ["\(gutter) |"]
    var lineStart = text.range.start - text.start.column + 1
    var number = text.start.line
    var shown = 0
    while lineStart <= bytes.count, number <= text.end.line {
      let lineEnd = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let from = max(lineStart, min(text.range.start, lineEnd))
      let to = max(from, min(text.range.end, lineEnd))
      // The end of a block text is the start of the next line: nothing of that one is meant.
      if number > text.start.line, to == lineStart { break }
      if shown == Self.mostLines, number < text.end.line {
        lines.append("\(gutter) | …")
        break
      }
      lines += line(bytes, lineStart..<lineEnd, marked: from..<to, number, mark, margin)
      shown += 1
      number += 1
      lineStart = lineEnd + 1
    }
    return lines + (mark == "^" ? ["\(gutter) |"] : [])
  }

  private func line(
    _ bytes: [UInt8], _ line: Range<Int>, marked: Range<Int>, _ number: Int, _ mark: Character, _ margin: Int
  ) -> [String] {
    var start = line.lowerBound
    if marked.lowerBound - start > Self.longestLine * 3 / 4 { start = marked.lowerBound - 30 }
    while start < line.upperBound, bytes[start] & 0xC0 == 0x80 { start += 1 }
    var end = min(line.upperBound, start + Self.longestLine)
    while end < line.upperBound, bytes[end] & 0xC0 == 0x80 { end += 1 }
    let shown = VisibleText.lines(String(decoding: bytes[start..<end], as: UTF8.self))
    let gutter = String(repeating: " ", count: margin)
    let label = String(repeating: " ", count: max(0, margin - String(number).count)) + String(number)
    let lead = start > line.lowerBound ? "…" : ""
    // Blank lines and indentation within a long place are not marked.
    var first = marked.lowerBound
    while first < marked.upperBound, bytes[first] == 0x20 || bytes[first] == 0x09 { first += 1 }
    let before = String(decoding: bytes[start..<max(start, min(first, end))], as: UTF8.self)
    let part = String(
      decoding: bytes[min(first, end)..<max(min(first, end), min(marked.upperBound, end))], as: UTF8.self)
    let blanks = before.unicodeScalars.map { $0 == "\t" ? "\t" : " " }.joined()
    let count = max(marked.isEmpty ? 1 : 0, part.unicodeScalars.count)
    var lines = ["\(label) | \(lead)\(shown)\(end < line.upperBound ? "…" : "")"]
    if count > 0 {
      lines.append("\(gutter) | \(lead.isEmpty ? "" : " ")\(blanks)\(String(repeating: mark, count: count))")
    }
    return lines
  }
}
