import Foundation
import PromQLTest
import Testing
import TimeSeries

@Suite struct SeriesNotationTests {
  /// Lines and what they stand for: `labels | values`, or the error.
  private static let cases: [(line: String, meaning: String)] = [
    ("rain", #"{__name__="rain"} | "#),
    ("rain 1 2.5 -3", #"{__name__="rain"} | 1 2.5 -3"#),
    (#"rain{town="Ulm"} 4"#, #"{__name__="rain", town="Ulm"} | 4"#),
    (#"{town='Ulm',"__name__"="rain",} 4"#, #"{__name__="rain", town="Ulm"} | 4"#),
    (#"{"rain.fall","town.id"="u",other=""} 1"#, #"{__name__="rain.fall", "town.id"="u"} | 1"#),
    (#"rain{town="\x55lm\u2603"} 1"#, #"{__name__="rain", town="Ulm☃"} | 1"#),
    ("offset{by=\"x\"} 1", #"{__name__="offset", by="x"} | 1"#),
    ("{} 1", "{} | 1"),
    ("a 5x2", #"{__name__="a"} | 5 5 5"#),
    ("a 5+2x3", #"{__name__="a"} | 5 7 9 11"#),
    ("a 5-2x3 8", #"{__name__="a"} | 5 3 1 -1 8"#),
    ("a -5+2x1", #"{__name__="a"} | -5 -3"#),
    ("a _ _x2 1 _x0", #"{__name__="a"} | _ _ _ 1"#),
    ("a stale Inf -inf nAn 1e2 011", #"{__name__="a"} | stale +Inf -Inf NaN 100 9"#),
    ("a   1 \t 2  ", #"{__name__="a"} | 1 2"#),
    ("a {{}}", #"{__name__="a"} | {{}}"#),
    (
      "a {{sum:3 count:2 schema:1 offset:2 buckets:[1 0 1] z_bucket:1 z_bucket_w:0.5}}",
      #"{__name__="a"} | {{schema:1 count:2 sum:3 z_bucket:1 z_bucket_w:0.5 offset:2 buckets:[1 0 1]}}"#
    ),
    (
      "a {{schema:-53 custom_values:[1 2] buckets:[4 5 6]}}x1",
      #"{__name__="a"} | {{schema:-53 custom_values:[1 2] buckets:[4 5 6]}} "#
        + "{{schema:-53 custom_values:[1 2] buckets:[4 5 6]}}"
    ),
    (
      "a {{n_offset:-1 n_buckets:[1 2] counter_reset_hint:gauge}}",
      #"{__name__="a"} | {{counter_reset_hint:gauge n_offset:-1 n_buckets:[1 2]}}!"#
    ),
    (
      "a {{count:1 buckets:[1]}}+{{count:2 buckets:[2]}}x2",
      #"{__name__="a"} | {{count:1 buckets:[1]}} {{count:3 buckets:[3]}} {{count:5 buckets:[5]}}"#
    ),
    ("a{b} 1", #"1:4: parse error: unexpected "}" in label set, expected "=""#),
    ("a{b=1} 1", "1:5: parse error: unexpected character inside braces: '1'"),
    (#"a{b="c" d="e"} 1"#, #"1:9: parse error: unexpected identifier "d" in label set, expected "," or "}""#),
    (#"a{,} 1"#, #"1:3: parse error: unexpected "," in label set, expected identifier or "}""#),
    (#"a{b="c} 1"#, "1:5: parse error: unterminated quoted string"),
    ("a{b=\"\u{1}", "1:5: parse error: unterminated quoted string"),
    (#"a{b="c"}1"#, #"1:9: parse error: unexpected number "1" in series values"#),
    ("(a) 1", #"1:1: parse error: unexpected "(" in series values"#),
    ("a 1 +", "1:6: parse error: unexpected end of input in series values"),
    ("a 1x", "1:5: parse error: unexpected end of input in series values"),
    (
      "a 1x2.5",
      "1:5: parse error: invalid repetition in series values: strconv.ParseUint: parsing "
        + "\"2.5\": invalid syntax"
    ),
    (
      "a 1x99999999999999999999",
      "1:5: parse error: invalid repetition in series values: strconv.ParseUint: parsing "
        + "\"99999999999999999999\": value out of range"
    ),
    ("a 1x999999999999", "1:5: parse error: too many values: the line stands for more than 1000000"),
    ("a _x18446744073709551615", "1:5: parse error: too many values: the line stands for more than 1000000"),
    ("a 1x1000000", "1:5: parse error: too many values: the line stands for more than 1000000"),
    (
      "a {{sum:1}}x18446744073709551615",
      "1:13: parse error: too many values: the line stands for more than 1000000"
    ),
    ("a sum", "1:3: parse error: unexpected <aggr:sum> in series values"),
    ("a on", "1:3: parse error: unexpected <on> in series values"),
    (
      "a Stale",
      #"1:3: parse error: unexpected identifier "Stale" in series values, expected number or "stale""#
    ),
    ("a x", #"1:3: parse error: unexpected "x""#),
    ("a 1 $", "1:5: parse error: unexpected character in series sequence: '$'"),
    ("a 12s", #"1:3: parse error: bad number syntax: "12""#),
    (
      "a 1e400",
      #"1:3: parse error: error parsing number: strconv.ParseFloat: parsing "1e400": value out of range"#
    ),
    ("a {{sum:1 SUM:2}}", #"1:1: parse error: duplicate key "sum" in histogram"#),
    ("a {{total:1}}", #"1:5: parse error: bad histogram descriptor found: "total""#),
    ("a {{sum 1}}", "1:5: parse error: missing `:` for histogram descriptor"),
    ("a {{sum:1", "1:10: parse error: histogram description incomplete unexpected: '\u{FFFD}'"),
    ("a {{buckets:[1;2]}}", "1:15: parse error: invalid character in buckets description: ';'"),
    ("a {{buckets:[]}}", #"1:14: parse error: unexpected "]" in series values"#),
    ("a {{buckets:5}}", #"1:13: parse error: unexpected number "5" in series values"#),
    ("a {{counter_reset_hint:5}}", #"1:24: parse error: unexpected number "5" in series values"#),
    ("a {{sum:gauge}}", #"1:9: parse error: unexpected "<Item 57448>" "gauge" in series values"#),
    ("a {{offset:3000000000 buckets:[1]}}", "1:12: parse error: the number does not fit 32 bits"),
    ("a {{offset:2147483647 buckets:[1]}}", "1:34: parse error: bucket offset 2147483647 is out of range"),
    (
      "a {{schema:-53 custom_values:[1]}}+{{schema:1}}x2",
      "1:49: parse error: cannot apply this operation on histograms with a mix of "
        + "exponential and custom bucket schemas"
    ),
  ]

  @Test func `series lines stand for labels and values`() {
    for (line, meaning) in Self.cases {
      #expect(Self.meaning(of: Array(line.utf8)) == meaning, "\(line)")
    }
  }

  @Test func `values stand alone as well`() throws {
    let values = try SeriesNotation.values(Array("0+10x2 _ stale".utf8))
    #expect(values.map(Self.text).joined(separator: " ") == "0 10 20 _ stale")
    #expect(throws: SeriesProblem.self) { try SeriesNotation.values(Array("0 x".utf8)) }
  }

  @Test func `labels that are no UTF-8 are kept`() throws {
    let line = try SeriesNotation.series(Array(#"a{b="\xff"} 1"#.utf8))
    #expect(line.pairs.map(\.value) == [Array("a".utf8), [0xFF]])
  }

  @Test func `no bytes stop the reader`() {
    var seed: UInt64 = 42
    func random(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    let pieces =
      [
        "a", "{", "}", "{{", "}}", "[", "]", "=", "\"", "b", "_", "x", "1", "+", "-", " ", ":", "sum:",
        "buckets:[", "9e9", "stale", ",", "\\", "\u{FF}", "@st", "offset:", "x99999999999999999999",
      ].map { Array($0.utf8) } + [[0xFF], [0x00], [0xC3]]
    for _ in 0..<20_000 {
      let line = (0..<random(12)).flatMap { _ in pieces[random(pieces.count)] }
      _ = try? SeriesNotation.series(line)
      _ = try? SeriesNotation.values(line)
    }
  }

  @Test func `every known series line agrees`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["PROMGATE_SHARED"].map { URL(filePath: $0) }
      ?? root.deletingLastPathComponent().appending(path: "shared")
    let file = shared.appending(path: "spec/promqltest-series-cases.tsv")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      print("series cases: skipped, there is no \(file.lastPathComponent)")
      return
    }
    var count = 0
    for row in text.split(separator: "\n") where !row.hasPrefix("#") {
      let fields = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      try #require(fields.count >= 4, "\(row)")
      let line = try JSONDecoder().decode(String.self, from: Data(fields[1].utf8))
      let expected = fields[2] == "OK" ? "\(fields[3]) | \(fields[4])" : fields[3]
      #expect(Self.meaning(of: Array(line.utf8)) == expected, "\(line)")
      count += 1
    }
    print("series cases: \(count) compared")
    #expect(count > 150)
  }

  private static func meaning(of line: [UInt8]) -> String {
    do {
      let series = try SeriesNotation.series(line)
      let labels = series.pairs.map { pair in
        let name =
          LabelName.isLegacy(pair.name)
          ? String(decoding: pair.name, as: UTF8.self) : GoText.quoted(pair.name)
        return "\(name)=\(GoText.quoted(pair.value))"
      }
      let values = series.values.map(text).joined(separator: " ")
      return "{\(labels.joined(separator: ", "))} | \(values)"
    } catch { return "\(error)" }
  }

  private static func text(_ value: SequenceValue) -> String {
    switch value {
    case .omitted: "_"
    case .float(let value): StaleMarker.isStale(value) ? "stale" : GoText.plain(value)
    case .histogram(let value, let states):
      (value.compacted().testExpression ?? value.description) + (states ? "!" : "")
    }
  }
}
