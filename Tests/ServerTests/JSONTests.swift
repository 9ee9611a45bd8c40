import Evaluator
import Server
import Testing
import TimeSeries

struct JSONTests {
  /// The `result` member of the answer.
  private func result(_ value: QueryValue, steps: [Int64] = []) -> String {
    let body = String(
      decoding: QueryBody.success(QueryResult(value: value), steps: steps, in: []), as: UTF8.self)
    let start = body.firstRange(of: "\"result\":")?.upperBound ?? body.startIndex
    return String(body[start...].dropLast(2))
  }

  private func vector(_ labels: Labels, at time: Int64 = 0, _ value: Double = 1) -> String {
    result(.vector(timestamp: time, [VectorSample(labels: labels, value: .float(value))]))
  }

  @Test func `strings are escaped as the reference does`() {
    let cases: [(text: String, plain: String, html: String)] = [
      ("a b", #""a b""#, #""a b""#),
      ("<é&>", #""<é&>""#, #""\u003cé\u0026\u003e""#),
      ("\"\\\n\r\t\u{01}\u{1F}", #""\"\\\n\r\t\u0001\u001f""#, #""\"\\\n\r\t\u0001\u001f""#),
      ("\u{7F}", "\"\u{7F}\"", "\"\u{7F}\""),
      ("\u{2028}\u{2029}😀", "\"\u{2028}\u{2029}😀\"", #""\u2028\u2029😀""#),
    ]
    for item in cases {
      let name = #"{"metric":{"# + item.plain + ":" + item.plain + #"},"value":[0,"1"]}"#
      #expect(vector(Labels([(item.text, item.text)])) == "[\(name)]")
      #expect(result(.string(timestamp: 0, item.text)) == "[0,\(item.html)]")
    }
  }

  @Test func `labels of any length are written whole`() {
    for length in [1, 254, 255, 256, 70_000] {
      let text = String(repeating: "v", count: length)
      #expect(
        vector(Labels([("a", text), ("b", "c")]))
          == #"[{"metric":{"a":"\#(text)","b":"c"},"value":[0,"1"]}]"#, "\(length)")
    }
  }

  @Test func `bytes that are no UTF-8 become replacement escapes`() {
    let failure = QueryEngine().failure(of: [0x22, 0x61, 0xFF, 0xE2, 0x82])
    #expect(!failure.isEmpty)
    #expect(failure.allSatisfy { $0 < 0x80 })
  }

  @Test func `times have no decimals or three`() {
    let cases: [(Int64, String)] = [
      (0, "0"), (1, "0.001"), (50, "0.050"), (1_435_781_451_781, "1435781451.781"), (60_000, "60"),
      (-1500, "-1.500"), (-1, "-0.001"), (.min, "-9223372036854775.808"), (.max, "9223372036854775.807"),
    ]
    for (milliseconds, expected) in cases {
      #expect(vector(.none, at: milliseconds) == #"[{"metric":{},"value":[\#(expected),"1"]}]"#)
    }
    #expect(result(.scalar(timestamp: 1500, 1e21)) == #"[1.5,"1000000000000000000000"]"#)
  }

  private func text(_ value: Double) -> String {
    String(vector(.none, value).dropFirst(#"[{"metric":{},"value":[0,""#.count).dropLast(4))
  }

  @Test func `values have the shortest digits on every path`() {
    let cases: [(Double, String)] = [
      (0, "0"), (-0.0, "-0"), (1, "1"), (-17, "-17"), (0.1, "0.1"), (0.5, "0.5"), (-2.25, "-2.25"),
      (0.1 + 0.2, "0.30000000000000004"), (1e15, "1000000000000000"), (1e20, "100000000000000000000"),
      (1e21, "1e+21"), (1e-6, "0.000001"), (9.99e-7, "9.99e-07"), (0.000123, "0.000123"),
      (Double.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
      (.nan, "NaN"),
      (.infinity, "+Inf"), (-.infinity, "-Inf"), (123456.789, "123456.789"), (1e9 + 0.5, "1000000000.5"),
    ]
    for (value, expected) in cases { #expect(text(value) == expected) }
  }

  @Test func `the fast paths agree with the general one`() {
    var wrong: [Double] = []
    for _ in 0..<5000 {
      let decimals = Double(Int.random(in: -999_999_999...999_999_999))
      let any = Double(bitPattern: UInt64.random(in: 0...(.max)))
      for value in [any, decimals, decimals / 1e3, decimals / 1e6, decimals / 7] {
        let written = text(value)
        let isRight = written == GoText.json(value) && (!value.isFinite || Double(written) == value)
        if !isRight { wrong.append(value) }
      }
    }
    #expect(wrong.isEmpty)
  }

  @Test func `many values are written as each of them alone`() {
    var values: [Double] = [0, -0.0, .nan, .infinity, -.infinity, 1e-6, 1e-6.nextDown, 1e15, 1e15.nextDown]
    // Every binary exponent in and around the range that is written many at a time; powers of two have
    // neighbours at two distances, numbers of few bits lie between two decimals.
    for exponent in -24...72 {
      let power = Double(sign: .plus, exponent: exponent, significand: 1)
      values += [power, power.nextUp, power.nextDown, -power * 1.5]
      values += (0..<40).map { _ in power * Double.random(in: 1..<2) }
      values += (0..<10).map { _ in power * (1 + Double(Int.random(in: 0..<1024)) / 1024) }
    }
    values += (0..<500).map { _ in Double(Int.random(in: 0..<1_000_000_000)) / 100 }
    values.shuffle()
    for count in [1, 7, 8, 9, 63, 64, 65, values.count] {
      let part = Array(values.prefix(count))
      let times = (0..<count).map { Int64($0) * 1000 }
      let expected = zip(0..., part).map { #"[\#($0),"\#(GoText.json($1))"]"# }.joined(separator: ",")
      let written = result(.matrix([MatrixSeries(labels: .none, timestamps: times, values: part)]))
      let isRight = written == #"[{"metric":{},"values":[\#(expected)]}]"#
      #expect(isRight, "\(part.first { !written.contains("\"\(GoText.json($0))\"") } ?? 0) of \(count)")
    }
  }

  @Test func `a matrix has the times of its samples whatever the steps are`() {
    let series = [
      MatrixSeries(labels: Labels([("a", "1")]), timestamps: [0, 1000, 2500], values: [1, 2, 3]),
      MatrixSeries(labels: Labels([("a", "2")]), timestamps: [1000], values: [.nan]),
      MatrixSeries(labels: .none, timestamps: [500, 2500], values: [-1, 0.25]),
    ]
    let expected = """
      [\
      {"metric":{"a":"1"},"values":[[0,"1"],[1,"2"],[2.500,"3"]]},\
      {"metric":{"a":"2"},"values":[[1,"NaN"]]},\
      {"metric":{},"values":[[0.500,"-1"],[2.500,"0.25"]]}]
      """
    for steps: [Int64] in [[], [0, 1000, 2000, 3000], [1000, 2500], [-5000], [9000]] {
      #expect(result(.matrix(series), steps: steps) == expected)
    }
  }

  @Test func `histograms list their populated buckets in ascending order`() {
    var histogram = NativeHistogram()
    histogram.count = 7
    histogram.sum = -1.5
    histogram.zeroThreshold = 0.001
    histogram.zeroCount = 2
    histogram.positive = [.init(index: 0, count: 0), .init(index: 1, count: 3)]
    histogram.negative = [.init(index: 1, count: 1), .init(index: 2, count: 1)]
    let expected = """
      [{"metric":{},"histogram":[0,{"count":"7","sum":"-1.5","buckets":[[1,"-4","-2","1"],\
      [1,"-2","-1","1"],[3,"-0.001","0.001","2"],[0,"1","2","3"]]}]},\
      {"metric":{},"histogram":[0,{"count":"0","sum":"0"}]}]
      """
    let samples = [histogram, NativeHistogram()].map {
      VectorSample(labels: .none, value: .histogram($0))
    }
    #expect(result(.vector(timestamp: 0, samples)) == expected)
  }

  @Test func `a series may hold floats and histograms`() {
    let series = MatrixSeries(
      labels: .none, timestamps: [0], values: [1], histogramTimestamps: [1000],
      histograms: [NativeHistogram()])
    let expected = """
      [{"metric":{},"values":[[0,"1"]],\
      "histograms":[[1,{"count":"0","sum":"0"}]]}]
      """
    #expect(result(.matrix([series])) == expected)
  }
}

extension QueryEngine {
  /// The API's bytes for a query that fails.
  fileprivate func failure(of text: [UInt8]) -> [UInt8] {
    do throws(QueryError) {
      _ = try instant(text, at: 0, over: Store().snapshot())
      return []
    } catch {
      return QueryBody.failure(error)
    }
  }
}
