import TimeSeries

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
          <testsuite name="\(XMLText.escaped(file.path))" tests="0" failures="0" errors="1">
            <testcase name="read" classname="\(XMLText.escaped(file.path))">
              <error message="\(XMLText.escaped(String(reason.drop { $0 == " " })))"/>
            </testcase>
          </testsuite>

        """
    case .outcomes(let outcomes):
      var text = "  <testsuite name=\"\(XMLText.escaped(file.path))\" tests=\"\(outcomes.count)\" "
      text += "failures=\"\(file.failed)\" errors=\"0\">\n"
      for outcome in outcomes { text += testCase(outcome, in: file.path) }
      return text + "  </testsuite>\n"
    }
  }

  private static func testCase(_ outcome: Outcome, in path: String) -> String {
    var text = "    <testcase name=\"\(XMLText.escaped("line \(outcome.line): \(outcome.subject)"))\" "
    text +=
      "classname=\"\(XMLText.escaped(path))\" file=\"\(XMLText.escaped(path))\" line=\"\(outcome.line)\""
    guard let failure = outcome.failure else { return text + "/>\n" }
    text += ">\n      <failure message=\"\(XMLText.escaped(failure.problem))\">"
    text += XMLText.escaped("\(failure.run)")
    for row in failure.rows where !row.agrees {
      text += XMLText.escaped(
        "\n\(row.series): expected \(row.expected ?? "(none)"), got \(row.got ?? "(none)")")
    }
    return text + "</failure>\n    </testcase>\n"
  }
}
