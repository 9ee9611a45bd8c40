import Manifests
import PromQL
import TimeSeries

/// How findings are written.
public enum LintFormat: String, Sendable, Hashable, CaseIterable {
  /// Frames with carets, evidence and help.
  case text
  /// A line each.
  case concise
  /// One object; versioned.
  case json
  /// SARIF 2.1.0, for code scanning.
  case sarif
  /// Workflow commands of GitHub Actions.
  case github
  /// GitLab's code quality report.
  case gitlab
  /// A test suite for each file.
  case junit
}

/// Findings as text. Every format is pure text: what is written where is up to the caller.
public struct LintReport: Sendable {
  let result: LintResult
  /// Of the tool, for reports that name it.
  let toolVersion: String
  let usesColor: Bool

  public init(_ result: LintResult, toolVersion: String, usesColor: Bool = false) {
    self.result = result
    self.toolVersion = toolVersion
    self.usesColor = usesColor
  }

  /// The whole report; ends with a newline unless it is empty.
  public func text(_ format: LintFormat) -> String {
    switch format {
    case .text: frames
    case .concise: concise
    case .json: json
    case .sarif: sarif
    case .github: github
    case .gitlab: gitlab
    case .junit: junit
    }
  }

  private var concise: String {
    result.findings.map { finding in
      let place = PlaceText(finding.place)
      let fix = finding.fixes.first.map { $0.isSafe ? " [fix]" : " [fix: unsafe]" } ?? ""
      let message = VisibleText.line(finding.message, limit: 4096)
      return
        "\(place.name):\(place.start.line):\(place.start.column): "
        + "\(finding.severity.rawValue)[\(finding.code)] \(message)\(fix)\n"
    }.joined()
  }

  private var github: String {
    result.findings.map { finding in
      let place = PlaceText(finding.place)
      let command = finding.severity == .info ? "notice" : finding.severity.rawValue
      let text =
        finding.message + (finding.evidence.map { "\n\($0)" } ?? "")
        + (finding.help.map { "\nhelp: \($0)" } ?? "")
      return
        "::\(command) file=\(Markup.commandProperty.line(place.name)),"
        + "line=\(place.start.line),endLine=\(place.end.line),"
        + "col=\(place.start.column),endColumn=\(place.end.column),"
        + "title=\(Markup.commandProperty.line(finding.title))"
        + "::\(Markup.command.lines(text))\n"
    }.joined()
  }

  private var junit: String {
    var suites: [(name: String, findings: [Finding])] = []
    var names: Set<String> = []
    for name in result.sources.map(\.name) + result.findings.map(\.place.source.name)
    where names.insert(name).inserted {
      suites.append((name, result.findings.filter { $0.place.source.name == name }))
    }
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"promgate lint\">\n"
    for suite in suites {
      let failing = suite.findings.filter { $0.severity != .info }
      let count = max(1, suite.findings.count)
      text +=
        "  <testsuite name=\"\(XMLText.escaped(suite.name))\" tests=\"\(count)\" "
        + "failures=\"\(failing.count)\">\n"
      if suite.findings.isEmpty {
        text += "    <testcase classname=\"\(XMLText.escaped(suite.name))\" name=\"no findings\"/>\n"
      }
      for finding in suite.findings {
        let place = PlaceText(finding.place)
        let name = "\(finding.code) \(finding.subject) line \(place.start.line)"
        text += "    <testcase classname=\"\(XMLText.escaped(suite.name))\" name=\"\(XMLText.escaped(name))\""
        if finding.severity == .info {
          text += "><system-out>\(XMLText.escaped(finding.message))</system-out></testcase>\n"
        } else {
          let body = LintReport(LintResult([finding], sources: []), toolVersion: toolVersion).frames
          text +=
            ">\n      <failure type=\"\(finding.severity.rawValue)\" "
            + "message=\"\(XMLText.escaped(finding.message))\">"
          text += XMLText.escaped(body) + "</failure>\n    </testcase>\n"
        }
      }
      text += "  </testsuite>\n"
    }
    return text + "</testsuites>\n"
  }
}

/// A place as people count: lines and columns from 1.
struct PlaceText {
  var name: String
  var start: SourcePlace
  /// Behind the last byte.
  var end: SourcePlace
  /// Bytes.
  var range: SourceRange

  init(_ place: Place) {
    name = VisibleText.line(place.source.name)
    let bytes = place.source.bytes
    let low = max(0, min(place.range?.start ?? 0, bytes.count))
    let high = max(low, min(place.range?.end ?? low, bytes.count))
    range = SourceRange(low, high)
    start = place.source.lines.place(low) ?? SourcePlace(line: 1, column: 1)
    end = place.source.lines.place(high) ?? start
  }
}
