import PromQL
import PromQLTest
import Testing

@Suite struct ScriptParserTests {
  /// Scripts that cannot be read, and why.
  private static let broken: [(script: String, error: String)] = [
    ("frobnicate", #"line 1: invalid command "frobnicate": expected clear, load STEP, or eval …"#),
    ("load", "line 1: invalid load command. (load[_with_nhcb] <step:duration>)"),
    ("load_all 5m", "line 1: invalid load command. (load[_with_nhcb] <step:duration>)"),
    (
      "load five",
      #"line 1: invalid step definition "five": not a valid duration string: "five""#
    ),
    ("load 5m\n  a{b=} 1", #"2:5: parse error: unexpected "}" in label set, expected string"#),
    ("\n\nload 5m\n\ta 1\n\ta 1 +", "5:6: parse error: unexpected end of input in series values"),
    ("load 5m\n a@st 1m\n", "line 2: @st line has no following sample line"),
    ("load 5m\n a@st 1m\n a@st 1m\n a 1", "line 2: @st line has no following sample line"),
    (
      "load 5m\n a@st 1m\n b 1",
      "line 2: @st metric does not match the following sample line metric"
    ),
    ("load 5m\n a@st -1mx2\n a 1", "line 2: @st line has 3 values but sample line has 1"),
    (
      "load 5m\n a@st one\n a 1",
      #"2:6: parse error: invalid @st sequence: invalid ST item "one": "#
        + "expected _ or a duration with one unit, like -30s"
    ),
    (
      "eval instant at 5m",
      "line 1: invalid eval command: expected eval[_fail|_warn|_ordered|_info] instant at TIME QUERY, "
        + "or eval[_fail|_warn|_info] range from TIME to TIME step DURATION QUERY"
    ),
    ("eval instant at x 1", #"line 1: invalid timestamp definition "x": not a valid duration string: "x""#),
    ("eval instant at 5m sum(", "1:24: parse error: unclosed left parenthesis"),
    ("# a comment\n  eval instant at 5m foo bar", #"2:24: parse error: unexpected identifier "bar""#),
    (
      "eval range from 5m to 1m step 1m 1",
      "line 1: invalid test definition, end timestamp (1m) is before start timestamp (5m)"
    ),
    ("eval range from 0 to 1m step 0 1", "line 1: invalid test definition, the step must not be 0"),
    ("eval range from 0 to 100y step 1ms 1", "line 1: more than 1000000 steps"),
    (
      "eval instant at 0 a\n  a 1 2",
      "line 2: error in eval a (line 1): expecting multiple values in instant evaluation not allowed: "
        + "2 values, expected exactly 1 (expect range vector must come before the series lines)"
    ),
    (
      "eval instant at 0 a\n  a _",
      "line 2: error in eval a (line 1): an instant evaluation needs a value, not _"
    ),
    (
      "eval instant at 0 a\n  expect warn\n  expect no_warn",
      "line 1: error in eval a (line 1): expect warn and expect no_warn exclude each other"
    ),
    (
      "eval instant at 0 a\n  expect info\n  expect no_info",
      "line 1: error in eval a (line 1): expect info and expect no_info exclude each other"
    ),
    (
      "eval instant at 0 a\n  expect fail\n  expect fail",
      "line 3: error in eval a (line 1): expect fail may stand only once in a block"
    ),
    (
      "eval instant at 0 a\n  expect fail regex: (",
      "line 2: error in eval a (line 1): invalid regex \"(\": "
        + "error parsing regexp: missing closing ): `(`"
    ),
    (
      "eval range from 0 to 1m step 1m a\n  expect ordered",
      "line 2: error in eval a (line 1): "
        + "expect ordered is no use for a range query: its result is sorted by labels"
    ),
    ("eval instant at 0 a\n  a{b=\"c\" 1", #"2:9: parse error: unexpected character inside braces: '1'"#),
  ]

  @Test func `a broken script is an error with its place`() {
    for (script, error) in Self.broken {
      #expect(Self.problem(of: script) == error, "\(script)")
    }
  }

  private static func problem(of script: String) -> String? {
    do {
      _ = try ScriptParser.parse(Array(script.utf8))
      return nil
    } catch { return error.description }
  }

  @Test func `lines of a load replace each other`() throws {
    let script = try ScriptParser.parse(Array("load 30s\n a{b=\"c\"} 1 2\n d 1\n a{b=\"c\"} 3 _x2".utf8))
    guard case .load(let load) = script.commands[0].action else { throw Unexpected() }
    #expect(load.step == 30_000)
    #expect(!load.convertsClassicHistograms)
    #expect(load.series.map(\.line) == [4, 3])
    #expect(load.series.map(\.series.values.count) == [3, 1])
  }

  @Test func `start timestamps belong to the next line`() throws {
    let script = try ScriptParser.parse(
      Array("load 1m\n a@st _ -30s-1mx2 _x2 1h\n a 1 2 3 4 5 6 7".utf8))
    guard case .load(let load) = script.commands[0].action else { throw Unexpected() }
    #expect(
      load.series[0].startOffsets == [nil, -30_000, -90_000, -150_000, nil, nil, 3_600_000])
  }

  @Test func `the query is the rest of the line`() throws {
    let cases: [(line: String, mode: ScriptEvaluation.Mode, query: String)] = [
      ("eval instant at 1m30s   topk(1,  a)", .instant(at: 90_000), "topk(1,  a)"),
      (
        "eval range from 1m to 2m step 30s a[5m:1m]",
        .range(Grid(start: 60_000, end: 120_000, step: 30_000)), "a[5m:1m]"
      ),
      ("eval\tinstant at\t0 \t a", .instant(at: 0), "a"),
    ]
    for (line, mode, query) in cases {
      let script = try ScriptParser.parse(Array(line.utf8))
      guard case .evaluate(let evaluation) = script.commands[0].action else { throw Unexpected() }
      #expect(evaluation.mode == mode, "\(line)")
      #expect(evaluation.query == Array(query.utf8), "\(line)")
    }
  }

  @Test func `a scalar or a legacy line ends the block`() throws {
    let script = try ScriptParser.parse(
      Array(
        "eval instant at 0 1\n 0x1\neval_fail instant at 0 a\n expected_fail_message no\nclear".utf8))
    #expect(script.commands.map(\.line) == [1, 3, 5])
    guard case .evaluate(let scalar) = script.commands[0].action,
      case .evaluate(let failing) = script.commands[1].action,
      case .scalar(let value) = scalar.expectation.answer,
      case .exactly(let text)? = failing.expectation.failure
    else { throw Unexpected() }
    #expect(value == 1)
    #expect(text == "no")
  }

  @Test func `a range vector moves the time to its end`() throws {
    let script = try ScriptParser.parse(
      Array("eval instant at 0 a[1m]\n expect range vector from 10s to 1m step 10s\n a 1 _ 3".utf8))
    guard case .evaluate(let evaluation) = script.commands[0].action,
      case .rangeVector(let grid, let series) = evaluation.expectation.answer
    else { throw Unexpected() }
    #expect(evaluation.mode == .instant(at: 60_000))
    #expect(grid == Grid(start: 10_000, end: 60_000, step: 10_000))
    #expect(series.map(\.values.count) == [3])
  }

  @Test func `all lines of a script together have a limit`() {
    let lines = (0..<11).map { "  a\($0) 0x999999" }
    let script = "load 1m\n" + lines.joined(separator: "\n")
    #expect(Self.problem(of: script)?.contains("too many values") == true)
  }

  private struct Unexpected: Error {}
}
