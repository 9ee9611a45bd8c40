public import Manifests
import PromQL
import TimeSeries

extension UnitTestFile {
  /// Reads a file; the first problem ends the reading.
  public init(reading source: ManifestSource) throws(UnreadableFile) {
    do throws(ManifestProblem) { try self.init(source.bytes) } catch {
      throw UnreadableFile(ManifestFinding(error.diagnostic, in: source))
    }
  }

  private static let defaultInterval: Int64 = 60_000

  private init(_ bytes: [UInt8]) throws(ManifestProblem) {
    var composer = try YAMLComposer(checking: bytes, dialect: .prometheus)
    guard let root = try composer.nextDocument() else {
      // As in promtool it is a file; that nothing is asked for is for its reader to say.
      self.init(evaluationInterval: Self.defaultInterval)
      return
    }
    let fields = try StrictMapping(
      root, "a unit test file",
      keys: ["rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare"])
    let interval = try fields.duration("evaluation_interval") ?? 0
    self.init(evaluationInterval: interval == 0 ? Self.defaultInterval : interval)
    ruleFiles = try fields.texts("rule_files").map(\.value)
    for group in try fields.texts("group_eval_order") {
      guard !groupOrder.contains(where: { $0.utf8.elementsEqual(group.value.utf8) }) else {
        throw ManifestProblem(
          ManifestCode.value, "group name repeated in evaluation order: \(group.value)",
          at: group.range)
      }
      groupOrder.append(group.value)
    }
    isFuzzy = try fields.boolean("fuzzy_compare") ?? false
    var lines = LineCounter(bytes)
    for node in try fields.items("tests") {
      let line = lines.line(at: node.range.start)
      tests.append(try UnitTest(node, line: line, defaultInterval: evaluationInterval, &lines))
    }
  }
}

/// Why a file of unit tests, or a rule file that it names, cannot be read.
public struct UnreadableFile: Error, Sendable {
  /// Which text, where in it, and what is wrong.
  public var finding: ManifestFinding

  public init(_ finding: ManifestFinding) { self.finding = finding }

  /// `12:5: message`, or the message alone when it is about no place.
  public var description: String {
    let diagnostic = finding.diagnostic
    let place = diagnostic.range.flatMap { SourcePlace(offset: $0.start, in: finding.source.bytes) }
    var text = place.map { "\($0): \(diagnostic.message)" } ?? " \(diagnostic.message)"
    for fix in diagnostic.fixes { text += " (\(fix.message)?)" }
    return text
  }
}

/// Lines of ascending offsets, counted once.
struct LineCounter {
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func line(at offset: Int) -> Int {
    // An alias leads back to where its anchor stands.
    if offset < self.offset { (self.offset, line) = (0, 1) }
    let end = min(offset, bytes.count)
    line += bytes[min(self.offset, end)..<end].count { $0 == UInt8(ascii: "\n") }
    self.offset = end
    return line
  }
}

extension UnitTest {
  fileprivate init(
    _ node: ManifestNode, line: Int, defaultInterval: Int64, _ lines: inout LineCounter
  ) throws(ManifestProblem) {
    let fields = try StrictMapping(
      node, "a test",
      keys: [
        "name", "interval", "start_timestamp", "input_series", "alert_rule_test",
        "promql_expr_test", "external_labels", "external_url",
      ])
    self.line = line
    name = try fields.text("name")?.value ?? ""
    let interval = try fields.duration("interval") ?? 0
    self.interval = interval == 0 ? defaultInterval : interval
    start = try Self.start(fields)
    externalURL = try fields.text("external_url")?.value ?? ""
    externalLabels = [:]
    for pair in try fields.pairs("external_labels") { externalLabels[pair.name] = pair.value }
    input = []
    for node in try fields.items("input_series") {
      let fields = try StrictMapping(node, "a series", keys: ["series", "values"])
      input.append(
        InputSeries(
          line: lines.line(at: node.range.start), series: try fields.text("series")?.value ?? "",
          values: try fields.text("values")?.value ?? ""))
    }
    expressions = []
    for node in try fields.items("promql_expr_test") {
      expressions.append(try ExpressionTest(node, line: lines.line(at: node.range.start)))
    }
    alerts = []
    for node in try fields.items("alert_rule_test") {
      alerts.append(try AlertTest(node, line: lines.line(at: node.range.start)))
    }
  }

  /// RFC 3339, or Unix seconds with a fraction.
  private static func start(_ fields: StrictMapping) throws(ManifestProblem) -> Int64 {
    guard let text = try fields.text("start_timestamp") else { return 0 }
    if let time = CalendarTime.milliseconds(rfc3339: text.value.utf8) { return time }
    if let seconds = try? GoNumber.float(text.value.utf8), abs(seconds) <= Self.latest {
      return Int64((seconds * 1000).rounded())
    }
    throw ManifestProblem(
      ManifestCode.value,
      "start_timestamp must be a time such as 2025-06-01T00:00:00Z, or Unix seconds", at: text.range)
  }

  /// The latest time that a test may name, in seconds: the year 9999.
  private static let latest = 253_402_300_799.0
}

extension UnitTest.ExpressionTest {
  fileprivate init(_ node: ManifestNode, line: Int) throws(ManifestProblem) {
    let fields = try StrictMapping(
      node, "an expression test", keys: ["expr", "eval_time", "exp_samples"])
    self.line = line
    expression = Array((try fields.text("expr")?.value ?? "").utf8)
    time = try fields.duration("eval_time") ?? 0
    samples = []
    for node in try fields.items("exp_samples") {
      let (sample, problem) = try UnitTest.Sample.read(node)
      samples.append(sample)
      self.problem = self.problem ?? problem
    }
  }
}

extension UnitTest.Sample {
  /// A sample, and what is wrong with its notation.
  fileprivate static func read(
    _ node: ManifestNode
  ) throws(ManifestProblem) -> (sample: UnitTest.Sample, problem: String?) {
    let fields = try StrictMapping(node, "a sample", keys: ["labels", "value", "histogram"])
    let text = try fields.text("labels")?.value ?? ""
    var sample = UnitTest.Sample(labels: .none, value: try fields.number("value") ?? 0)
    let literal = try fields.text("histogram")?.value ?? ""
    do throws(SeriesProblem) {
      try sample.read(labels: text)
      if !literal.isEmpty { try sample.read(histogram: literal) }
    } catch { return (sample, "labels \(GoText.quoted(text)): \(error)") }
    return (sample, nil)
  }

  private mutating func read(labels text: String) throws(SeriesProblem) {
    let bytes = Array(text.utf8)
    let head = try SeriesLabels.parse(bytes, allowsBlanks: true)
    let line = SeriesLine(pairs: head.pairs, values: [])
    labels = line.labels
    canMatch = !head.keepsEmptyValue && line.duplicateName == nil
    let blanks: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
    guard let end = bytes[head.end...].firstIndex(where: { !blanks.contains($0) }) else { return }
    let shown = GoText.quoted(bytes[end...].prefix { !blanks.contains($0) })
    throw SeriesProblem(offset: end, "unexpected \(shown)")
  }

  private mutating func read(histogram text: String) throws(SeriesProblem) {
    let values = try SeriesNotation.values(Array(text.utf8))
    guard values.count == 1 else { throw SeriesProblem(offset: 0, "expected 1 value, got \(values.count)") }
    guard case .histogram(let histogram, _) = values[0] else {
      throw SeriesProblem(offset: 0, "expected histogram, got \(text)")
    }
    self.histogram = histogram
  }
}

extension UnitTest.AlertTest {
  fileprivate init(_ node: ManifestNode, line: Int) throws(ManifestProblem) {
    let fields = try StrictMapping(
      node, "an alert test", keys: ["eval_time", "alertname", "exp_alerts"])
    self.line = line
    time = try fields.duration("eval_time") ?? 0
    name = try fields.text("alertname")?.value ?? ""
    alerts = []
    for node in try fields.items("exp_alerts") {
      let fields = try StrictMapping(node, "an alert", keys: ["exp_labels", "exp_annotations"])
      var builder = LabelsBuilder()
      var canMatch = true
      for pair in try fields.pairs("exp_labels") where pair.name != "alertname" {
        builder.set(pair.name, pair.value)
        if pair.value.isEmpty { canMatch = false }
      }
      builder.set("alertname", name)
      var annotations: [String: String] = [:]
      for pair in try fields.pairs("exp_annotations") { annotations[pair.name] = pair.value }
      alerts.append(UnitTest.Alert(labels: builder.labels(), canMatch: canMatch, annotations: annotations))
    }
  }
}
