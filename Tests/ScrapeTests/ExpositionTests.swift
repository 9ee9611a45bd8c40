import Scrape
import Testing
import TimeSeries

/// One line a sample: `{labels} value [@milliseconds]`.
private func listing(_ exposition: Exposition) -> [String] {
  exposition.samples.map { sample in
    let time = sample.timestamp.map { " @\($0)" } ?? ""
    return "\(sample.labels) \(GoText.json(sample.value))\(time)"
  }
}

private func read(_ text: String, _ format: ExpositionFormat) throws -> Exposition {
  try Exposition(Array(text.utf8), format: format)
}

@Suite struct ExpositionTests {
  @Test func `the text format is read as the reference reads it`() throws {
    let cases: [(text: String, expected: [String])] = [
      ("", []),
      ("\n\n  \n\t\n", []),
      ("# any words\n#no blank\n#\n# HELPLESS words\n#HELP a b\n", []),
      ("a 1", [#"{__name__="a"} 1"#]),
      ("  up 1\n", [#"{__name__="up"} 1"#]),
      ("a:b_9{x=\"1\"} 2 3\n", [#"{__name__="a:b_9", x="1"} 2 @3"#]),
      ("a{}5\n", [#"{__name__="a"} 5"#]),
      ("a \t { x = \"1\" , y=\"2\" , } \t 1 \t 7 \n", [#"{__name__="a", x="1", y="2"} 1 @7"#]),
      ("a{z=\"1\" b=\"2\"}1\n", [#"{__name__="a", b="2", z="1"} 1"#]),
      (#"{"a b",c="d"} 1"#, [#"{__name__="a b", c="d"} 1"#]),
      (#"{c="d","a b"} 1"#, [#"{__name__="a b", c="d"} 1"#]),
      (#"a{"l l"="v"} 1"#, [#"{__name__="a", "l l"="v"} 1"#]),
      (#"a{x="q\"s\\t\nu\v"} 1"#, [#"{__name__="a", x="q\"s\\t\nu\\v"} 1"#]),
      ("a{x=\"raw\nline\"} 1\n", [#"{__name__="a", x="raw\nline"} 1"#]),
      ("a{x=\"\"} 1\n", [#"{__name__="a"} 1"#]),
      ("a{x=\"\",x=\"1\"} 1\n", [#"{__name__="a"} 1"#]),
      ("a{x=\"n\u{0}l\"} 1\n\u{0}b 2\n", [#"{__name__="a", x="n\x00l"} 1"#]),
      ("a{x=\"é\"} 1\n", [#"{__name__="a", x="é"} 1"#]),
      ("# HELP a t\na 1\n# TYPE a counter\n", [#"{__name__="a"} 1"#]),
      (
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1e6\"} 1\nh_bucket{le=\"x\"} 1\n"
          + "# TYPE s summary\ns{quantile=\"0.50\"} 1\ns{le=\"1\"} 1\n# TYPE g gauge\ng{le=\"1\"} 1\n",
        [
          #"{__name__="h_bucket", le="1.0"} 1"#, #"{__name__="h_bucket", le="1e+06"} 1"#,
          #"{__name__="h_bucket", le="x"} 1"#, #"{__name__="s", quantile="0.5"} 1"#,
          #"{__name__="s", le="1"} 1"#, #"{__name__="g", le="1"} 1"#,
        ]
      ),
    ]
    for (text, expected) in cases {
      #expect(listing(try read(text, .text)) == expected, "\(text)")
    }
  }

  @Test func `OpenMetrics is read as the reference reads it`() throws {
    let cases: [(text: String, expected: [String])] = [
      ("# EOF", []),
      ("# EOF\n", []),
      ("a 1\n# EOF", [#"{__name__="a"} 1"#]),
      ("a{x=\"1\",} 1.5 1700000000.1239\n# EOF\n", [#"{__name__="a", x="1"} 1.5 @1700000000123"#]),
      ("a 1 -5.5\n# EOF\n", [#"{__name__="a"} 1 @-5500"#]),
      ("a 1 1e3\n# EOF\n", [#"{__name__="a"} 1 @1000000"#]),
      ("{\"a.b\"} 1\n# EOF\n", [#"{__name__="a.b"} 1"#]),
      (
        "# TYPE a counter\na_total 5\na_created 17\n# EOF\n",
        [#"{__name__="a_total"} 5"#, #"{__name__="a_created"} 17"#]
      ),
      ("# TYPE g gaugehistogram\ng_bucket{le=\"1\"} 1\n# EOF\n", [#"{__name__="g_bucket", le="1"} 1"#]),
    ]
    for (text, expected) in cases {
      #expect(listing(try read(text, .openMetrics)) == expected, "\(text)")
    }
  }

  @Test func `numbers are correctly rounded, whatever their form`() throws {
    let cases: [(text: String, bits: UInt64)] = [
      ("0", 0), ("-0", 0x8000_0000_0000_0000), ("+1", 0x3FF0_0000_0000_0000),
      ("00012", (12.0).bitPattern), ("5.", (5.0).bitPattern), (".5", (0.5).bitPattern),
      ("1E3", (1000.0).bitPattern), ("1e-320", 2024), ("4.9e-324", 1), ("2.4e-324", 0),
      ("123456789012345678901234567890", 0x45F8_EE90_FF6C_373E),
      ("9007199254740993", (9007199254740992.0).bitPattern),
      ("9007199254740993.00000000000000000001", (9007199254740994.0).bitPattern),
      ("0.1", (0.1).bitPattern), ("2.2250738585072011e-308", 0x000F_FFFF_FFFF_FFFF),
      ("1.7976931348623157e308", Double.greatestFiniteMagnitude.bitPattern), ("1e-400", 0),
      ("0e999999", 0), ("17.954116e8", (1795411600.0).bitPattern), ("1e22", (1e22).bitPattern),
      ("1e23", (1e23).bitPattern), ("0.000000000000000000000001", (1e-24).bitPattern),
      ("0000000000000000000000000001", (1.0).bitPattern), ("8.41e+21", (8.41e21).bitPattern),
      ("Infinity", Double.infinity.bitPattern), ("-inf", (-Double.infinity).bitPattern),
      ("+Inf", Double.infinity.bitPattern),
    ]
    for (text, bits) in cases {
      let read = try read("a \(text)\n", .text).samples.first?.value
      #expect(read?.bitPattern == bits, "\(text)")
    }
    for text in ["NaN", "nan", "NAN"] {
      let read = try read("a \(text)\n", .text).samples.first?.value
      #expect(read?.bitPattern == StaleMarker.ordinaryNaN.bitPattern, "\(text)")
    }
  }

  @Test func `any double survives printing and reading`() throws {
    var state: UInt64 = 42
    for _ in 0..<5000 {
      state = state &* 6364136223846793005 &+ 1442695040888963407
      let value = Double(bitPattern: state ^ state >> 29)
      guard value.isFinite else { continue }
      let text = GoText.general(value)
      #expect(try read("a \(text)\n", .text).samples.first?.value == value, "\(text)")
    }
  }

  @Test func `metadata is kept by metric`() throws {
    let text = try read(
      "# HELP a   x \\\\ y\\nz \\\" \n# TYPE a counter\n#\tHELP\tb\ttab\n# HELP c\n# TYPE \"q.r\" gauge\n"
        + "# TYPE d untyped\n# HELP a later\n", .text)
    #expect(
      text.families == [
        MetricFamily(name: "a", type: .counter, help: "later"), MetricFamily(name: "b", help: "tab"),
        MetricFamily(name: "c"), MetricFamily(name: "q.r", type: .gauge), MetricFamily(name: "d"),
      ])
    let blanks = try read("# HELP a   x \\\\ y\\nz \\\" \n", .text)
    #expect(blanks.families.first?.help == "  x \\ y\nz \\\" ")
    let open = try read(
      "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds q\\\"q\\\\b\\nn\\x\n# EOF\n",
      .openMetrics)
    #expect(
      open.families == [
        MetricFamily(name: "a_seconds", type: .gauge, help: "q\"q\\b\nn\\x", unit: "seconds")
      ])
  }

  @Test func `exemplars come with their samples`() throws {
    let exposition = try read(
      "a_total 1 # {b=\"x\\\"y\"} 2 3.5\nb_total 1 9 # {} 4\nc 1\n# EOF\n", .openMetrics)
    let exemplars = exposition.samples.map(\.exemplar)
    #expect(exemplars[0]?.labels == labels(("b", "x\\\"y")))
    #expect(exemplars[0]?.value == 2 && exemplars[0]?.timestamp == 3500)
    #expect(exemplars[1]?.labels == Labels.none && exemplars[1]?.timestamp == nil)
    #expect(exposition.samples[1].timestamp == 9000)
    #expect(exemplars[2] == nil)
  }

  @Test func `the Content-Type decides the format`() throws {
    let formats: [(type: String, format: ExpositionFormat)] = [
      ("text/plain", .text), ("Text/Plain; version=0.0.4; charset=utf-8", .text),
      ("text/plain;version=1.0.0;escaping=allow-utf-8", .text),
      ("application/openmetrics-text; version=2.0.0", .openMetrics), ("text/plain;", .text),
      ("text/plain ; ", .text), ("text/plain;a=\"b;c\\\"\"; d = e", .text), ("TEXT/PLAIN\t;a=b;", .text),
    ]
    for (type, format) in formats {
      #expect(try ExpositionFormat.negotiated(contentType: type) == format)
    }
    let blank =
      "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target"
    var refusals: [(type: String?, reason: String)] = [
      (nil, blank), ("", blank),
      (
        "text/html; charset=utf-8",
        "received unsupported Content-Type \"text/html; charset=utf-8\" and no fallback_scrape_protocol "
          + "specified for target"
      ),
    ]
    let malformed: [(String, String)] = [
      ("text/plain;;", "invalid media parameter"), ("text/plain;a", "invalid media parameter"),
      ("text/plain;a=", "invalid media parameter"), ("text/plain;a=b c", "invalid media parameter"),
      ("text/", "expected token after slash"), ("/plain", "no media type"), (";", "no media type"),
      ("text plain", "expected slash after first token"),
      ("text/plain x", "unexpected content after media subtype"),
    ]
    for (type, words) in malformed {
      let reason =
        "cannot parse Content-Type \"\(type)\" and no fallback_scrape_protocol for target\nmime: \(words)"
      refusals.append((type, reason))
    }
    for (type, reason) in refusals {
      #expect(try ExpositionFormat.negotiated(contentType: type, fallback: .openMetrics) == .openMetrics)
      let problem = #expect(throws: ContentTypeProblem.self) {
        try ExpositionFormat.negotiated(contentType: type)
      }
      #expect(problem?.description == reason)
    }
  }
}
