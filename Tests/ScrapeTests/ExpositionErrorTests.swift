import Scrape
import Testing

@Suite struct ExpositionErrorTests {
  private struct Case {
    var text: String
    var line: Int
    var column: Int
    var reason: String

    init(_ text: String, _ line: Int, _ column: Int, _ reason: String) {
      self.text = text
      self.line = line
      self.column = column
      self.reason = reason
    }
  }

  private func check(_ cases: [Case], _ format: ExpositionFormat) {
    for expected in cases {
      let error = #expect(throws: ExpositionError.self, "\(expected.text)") {
        try Exposition(Array(expected.text.utf8), format: format)
      }
      #expect(error?.reason == expected.reason)
      #expect(error?.line == expected.line && error?.column == expected.column, "\(expected.text)")
    }
  }

  @Test func `faults in text are named with their place`() {
    check(
      [
        Case("a 1\nb\n", 2, 2, ##"expected value after metric, got "\n" ("INVALID") while parsing: "b\n""##),
        Case(
          "a 1 -5\n", 1, 5,
          ##"expected timestamp or new record, got "-" ("INVALID") while parsing: "a 1 -""##),
        Case(
          "a 1 2 3\n", 1, 7,
          ##"expected next entry after timestamp, got "3\n" ("TIMESTAMP") while parsing: "a 1 2 3\n""##),
        Case(
          "a 1 # c\n", 1, 5,
          ##"expected timestamp or new record, got "#" ("INVALID") while parsing: "a 1 #""##),
        Case(
          "\n\n a{,x=\"1\"} 1\n", 3, 4,
          ##"expected label name, got ",x" ("COMMA") while parsing: " a{,x""##),
        Case(
          "a{x=\"1\",,y=\"2\"} 1\n", 1, 9,
          ##"expected label name, got ",y" ("COMMA") while parsing: "a{x=\"1\",,y""##),
        Case("a{x:y=\"1\"} 1\n", 1, 4, ##"expected equal, got ":" ("INVALID") while parsing: "a{x:""##),
        Case("a{x=1} 1\n", 1, 5, ##"expected label value, got "1" ("INVALID") while parsing: "a{x=1""##),
        Case("a{x} 1\n", 1, 3, ##"metric name already set while parsing: "a{x}""##),
        Case("{x} 1\n", 1, 3, ##"expected equal, got "} " ("BCLOSE") while parsing: "{x} ""##),
        Case(
          "a{x=\"1\"}{ 1\n", 1, 9,
          ##"expected value after metric, got "{ " ("BOPEN") while parsing: "a{x=\"1\"}{ ""##),
        Case("9a 1\n", 1, 1, ##"expected a valid start token, got "9" ("INVALID") while parsing: "9""##),
        Case("{x=\"1\"} 1\n", 1, 1, ##"metric name not set while parsing: "{x=\"1\"} 1""##),
        Case("a{\"b\",x=\"1\"} 1\n", 1, 3, ##"metric name already set while parsing: "a{\"b\",""##),
        Case("a{b} 1\n", 1, 3, ##"metric name already set while parsing: "a{b}""##),
        Case("a{b,c=\"1\"} 1\n", 1, 3, ##"metric name already set while parsing: "a{b,""##),
        Case("{\"a\",b} 1\n", 1, 6, ##"metric name already set while parsing: "{\"a\",b}""##),
        Case("{\"a\",\"b\"} 1\n", 1, 6, ##"metric name already set while parsing: "{\"a\",\"b\"}""##),
        Case("a{x=\"1\",x=\"2\"} 1\n", 1, 1, ##"label name "x" is not unique: invalid sample"##),
        Case("a{__name__=\"b\"} 1\n", 1, 1, ##"label name "__name__" is not unique: invalid sample"##),
        Case("{\"\"} 1\n", 1, 1, "missing metric name (__name__ label)"),
        Case("a 1\r\n", 1, 3, ##"strconv.ParseFloat: parsing "1\r": invalid syntax while parsing: "a 1\r""##),
        Case("a-b 1\n", 1, 2, ##"strconv.ParseFloat: parsing "-b": invalid syntax while parsing: "a-b""##),
        Case(
          "a 0x10\n", 1, 3,
          ##"strconv.ParseFloat: parsing "0x10": invalid syntax while parsing: "a 0x10""##),
        Case("a 0x1p3\n", 1, 3, ##"unsupported character in float while parsing: "a 0x1p3""##),
        Case("a 1_0\n", 1, 3, ##"unsupported character in float while parsing: "a 1_0""##),
        Case(
          "a 1e999\n", 1, 3,
          ##"strconv.ParseFloat: parsing "1e999": value out of range while parsing: "a 1e999""##),
        Case(
          "a +nan\n", 1, 3,
          ##"strconv.ParseFloat: parsing "+nan": invalid syntax while parsing: "a +nan""##),
        Case(
          "a 1 99999999999999999999\n", 1, 5,
          ##"strconv.ParseInt: parsing "99999999999999999999": value out of range while parsing: "a 1 "##
            + ##"99999999999999999999""##),
        Case("# TYPE a foo\n", 1, 10, ##"invalid metric type "foo""##),
        Case("# TYPE a  counter\n", 1, 10, ##"invalid metric type " counter""##),
        Case("# TYPE a counter \n", 1, 10, ##"invalid metric type "counter ""##),
        Case("# TYPE a gaugehistogram\n", 1, 10, ##"invalid metric type "gaugehistogram""##),
        Case(
          "# HELP \n", 1, 8,
          ##"expected metric name after HELP, got "\n" ("INVALID") while parsing: "# HELP \n""##),
        Case(
          "a{x=\"\n", 1, 5,
          ##"expected label value, got "\"\n\n" ("INVALID") while parsing: "a{x=\"\n\n""##),
      ], .text)
  }

  @Test func `faults in OpenMetrics are named with their place`() {
    check(
      [
        Case("a 1\n", 2, 1, "data does not end with # EOF"),
        Case("", 1, 1, "data does not end with # EOF"),
        Case("a 1", 1, 4, "data does not end with # EOF"),
        Case("a 1\n# EOF\nb 1\n", 3, 1, "unexpected data after # EOF"),
        Case("# EOF \n", 1, 6, "unexpected data after # EOF"),
        Case(
          "a 1\n\n# EOF\n", 2, 1,
          ##"expected a valid start token, got "\n" ("INVALID") while parsing: "\n""##),
        Case(
          "# hello\n# EOF\n", 1, 1,
          ##"expected a valid start token, got "# h" ("INVALID") while parsing: "# h""##),
        Case(
          "a\t1\n# EOF\n", 1, 2,
          ##"expected value after metric, got "\t" ("INVALID") while parsing: "a\t""##),
        Case(
          "a  1\n# EOF\n", 1, 2,
          ##"expected value after metric, got "  " ("INVALID") while parsing: "a  ""##),
        // 3.5.3's texts: the sample is complete, and what follows is the start of nothing.
        Case(
          "a 1 \n# EOF\n", 1, 5,
          ##"expected a valid start token, got "\n#" ("LINEBREAK") while parsing: "\n#""##),
        Case("a 1 # EOF\n", 1, 7, ##"expected a valid start token, got "E" ("INVALID") while parsing: "E""##),
        Case(
          "a 1  2\n# EOF\n", 1, 5,
          ##"expected a valid start token, got " 2\n" ("TIMESTAMP") while parsing: " 2\n""##),
        Case(
          "a 1 # \n# EOF\n", 1, 7,
          ##"expected a valid start token, got "\n#" ("LINEBREAK") while parsing: "\n#""##),
        Case("a 1 ", 1, 5, "data does not end with # EOF"),
        Case(
          "a 1 2", 1, 6, ##"expected next entry after timestamp, got " 2" ("EOF") while parsing: "a 1 2""##),
        Case(
          "a 1 # {x=\"1\"} 2 3", 1, 18,
          ##"expected next entry after exemplar timestamp, got " 3" ("EOF") while parsing: "a 1 # {x=\"1\"} 2 3""##
        ),
        Case("a 1 # {x=\"1\"} 2", 1, 16, "data does not end with # EOF"),
        Case(
          "a{x=\"1\"", 1, 8,
          ##"expected comma or brace close, got "\"1\"" ("EOF") while parsing: "a{x=\"1\"""##),
        Case("EOF", 1, 4, ##"expected value after metric, got "EOF" ("EOF") while parsing: "EOF""##),
        Case(
          "a 1 # {abc} 1\n# EOF\n", 1, 11,
          ##"expected label name, got "} " ("BCLOSE") while parsing: "a 1 # {abc} ""##),
        Case("# TYPE a", 1, 9, "expected text in TYPE"), Case("# HELP a\t\n", 1, 9, "expected text in HELP"),
        Case(
          "a{x=\"1\" y=\"2\"} 1\n# EOF\n", 1, 8,
          ##"expected comma or brace close, got " " ("INVALID") while parsing: "a{x=\"1\" ""##),
        Case(
          "a{x=\"1\n\"} 1\n# EOF\n", 1, 5,
          ##"expected label value, got "\"1\n" ("INVALID") while parsing: "a{x=\"1\n""##),
        Case("a 1 NaN\n# EOF\n", 1, 5, "invalid timestamp NaN"),
        Case("a 1 -Inf\n# EOF\n", 1, 5, "invalid timestamp -Inf"),
        Case("a 1 # {} 1 NaN\n# EOF\n", 1, 12, "invalid exemplar timestamp NaN"),
        Case(
          "a 1 # {\"x\"} 1\n# EOF\n", 1, 11,
          ##"expected label name, got "} " ("BCLOSE") while parsing: "a 1 # {\"x\"} ""##),
        Case("# TYPE a untyped\n# EOF\n", 1, 10, ##"invalid metric type "untyped""##),
        Case("# UNIT a_seconds bytes\n# EOF\n", 1, 18, ##"unit "bytes" not a suffix of metric "a_seconds""##),
        Case(
          "# UNIT aseconds seconds\n# EOF\n", 1, 17,
          ##"unit "seconds" not a suffix of metric "aseconds""##),
        Case(
          "# HELP a\n# EOF\n", 1, 9, "expected text in HELP"),
      ], .openMetrics)
  }

  @Test func `text that is no UTF-8 is refused`() {
    let broken: [(bytes: [UInt8], reason: String)] = [
      (Array("a{x=\"".utf8) + [0xFF] + Array("\"} 1\n".utf8), #"invalid UTF-8 label value: "\"\xff\"""#),
      (
        Array("a 1".utf8) + [0x9A, 0x0A],
        #"strconv.ParseFloat: parsing "1\x9a": invalid syntax while parsing: "a 1\x9a""#
      ),
      (Array("# HELP a ".utf8) + [0xFF, 0x0A], #"help text "\xff" is not a valid utf8 string"#),
      (
        Array("{\"".utf8) + [0xC3] + Array("\"} 1\n".utf8),
        "invalid metric name or label names: {__name__=\"\u{FFFD}\"}"
      ),
    ]
    for (bytes, reason) in broken {
      let error = #expect(throws: ExpositionError.self) { try Exposition(bytes, format: .text) }
      #expect(error?.reason == reason)
    }
  }

  @Test func `a fault in a long line is quoted in part`() {
    let text = "a{x=\"" + String(repeating: "y", count: 1_000_000) + "\n"
    let error = #expect(throws: ExpositionError.self) {
      try Exposition(Array(text.utf8), format: .text)
    }
    #expect((error?.reason.utf8.count ?? .max) < 2000)
  }
}
