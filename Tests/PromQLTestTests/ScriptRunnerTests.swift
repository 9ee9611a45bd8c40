import PromQLTest
import Testing

@Suite struct ScriptRunnerTests {
  /// Data for the evaluations below.
  private static let data = """
    load 1m
      a{n="1"} 1 2 3
      a{n="2"} 10 20 30
      jam_bucket{le="1"} 3
      jam_bucket{le="2"} 2
      jam_bucket{le="+Inf"} 5


    """

  /// Evaluations whose expectations are wrong, the run that shows it and what it says.
  private static let failing: [(block: String, run: String, problem: String)] = [
    (
      "eval instant at 0 a\n a{n=\"1\"} 1\n a{n=\"2\"} 11",
      "as written, at 0 s",
      #"{__name__="a", n="2"} has other values"#
    ),
    ("eval instant at 0 a\n a{n=\"1\"} 1", "as written, at 0 s", #"{__name__="a", n="2"} is not expected"#),
    (
      "eval instant at 0 a{n=\"1\"}\n a{n=\"1\"} 1\n a{n=\"3\"} 1",
      "as written, at 0 s",
      #"{__name__="a", n="3"} is missing in the result"#
    ),
    (
      "eval instant at 0 a{n=\"1\"}\n {n=\"1\"} 1",
      "as written, at 0 s",
      #"{n="1"} is missing in the result"#
    ),
    (
      "eval instant at 0 a{n=\"1\"}\n a{n=\"1\"} {{count:1}}",
      "as written, at 0 s",
      #"{__name__="a", n="1"} has other values"#
    ),
    ("eval instant at 0 a{n=\"1\"} - 1\n {n=\"1\"} 1e-9", "as written, at 0 s", #"{n="1"} has other values"#),
    ("eval instant at 0 a", "as written, at 0 s", #"{__name__="a", n="1"} is not expected"#),
    ("eval instant at 0 1\n 2", "as written, at 0 s", "the scalar differs"),
    ("eval instant at 0 1", "as written, at 0 s", "expected an empty result, got a scalar"),
    ("eval instant at 0 vector(1)\n 1", "as written, at 0 s", "expected a scalar, got an instant vector"),
    ("eval instant at 0 \"x\"\n expect string \"y\"", "as written, at 0 s", "the string differs"),
    ("eval instant at 0 \"x\"\n x 1", "as written, at 0 s", "expected series, got a string"),
    (
      "eval instant at 2m sort(a)\n expect ordered\n a{n=\"2\"} 30\n a{n=\"1\"} 3",
      "as written, at 120 s",
      "the order differs"
    ),
    (
      "eval instant at 2m a[1m]\n a{n=\"1\"} 3",
      "as written, at 120 s",
      "expected series, got a range vector"
    ),
    (
      "eval instant at 0 a{n=\"1\"}[2m]\n expect range vector from 1m to 2m step 1m\n a{n=\"1\"} 2 4",
      "as written, at 120 s", #"{__name__="a", n="1"} has other values"#
    ),
    (
      "eval range from 0 to 2m step 1m a{n=\"1\"}\n a{n=\"1\"} 1 2 _",
      "range",
      #"{__name__="a", n="1"} has other values"#
    ),
    (
      "eval range from 0 to 2m step 1m a{n=\"1\"}\n a{n=\"1\"} 1 2 3 4", "range",
      #"expected 4 points for {__name__="a", n="1"}, but the range has only 3 steps"#
    ),
    ("eval range from 0 to 1m step 1m 1\n 1", "range", "expected a scalar, got a range vector"),
    ("eval instant at 0 a\n expect fail", "as written, at 0 s", "the query must fail, but it did not"),
    (
      "eval instant at 0 topk(NaN, a)", "as written, at 0 s",
      "the query failed: Parameter value is NaN"
    ),
    (
      "eval instant at 0 topk(NaN, a)\n expect fail msg: Parameter value is none",
      "as written, at 0 s", "the query failed with another text than expected"
    ),
    (
      "eval instant at 0 topk(NaN, a)\n expect fail regex: ^value", "as written, at 0 s",
      "the query failed with another text than expected"
    ),
    (
      "eval_warn instant at 0 a\n a{n=\"1\"} 1\n a{n=\"2\"} 10",
      "as written, at 0 s",
      "expected a warning: any text"
    ),
    (
      "eval instant at 0 quantile(2, a)\n expect no_warn\n {} Inf", "as written, at 0 s",
      "expected no warning, got: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"
    ),
    (
      "eval instant at 0 quantile(2, a)\n expect warn msg: other\n {} Inf", "as written, at 0 s",
      "no warning is \"other\"; got: "
        + "PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"
    ),
    (
      "eval instant at 0 quantile(2, a) + quantile(3, a)\n expect warn regex: got 2\n {} Inf",
      "as written, at 0 s",
      "unexpected warning: PromQL warning: quantile value should be between 0 and 1, got 3 (1:27)"
    ),
    (
      "eval instant at 0 a\n expect info\n a{n=\"1\"} 1\n a{n=\"2\"} 10", "as written, at 0 s",
      "expected an info: any text"
    ),
    // The time of the evaluation is part of the text: only the pinned runs differ.
    (
      "eval instant at 0 histogram_quantile(0.5, jam_bucket)\n expect info regex: samples "
        + "from 1970-01-01T00:00:00Z\n {} 0.8333333333333334",
      "pinned, at -1 s: histogram_quantile(0.5, jam_bucket @ 0.000)", "no info is"
    ),
  ]

  @Test func `a wrong expectation fails and says why`() throws {
    for (block, run, problem) in Self.failing {
      let result = try Self.run(Self.data + block)
      #expect(result.outcomes.count == 1)
      let failure = try #require(result.outcomes.last?.failure, "\(block)")
      #expect("\(failure.run)" == run, "\(block)")
      #expect(failure.problem.hasPrefix(problem), "\(block): \(failure.problem)")
    }
  }

  /// Evaluations that hold only by the leniency of the comparison.
  private static let passing = [
    "eval instant at 0 a{n=\"1\"} / 3\n {n=\"1\"} 0.3333334",
    "eval instant at 0 -a{n=\"1\"} + 1\n {n=\"1\"} -0",
    "eval instant at 0 vector(NaN)\n {} NaN",
    "eval instant at 0 topk(NaN, a)\n expect fail",
    "eval_fail instant at 0 topk(NaN, a)\n expected_fail_message Parameter value is NaN",
    "eval_fail instant at 0 topk(NaN, a)\n expected_fail_regexp value .s",
    "eval_warn instant at 0 quantile(2, a)\n {} Inf",
    "eval instant at 0 quantile(2, a)\n {} Inf",
    "eval range from 0 to 2m step 1m a{n=\"1\"}\n a{n=\"1\"} 1 2 3",
    "eval range from 0 to 2m step 1m nothing",
    "eval range from 0 to 2m step 1m 1\n {} 1x2",
  ]

  @Test func `a right expectation passes`() throws {
    for block in Self.passing {
      let result = try Self.run(Self.data + block)
      #expect(result.passed == 1 && result.failed == 0, "\(block): \(result)")
    }
  }

  @Test func `data that the store refuses is a failure with its line`() throws {
    let cases: [(script: String, line: Int, problem: String)] = [
      ("load 1m\n {} 1", 2, "empty labelset"),
      ("load 1m\n a{b=\"1\",b=\"2\"} 1", 2, "label name \"b\" is not unique"),
      ("load 1m\n a 1 2\n\nload 30s\n a 1 2", 5, "out of order sample"),
      ("load 1m\n a 1\n\nload 1m\n a 2", 5, "duplicate sample for timestamp"),
      ("load 1m\n a {{count:-1}}", 2, "observation count is"),
      (
        "load_with_nhcb 1m\n a_bucket{le=\"1\"} 3\n a_bucket{le=\"2\"} 2",
        2,
        "{__name__=\"a\"}: count is not cumulative: 2 < 3"
      ),
      ("load_with_nhcb 1m\n a_bucket{le=\"1\"} -1", 2, "{__name__=\"a\"}: bucket count must be non-negative"),
      ("load_with_nhcb 1m\n a_bucket{le=\"+Inf\"} 2\n a_count 3", 2, "{__name__=\"a\"}: count mismatch"),
    ]
    for (script, line, problem) in cases {
      let result = try Self.run(script)
      let outcome = try #require(result.outcomes.last { $0.failure != nil }, "\(script)")
      #expect(outcome.line == line, "\(script)")
      #expect(outcome.failure?.problem.contains(problem) == true, "\(outcome)")
    }
  }

  @Test func `the same data twice is no failure`() throws {
    let result = try Self.run("load 1m\n a 1\n\nload 1m\n a 1\n\neval instant at 0 a\n a 1")
    #expect(result.passed == 1 && result.failed == 0)
  }

  @Test func `classic histograms become native ones`() throws {
    let script = """
      load_with_nhcb 1m
        wait_bucket{le="1"} 1 2
        wait_bucket{le="2"} 3 5
        wait_bucket{le="+Inf"} 4 6
        wait_count 4 6
        wait_sum 7 8
        wait_bucket{le="none"} 1
        lone_sum 5

      eval instant at 1m wait
        wait {{schema:-53 sum:8 count:6 custom_values:[1 2] buckets:[2 3 1]}}

      eval instant at 0 lone
        lone {{schema:-53 sum:5}}

      eval instant at 1m wait_count
        wait_count 6
      """
    let result = try Self.run(script)
    #expect(result.passed == 3 && result.failed == 0, "\(result)")
  }

  @Test func `reports name the place, the run and both values`() throws {
    let file = FileReport(
      path: "x/y.test",
      content: .outcomes(
        try Self.run(Self.data + "eval instant at 0 a\n a{n=\"1\"} 1\n a{n=\"2\"} 11").outcomes))
    let broken = FileReport(path: "z.test", script: Array("nonsense".utf8), runner: ScriptRunner())
    let report = TestReport(files: [file, broken])
    #expect(
      TestText(listsFiles: true).render(report) == """
        x/y.test:8: a
          run:     as written, at 0 s
          problem: {__name__="a", n="2"} has other values
              series                 expected  got
            ≠ {__name__="a", n="2"}  11        10
              {__name__="a", n="1"}  1         1

        z.test:line 1: invalid command "nonsense": expected clear, load STEP, or eval …

        x/y.test  0 passed, 1 failed
        z.test    unreadable

        0 passed, 1 failed, 1 unreadable

        """)
    let xml = JUnitReport.render(report)
    #expect(xml.contains(#"<testsuite name="x/y.test" tests="1" failures="1" errors="0">"#))
    #expect(xml.contains(#"{__name__=&quot;a&quot;, n=&quot;2&quot;}: expected 11, got 10"#))
    #expect(xml.contains(#"<error message="line 1: invalid command"#))
  }

  private static func run(_ script: String) throws -> ScriptResult {
    ScriptRunner().run(try ScriptParser.parse(Array(script.utf8)))
  }
}
