import TimeSeries

/// Replays as JUnit XML: one suite, a case for each replay. A rollback is a failure, an undecided
/// replay an error.
public enum ReplayJUnit {
  /// A whole XML document in UTF-8.
  public static func render(_ report: ReplayReport) -> String {
    let name = XMLText.escaped("promgate replay \(report.rollout.title)")
    let failures = report.runs.count { $0.replay.verdict == .rolledBack }
    let errors = report.runs.count { $0.replay.verdict == .undecided }
    let counts = "tests=\"\(report.runs.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"promgate replay\" \(counts)>\n"
    text += "  <testsuite name=\"\(name)\" \(counts)>\n"
    for run in report.runs { text += testCase(run, report, name) }
    return text + "  </testsuite>\n</testsuites>\n"
  }

  private static func testCase(_ run: ReplayReport.Run, _ report: ReplayReport, _ suite: String) -> String {
    let seconds = Double(run.replay.endTime - run.replay.start) / 1000
    var text = "    <testcase classname=\"\(suite)\" "
    text += "name=\"\(XMLText.escaped("from " + ClockText.timestamp(run.replay.start)))\" "
    text += "time=\"\(GoText.plain(seconds))\""
    let element: String
    switch run.replay.verdict {
    case .promoted: return text + "/>\n"
    case .rolledBack: element = "failure"
    case .undecided: element = "error"
    }
    text += ">\n      <\(element) message=\"\(XMLText.escaped(run.replay.conclusion(in: report.rollout)))\">"
    let single = ReplayReport(
      report.rollout, judge: report.judge, uncalled: report.uncalled, runs: [run])
    // In text, line ends may stay as they are.
    text += ReplayText(single).text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { XMLText.escaped(String($0)) }.joined(separator: "\n")
    return text + "</\(element)>\n    </testcase>\n"
  }
}
