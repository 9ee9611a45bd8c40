/// Writes a report as JUnit XML: a suite for each file, a case for each evaluation.
public enum JUnitReport {
  /// A whole XML document in UTF-8.
  public static func render(_ report: TestReport) -> String {
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text += "<testsuites name=\"promgate\" tests=\"\(report.passed + report.failed)\" "
    text += "failures=\"\(report.failed)\" errors=\"\(report.unreadable)\">\n"
    for file in report.files { text += suite(file) }
    return text + "</testsuites>\n"
  }

  private static func suite(_ file: FileReport) -> String {
    switch file.content {
    case .unreadable(let reason):
      return """
          <testsuite name="\(escaped(file.path))" tests="0" failures="0" errors="1">
            <testcase name="read" classname="\(escaped(file.path))">
              <error message="\(escaped(reason))"/>
            </testcase>
          </testsuite>

        """
    case .outcomes(let outcomes):
      var text = "  <testsuite name=\"\(escaped(file.path))\" tests=\"\(outcomes.count)\" "
      text += "failures=\"\(file.failed)\" errors=\"0\">\n"
      for outcome in outcomes { text += testCase(outcome, in: file.path) }
      return text + "  </testsuite>\n"
    }
  }

  private static func testCase(_ outcome: Outcome, in path: String) -> String {
    var text = "    <testcase name=\"\(escaped("line \(outcome.line): \(outcome.subject)"))\" "
    text += "classname=\"\(escaped(path))\" file=\"\(escaped(path))\" line=\"\(outcome.line)\""
    guard let failure = outcome.failure else { return text + "/>\n" }
    text += ">\n      <failure message=\"\(escaped(failure.problem))\">"
    text += escaped("\(failure.run)")
    for row in failure.rows where !row.agrees {
      text += escaped(
        "\n\(row.series): expected \(row.expected ?? "(none)"), got \(row.got ?? "(none)")")
    }
    return text + "</failure>\n    </testcase>\n"
  }

  /// Escapes what XML gives a meaning and replaces what it cannot hold.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t", "\r": result += "&#\(scalar.value);"
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
