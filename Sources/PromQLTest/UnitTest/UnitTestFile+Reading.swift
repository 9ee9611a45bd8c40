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
    var composer = try YAMLComposer(checking: bytes)
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
      tests.append(try UnitTest(node, defaultInterval: evaluationInterval, &lines))
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
    _ node: ManifestNode, defaultInterval: Int64, _ lines: inout LineCounter
  ) throws(ManifestProblem) {
    let fields = try StrictMapping(
      node, "a test",
      keys: [
        "name", "interval", "start_timestamp", "input_series", "alert_rule_test",
        "promql_expr_test", "external_labels", "external_url",
      ])
    name = try fields.text("name")?.value ?? ""
    let interval = try fields.duration("interval") ?? 0
    self.interval = interval == 0 ? defaultInterval : interval
    start = try Self.start(fields)
    externalURL = try fields.text("external_url")?.value ?? ""
    externalLabels = [:]
    for pair in try fields.pairs("external_labels") { externalLabels[pair.name] = pair.value }
    series = []
    var total = 0
    for node in try fields.items("input_series") {
      let line = try Self.series(node)
      total += line.values.count
      guard total <= SeriesNotation.maximumValues else {
        throw ManifestProblem(
          ManifestCode.limit, "the series stand for more than \(SeriesNotation.maximumValues) values",
          at: node.range)
      }
      series.append(line)
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

  private static func series(_ node: ManifestNode) throws(ManifestProblem) -> SeriesLine {
    let fields = try StrictMapping(node, "a series", keys: ["series", "values"])
    let labels = try fields.text("series")?.value ?? ""
    let values = try fields.text("values")?.value ?? ""
    var line: SeriesLine
    do { line = try SeriesNotation.series(Array("\(labels) _".utf8)) } catch {
      throw ManifestProblem(ManifestCode.value, "series: \(error)", at: fields.range(of: "series"))
    }
    if let name = line.duplicateName {
      throw ManifestProblem(
        ManifestCode.value, "series: label name \(GoText.quoted(name)) is not unique",
        at: fields.range(of: "series"))
    }
    do { line.values = try SeriesNotation.values(Array(values.utf8)) } catch {
      throw ManifestProblem(ManifestCode.value, "values: \(error)", at: fields.range(of: "values"))
    }
    return line
  }
}

extension UnitTest.ExpressionTest {
  fileprivate init(_ node: ManifestNode, line: Int) throws(ManifestProblem) {
    let fields = try StrictMapping(
      node, "an expression test", keys: ["expr", "eval_time", "exp_samples"])
    self.line = line
    expression = Array((try fields.text("expr")?.value ?? "").utf8)
    time = try fields.duration("eval_time") ?? 0
    samples = []
    for node in try fields.items("exp_samples") { samples.append(try UnitTest.Sample(node)) }
  }
}

extension UnitTest.Sample {
  fileprivate init(_ node: ManifestNode) throws(ManifestProblem) {
    let fields = try StrictMapping(node, "a sample", keys: ["labels", "value", "histogram"])
    let text = try fields.text("labels")?.value ?? ""
    do {
      labels = try SeriesNotation.series(Array("\(text.isEmpty ? "{}" : text) _".utf8)).labels
    } catch {
      throw ManifestProblem(
        ManifestCode.value, "labels \(GoText.quoted(text)): \(error)", at: fields.range(of: "labels"))
    }
    value = try fields.number("value") ?? 0
    guard let literal = try fields.text("histogram"), !literal.value.isEmpty else { return }
    let values: [SequenceValue]
    do { values = try SeriesNotation.values(Array(literal.value.utf8)) } catch {
      throw ManifestProblem(ManifestCode.value, "histogram: \(error)", at: literal.range)
    }
    guard values.count == 1, case .histogram(let histogram, _) = values[0] else {
      throw ManifestProblem(
        ManifestCode.value, "histogram must be one literal such as {{schema:0 count:1 sum:2}}",
        at: literal.range)
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
    guard !name.isEmpty else {
      throw ManifestProblem(
        ManifestCode.missingKey,
        "an item under alert_rule_test misses required attribute alertname at eval_time "
          + DurationText.text(milliseconds: time), at: node.range)
    }
    alerts = []
    for node in try fields.items("exp_alerts") {
      let fields = try StrictMapping(node, "an alert", keys: ["exp_labels", "exp_annotations"])
      var builder = LabelsBuilder()
      for pair in try fields.pairs("exp_labels") { builder.set(pair.name, pair.value) }
      builder.set("alertname", name)
      var annotations: [String: String] = [:]
      for pair in try fields.pairs("exp_annotations") { annotations[pair.name] = pair.value }
      alerts.append(UnitTest.Alert(labels: builder.labels(), annotations: annotations))
    }
  }
}
