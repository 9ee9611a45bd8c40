import Foundation
import Server
import Testing
import TimeSeries

/// Bodies that a real server answered, byte for byte; skipped where the recordings are absent.
struct RecordedBodyTests {
  /// Requests that we answer in another way than the reference: it overflows or fails inside.
  private static let deviations = [
    "time=1e10", "time=Inf", "time=NaN", "time=-292273086", "time=1748736000123", "step=0.0004",
  ]

  @Test func `requests to an empty server`() async throws {
    guard let bytes = Fixture.bytes("fixtures/http-api/params.json"),
      let recorded = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: [String: [Any]]]
    else { return print("recorded parameters: absent, 0 cases ran") }
    let endpoint = Endpoint(now: 1_795_412_851_641)
    var count = 0
    for (request, versions) in recorded {
      guard let answer = versions.first(where: { $0.key.hasPrefix("3.14") })?.value,
        let status = answer.first as? Int, let body = answer.last as? String,
        !Self.deviations.contains(where: request.contains)
      else { continue }
      let target = Self.encoded(String(request.split(separator: " ", maxSplits: 1)[1]))
      guard request.hasPrefix("GET"), RecordedServer.isOffered(target) else { continue }
      let response = await endpoint.get(target)
      var text = String(decoding: response.body.bytes, as: UTF8.self)
      if !request.contains("time="), body.contains("1795412851") {
        // Asked at the recording's own time.
        text = text.replacing(/1795412851\.\d+/, with: "1795412851.641")
      }
      let expected = body.replacing(/1795412851\.\d+/, with: "1795412851.641")
      #expect(response.status == status, "\(request)")
      if expected.hasPrefix("(") {
        #expect(expected.drop { $0 != "{" }.dropLast() == text.prefix(expected.drop { $0 != "{" }.count - 1))
      } else {
        #expect(text == expected, "\(request)")
      }
      count += 1
    }
    print("recorded parameters: \(count) cases ran")
    #expect(count > 100)
  }

  /// The recording writes targets readably: blanks and such as they stand.
  private static func encoded(_ target: String) -> String {
    let mark = target.firstIndex(of: "?") ?? target.endIndex
    let query = target[mark...].map { character in
      switch character {
      case " ": "%20"
      case "+": "%2B"
      case "{", "}", "\"": "%" + String(character.asciiValue ?? 0, radix: 16)
      default: String(character)
      }
    }
    return target[..<mark] + query.joined()
  }

  @Test func `requests to a server with data`() async throws {
    guard let index = Fixture.bytes("fixtures/http-api/INDEX.tsv") else {
      return print("recorded bodies: absent, 0 cases ran")
    }
    let endpoint = try RecordedServer.endpoint()
    var count = 0
    for line in String(decoding: index, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: "\t").map(String.init)
      guard fields.count == 4, fields[0].hasPrefix("3.14."), !RecordedServer.skipped.contains(fields[0]),
        let recorded = Fixture.bytes("fixtures/http-api/\(fields[0]).json")
      else { continue }
      let request = fields[3].split(separator: " ").map(String.init)
      guard RecordedServer.isOffered(request[1]) else { continue }
      let response = await endpoint.send(
        RecordedServer.method(request[0]), request[1],
        [("Content-Type", "application/x-www-form-urlencoded")],
        body: request[0] == "POST" ? "query=up&time=1795410866" : "")
      #expect(response.status == Int(fields[1]), "\(fields[0])")
      if fields[2] != "None" { #expect(response.headers["Content-Type"] == fields[2], "\(fields[0])") }
      let expected = RecordedServer.sorted(String(decoding: recorded, as: UTF8.self))
      // Its time may be over before the query has begun.
      let body = String(decoding: response.body.bytes, as: UTF8.self)
        .replacing("timed out in query execution", with: "timed out in expression evaluation")
      let text = RecordedServer.sorted(body)
      #expect(text == expected, "\(fields[0])")
      count += 1
    }
    print("recorded bodies: \(count) cases ran")
    #expect(count > 40)
  }
}

/// The server that the bodies were recorded from, as far as they show it.
enum RecordedServer {
  /// Answers that depend on the order of a map, on the run, or on more data than the bodies show.
  static let skipped: Set<String> = [
    "3.14.rules", "3.14.rules-page", "3.14.status-tsdb",
    "3.14.limit", "3.14.stats", "3.14.stats-bad", "3.14.status-buildinfo", "3.14.err-samples",
    "3.14.query_exemplars",
  ]

  /// Whether a target is one of those that we answer, or that nobody does.
  static func isOffered(_ target: String) -> Bool {
    let path = target.prefix { $0 != "?" }
    return [
      "/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels", "/api/v1/nope",
      "/api/v1/format_query", "/api/v1/parse_query", "/api/v1/query_exemplars", "/api/v1/rules",
      "/api/v1/alerts", "/api/v1/status/tsdb",
      "/api/v1/status/walreplay", "/federate", "/api/v1/admin/tsdb/snapshot", "/api/v1/status/tsdb/blocks",
      "/-/healthy", "/-/ready", "/-/reload",
    ].contains(String(path)) || path.hasPrefix("/api/v1/label/")
  }

  static func method(_ name: String) -> ServerRequest.Method {
    switch name {
    case "POST": .post
    case "OPTIONS": .options
    default: .get
    }
  }

  /// The elements of an instant vector in an order of their own: the reference's is a map's.
  static func sorted(_ body: String) -> String {
    guard body.contains("\"resultType\":\"vector\"") else { return body }
    return body.split(separator: "{\"metric\"").map { $0.hasSuffix(",") ? String($0.dropLast()) : String($0) }
      .map { $0.hasSuffix("]}]}}") ? String($0.dropLast(3)) : $0 }.sorted().joined(separator: "|")
  }

  static func endpoint() throws -> Endpoint {
    let endpoint = Endpoint()
    let demo = [("added", "x"), ("env", "te<s>&t"), ("instance", "127.0.0.1:19240"), ("job", "demo")]
    let others = [
      ("down", "127.0.0.1:19240"), ("node", "127.0.0.1:19241"), ("pushgateway", "127.0.0.1:19242"),
    ]
    for second in 0..<6 {
      let time = Int64(1_795_410_860_839 + second * 1000)
      try endpoint.add(demo + [("__name__", "up")], at: time, 1)
      for (job, instance) in others {
        try endpoint.add(
          [("__name__", "up"), ("instance", instance), ("job", job)], at: time, job == "down" ? 0 : 1)
      }
      for code in ["200", "500"] {
        try endpoint.add(
          demo + [("__name__", "demo_requests_total"), ("code", code)], at: time, Double(second))
      }
      try endpoint.add(demo + [("__name__", "demo_dotted"), ("la.bel", "x y")], at: time, 1)
      let histogram = StoredSample(timestamp: time, .histogram(Self.histogram(second)))
      let name = [("__name__", "demo_native_seconds"), ("kind", "int")]
      try endpoint.store.append(Labels(demo + name), histogram)
      let gauge = StoredSample(timestamp: time, .histogram(Self.gauge))
      try endpoint.store.append(Labels(demo + [("__name__", "demo_native_gauge")]), gauge)
    }
    return endpoint
  }

  /// What the bodies show of the last three seconds, and something like it before.
  private static func histogram(_ second: Int) -> NativeHistogram {
    var histogram = NativeHistogram()
    histogram.schema = 3
    histogram.zeroThreshold = 2.938735877055719e-39
    histogram.count = [200, 210, 220, 230, 250, 270][second]
    histogram.sum = [20, 20.5, 21, 22.6, 23.85, 25.1][second]
    histogram.zeroCount = [15, 16, 17, 18, 19, 20][second]
    let shares: [(Int32, Double)] = [(-2, 3), (-1, 2), (0, 1), (5, 0), (6, 0)]
    let last: [(Double, Double)] = [(30, 35), (36, 42), (42, 49), (48, 56), (54, 63), (60, 70)]
    histogram.positive = shares.map { index, share in
      let count = share > 0 ? share * histogram.zeroCount : index == 5 ? last[second].0 : last[second].1
      return NativeHistogram.Bucket(index: index, count: count)
    }
    return histogram
  }

  private static var gauge: NativeHistogram {
    var histogram = NativeHistogram()
    histogram.hint = .gauge
    histogram.schema = 3
    histogram.zeroThreshold = 2.938735877055719e-39
    histogram.count = 59
    histogram.sum = 25.1
    histogram.zeroCount = 20
    histogram.positive = [(-2, 8), (-1, 9), (0, 6), (5, 9), (6, 7)].map {
      NativeHistogram.Bucket(index: $0, count: $1)
    }
    return histogram
  }
}
