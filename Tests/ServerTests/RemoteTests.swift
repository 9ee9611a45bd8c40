import Foundation
import Recording
import Server
import Testing
import TimeSeries

/// Remote write and remote read as a server (remote-storage.md §3, §9).
@Suite struct RemoteTests {
  /// A message being written by hand.
  private struct Message {
    var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
      var rest = value
      while rest > 127 {
        bytes.append(UInt8(rest & 127) | 128)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }

    mutating func number(_ field: UInt64, _ value: Int64) {
      varint(field << 3)
      varint(UInt64(bitPattern: value))
    }

    mutating func double(_ field: UInt64, _ value: Double) {
      varint(field << 3 | 1)
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
    }

    mutating func add(_ field: UInt64, _ value: [UInt8]) {
      varint(field << 3 | 2)
      varint(UInt64(value.count))
      bytes += value
    }

    /// A snappy block of one literal.
    var snappy: [UInt8] {
      var block = Message()
      block.varint(UInt64(bytes.count))
      if bytes.isEmpty { return block.bytes }
      let length = UInt32(bytes.count - 1)
      return block.bytes + [0xFC] + (0..<4).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + bytes
    }
  }

  func series(_ labels: [(String, String)], _ samples: [(Double, Int64)]) -> [UInt8] {
    var series = Message()
    for (name, value) in labels {
      var label = Message()
      label.add(1, Array(name.utf8))
      label.add(2, Array(value.utf8))
      series.add(1, label.bytes)
    }
    for (value, time) in samples {
      var sample = Message()
      sample.double(1, value)
      sample.number(2, time)
      series.add(2, sample.bytes)
    }
    return series.bytes
  }

  func write(_ all: [[UInt8]]) -> [UInt8] {
    var request = Message()
    for series in all { request.add(1, series) }
    return request.snappy
  }

  func endpoint(now: Int64 = 10_000_000) -> (api: PrometheusAPI, store: Store) {
    let store = Store()
    let api = PrometheusAPI(
      options: PrometheusAPI.Options(), now: { now }, writer: RemoteWrite(into: store, now: { now })
    ) { store.snapshot() }
    return (api, store)
  }

  func post(
    _ api: PrometheusAPI, _ path: String, _ body: [UInt8], _ type: String = "application/x-protobuf"
  ) async
    -> ServerResponse
  {
    await api.respond(
      to: ServerRequest(
        .post, path,
        headers: HTTPFields([("Content-Type", type), ("Content-Encoding", "snappy")]), body: body))
  }

  private func text(_ response: ServerResponse) -> String {
    String(decoding: response.body.bytes, as: UTF8.self)
  }

  @Test func `what is pushed can be asked for`() async throws {
    let (api, _) = endpoint()
    // Out of order labels, and an empty one: sorted and dropped.
    let body = write([
      series([("x", "1"), ("__name__", "m"), ("gone", "")], [(1, 9_000_000), (2, 9_010_000)])
    ])
    #expect(await post(api, "/api/v1/write", body).status == 204)
    let answer = await api.respond(to: ServerRequest(.get, "/api/v1/query", query: "query=m&time=9010"))
    #expect(
      text(answer).contains(#"{"metric":{"__name__":"m","x":"1"},"value":[9010,"2"]}"#), "\(text(answer))")
    // The same again is no news.
    let last = write([series([("__name__", "m"), ("x", "1")], [(2, 9_010_000)])])
    #expect(await post(api, "/api/v1/write", last).status == 204)
  }

  @Test func `the first refusal undoes a request`() async throws {
    let (api, store) = endpoint()
    let ok = series([("__name__", "m")], [(1, 9_000_000)])
    #expect(await post(api, "/api/v1/write", write([ok])).status == 204)
    for (bad, words) in [
      (series([("__name__", "m")], [(1, 8_999_000)]), "out of order sample\n"),
      (
        series([("__name__", "m")], [(2, 9_000_000)]),
        "duplicate sample for timestamp 9000000; overrides not allowed: existing 1, new value 2\n"
      ),
      (series([("__name__", "old")], [(1, 5_000_000)]), "out of bounds\n"),
      (
        series([("__name__", "new")], [(1, 10_600_001)]),
        "out of bounds: timestamp is too far in the future\n"
      ),
    ] {
      let fresh = series([("__name__", "fresh")], [(1, 9_100_000)])
      let response = await post(api, "/api/v1/write", write([fresh, bad]))
      #expect(response.status == 400 && text(response) == words)
    }
    let names = store.snapshot().select(Selection(matchers: [], after: .min, through: .max)).labels
    #expect(names.map { $0["__name__"] } == ["m"])
  }

  /// A series with one native histogram of integers: two observations at zero, a span of `length` buckets, and
  /// the counts of these as differences.
  private func histogram(count: Int64, sum: Double, length: Int64, deltas: [Int64]) -> [UInt8] {
    var span = Message()
    span.number(2, length)
    var histogram = Message()
    histogram.number(1, count)
    histogram.double(3, sum)
    histogram.number(6, 2)
    histogram.add(11, span.bytes)
    for delta in deltas { histogram.number(12, delta << 1 ^ delta >> 63) }
    histogram.number(15, 9_000_000)
    var series = Message()
    series.bytes = self.series([("__name__", "h")], [])
    series.add(4, histogram.bytes)
    return series.bytes
  }

  @Test func `integer histograms count what their buckets hold`() async throws {
    let cases: [(count: Int64, sum: Double, length: Int64, words: String?)] = [
      (6, 1, 2, nil), (7, .nan, 2, nil), (6, .nan, 2, nil),
      (
        7, 1, 2,
        "6 observations found in buckets, but the Count field is 7: histogram's observation count should equal the "
          + "number of observations found in the buckets (in absence of NaN)\n"
      ),
      (
        5, .nan, 2,
        "6 observations found in buckets, but the Count field is 5: histogram's observation count should be at least "
          + "the number of observations found in the buckets\n"
      ),
      (
        6, 1, 3,
        "positive side: spans need 3 buckets, have 2 buckets: histogram spans specify different number of buckets "
          + "than provided\n"
      ),
    ]
    for item in cases {
      let body = write([histogram(count: item.count, sum: item.sum, length: item.length, deltas: [3, -2])])
      let response = await post(endpoint().api, "/api/v1/write", body)
      #expect(response.status == (item.words == nil ? 204 : 400), "\(item)")
      #expect(text(response) == item.words ?? "", "\(item)")
    }
  }

  @Test func `without a receiver nothing is taken`() async throws {
    let api = PrometheusAPI(options: PrometheusAPI.Options(), now: { 0 }) { Store().snapshot() }
    let response = await post(api, "/api/v1/write", write([]))
    #expect(response.status == 404)
  }

  /// Forty requests and the answers of Prometheus 3.14's own receiver, in their order.
  @Test func `the receiver answers as Prometheus does`() async throws {
    guard let bytes = Fixture.bytes("fixtures/remote-write/receiver-3.14.json"),
      let cases = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    else {
      print("skipped: 40 recorded requests (no ../shared)")
      return
    }
    // The order of the recording: JSON objects have none, the file does.
    let file = String(decoding: bytes, as: UTF8.self)
    let names = cases.keys.filter { (cases[$0] as? [String: Any])?["status"] != nil }
      .sorted { file.range(of: "\"\($0)\":")!.lowerBound < file.range(of: "\"\($1)\":")!.lowerBound }
    #expect(names.count >= 38)
    // A little after the newest sample that was taken.
    let (api, _) = endpoint(now: 1_795_413_230_000)
    var different: [String] = []
    for name in names {
      let item = try #require(cases[name] as? [String: Any])
      let headers = try #require(item["request_headers"] as? [String: String])
      let body = try #require(Data(base64Encoded: item["request_base64"] as? String ?? ""))
      let response = await api.respond(
        to: ServerRequest(
          .post, "/api/v1/write", headers: HTTPFields(headers.map { ($0.key, $0.value) }), body: Array(body)))
      let expected = item["status"] as? Int
      if response.status != expected {
        different.append("\(name): \(response.status), not \(expected ?? 0): \(text(response))")
      }
      for (key, value) in item["headers"] as? [String: String] ?? [:] where key.hasPrefix("X-Prometheus") {
        if response.headers[key] != value {
          different.append("\(name): \(key) \(response.headers[key] ?? "none"), not \(value)")
        }
      }
      // Our text says which field it is.
      if name != "not-protobuf", text(response) != item["body"] as? String {
        different.append("\(name): \(text(response)) not \(item["body"] as? String ?? "")")
      }
    }
    #expect(different.isEmpty, "\(different.joined(separator: "\n"))")
  }

  @Test func `remote read answers what is stored`() async throws {
    let (api, store) = endpoint()
    for (name, times) in [("a", [1_000, 2_000, 3_000]), ("b", [2_000])] {
      for time in times {
        let labels = Labels([(name: "__name__", value: name)])
        try store.append(labels, StoredSample(timestamp: Int64(time), .float(Double(time))))
      }
    }
    var matcher = Message()
    matcher.number(1, 2)
    matcher.add(2, Array("__name__".utf8))
    matcher.add(3, Array("a|b".utf8))
    var query = Message()
    query.number(1, 2_000)
    query.number(2, 3_000)
    query.add(3, matcher.bytes)
    var request = Message()
    request.add(1, query.bytes)
    let response = await post(api, "/api/v1/read", request.snappy)
    #expect(response.status == 200)
    #expect(response.headers["Content-Encoding"] == "snappy")
    // Few bytes: one literal behind the length.
    let bytes = response.body.bytes
    var result = Message()
    result.add(1, series([("__name__", "a")], [(2_000, 2_000), (3_000, 3_000)]))
    result.add(1, series([("__name__", "b")], [(2_000, 2_000)]))
    var answer = Message()
    answer.add(1, result.bytes)
    #expect(Int(bytes[0]) == answer.bytes.count)

    for (body, status) in [([1, 2, 3], 400), (Array(request.snappy.dropLast(3)), 400)] as [([UInt8], Int)] {
      #expect(await post(api, "/api/v1/read", body).status == status)
    }
    var bad = Message()
    var badQuery = Message()
    var badMatcher = Message()
    badMatcher.number(1, 2)
    badMatcher.add(2, Array("x".utf8))
    badMatcher.add(3, Array("(".utf8))
    badQuery.add(3, badMatcher.bytes)
    bad.add(1, badQuery.bytes)
    #expect(await post(api, "/api/v1/read", bad.snappy).status == 500)
  }

  @Test func `an encoding that is not named is snappy, and so is Snappy`() async throws {
    let body = write([series([("__name__", "m")], [(1, 9_000_000)])])
    for (encoding, status) in [(nil, 204), ("", 204), ("Snappy", 204), ("snappy", 204), ("gzip", 415)]
      as [(String?, Int)]
    {
      let (api, store) = endpoint()
      var fields = HTTPFields([("Content-Type", "application/x-protobuf")])
      if let encoding { fields["Content-Encoding"] = encoding }
      let response = await api.respond(to: ServerRequest(.post, "/api/v1/write", headers: fields, body: body))
      #expect(response.status == status, "\(encoding ?? "none")")
      let count = store.snapshot().select(Selection(matchers: [], after: .min, through: .max)).count
      #expect(count == (status == 204 ? 1 : 0), "\(encoding ?? "none")")
    }
  }

  @Test func `a known field in another form is refused, not passed over`() async throws {
    let (api, store) = endpoint()
    // Snappy blocks of one literal: a number where the series stand; within one, where its labels stand.
    let top = await post(api, "/api/v1/write", [0x02, 0x04, 0x08, 0x01])
    #expect(top.status == 400)
    let told = String(decoding: top.body.bytes, as: UTF8.self)
    #expect(told == "proto: wrong wireType = 0 for field Timeseries\n")
    let within = await post(api, "/api/v1/write", [0x04, 0x0C, 0x0A, 0x02, 0x08, 0x01])
    #expect(within.status == 400)
    #expect(try stored(store).isEmpty)
  }

  @Test func `damaged requests are refused`() async throws {
    let (api, _) = endpoint()
    let body = write([series([("__name__", "m"), ("x", "y")], [(1, 9_000_000)])])
    for position in body.indices {
      for flip in [1, 0x80, 0xFF] as [UInt8] {
        var damaged = body
        damaged[position] ^= flip
        let response = await post(api, "/api/v1/write", damaged)
        #expect([204, 400].contains(response.status), "byte \(position) ^ \(flip): \(response.status)")
      }
      let cut = await post(api, "/api/v1/write", Array(body[..<position]))
      #expect([204, 400].contains(cut.status))
    }
  }
}

extension RemoteTests {
  /// What is stored of `m`.
  private func stored(_ store: Store) throws -> [String] {
    let found = store.snapshot().select(Selection(matchers: [], after: .min, through: .max))
    var samples: [String] = []
    for row in 0..<found.count {
      try found.samples(row).forEachStored { sample in
        if case .float(let value) = sample.value { samples.append("\(value)@\(sample.timestamp)") }
      }
    }
    return samples
  }

  @Test func `a request is held against what was stored before it, not against itself`() async throws {
    // Samples of one series behind `1@9000000`, an entry each; what 3.5.3 and 3.14 keep of them.
    for (pushed, words, kept) in [
      ([(2, 9_001_000), (3, 9_002_000)], nil, ["2.0@9001000", "3.0@9002000"]),
      ([(2, 9_005_000), (3, 9_004_000)], nil, ["2.0@9005000"]),
      (
        [(2, 9_006_000), (3, 9_007_000), (4, 9_006_500), (5, 9_008_000)], nil,
        ["2.0@9006000", "3.0@9007000", "5.0@9008000"]
      ),
      ([(2, 9_001_000), (3, 9_001_000)], nil, ["2.0@9001000"]),
      ([(1, 9_000_000), (2, 9_001_000)], nil, ["2.0@9001000"]),
      ([(2, 9_001_000), (3, 8_999_000)], "out of order sample", []),
      (
        [(2, 9_001_000), (3, 9_000_000)],
        "duplicate sample for timestamp 9000000; overrides not allowed: existing 1, new value 3", []
      ),
      ([(2, 9_001_000), (3, 5_000_000)], "out of bounds", []),
      (
        [(2, 9_001_000), (.infinity, 9_000_000), (3, 10_700_000)],
        "duplicate sample for timestamp 9000000; overrides not allowed: existing 1, new value +Inf", []
      ),
      ([(3, 10_700_000), (2, 8_999_000)], "out of bounds: timestamp is too far in the future", []),
    ] as [([(Double, Int64)], String?, [String])] {
      for together in [true, false] {
        let (api, store) = endpoint()
        let first = write([series([("__name__", "m")], [(1, 9_000_000)])])
        #expect(await post(api, "/api/v1/write", first).status == 204)
        let entries =
          together
          ? [series([("__name__", "m")], pushed)] : pushed.map { series([("__name__", "m")], [$0]) }
        let response = await post(api, "/api/v1/write", write(entries))
        #expect(response.status == (words == nil ? 204 : 400), "\(pushed)")
        #expect(text(response) == (words.map { $0 + "\n" } ?? ""), "\(pushed)")
        #expect(try stored(store) == ["1.0@9000000"] + kept, "\(pushed)")
      }
    }
  }

  /// A request of 2.0 from the symbols and the series' fields.
  private func request(_ symbols: [String], _ all: [(references: [Int64], samples: [(Double, Int64)])])
    -> [UInt8]
  {
    var request = Message()
    for symbol in symbols { request.add(4, Array(symbol.utf8)) }
    for one in all {
      var series = Message()
      for reference in one.references { series.number(1, reference) }
      for (value, time) in one.samples {
        var sample = Message()
        sample.double(1, value)
        sample.number(2, time)
        series.add(2, sample.bytes)
      }
      request.add(5, series.bytes)
    }
    return request.snappy
  }

  @Test func `a label that no label set can hold is refused`() async throws {
    for (length, status) in [((1 << 24) - 1, 204), (1 << 24, 400)] {
      let value = String(repeating: "v", count: length)
      let (api, store) = endpoint()
      let one = write([series([("__name__", "m"), ("x", value)], [(1, 9_000_000)])])
      #expect(await post(api, "/api/v1/write", one).status == status)
      let two = request(["", "__name__", "n", "x", value], [([1, 2, 3, 4], [(1, 9_000_000)])])
      let type = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
      #expect(await post(api, "/api/v1/write", two, type).status == status)
      let found = store.snapshot().select(Selection(matchers: [], after: .min, through: .max))
      #expect(
        found.labels.allSatisfy { $0["x"]?.utf8.count == length } && found.count == (status == 204 ? 2 : 0))
    }
  }

  @Test func `a request that is wrong a thousand times is told so shortly`() async throws {
    let name = String(repeating: "n", count: 10_000)
    let bad = (0..<1_000).map { _ in (1.0, Int64(10_700_000)) }
    let body = request(["", "__name__", name], [([1, 2], bad)])
    let response = await post(
      endpoint().api, "/api/v1/write", body, "application/x-protobuf;proto=io.prometheus.write.v2.Request")
    let lines = text(response).split(separator: "\n")
    // One long symbol, named again and again.
    let wide = (0..<20_000).flatMap { _ in [1, 2] as [Int64] }
    let bomb = request(["", "__name__", name], [(wide, [(1, 9_000_000)])])
    let refusal = await post(
      endpoint().api, "/api/v1/write", bomb, "application/x-protobuf;proto=io.prometheus.write.v2.Request")
    #expect(refusal.status == 400 && text(refusal).hasPrefix("the labels take more than"))
    #expect(response.status == 400 && lines.count == 8 && lines.last == "… and 993 more", "\(lines.count)")
  }

  @Test func `2,0 keeps the good part and says what is wrong in its order`() async throws {
    let (api, store) = endpoint()
    let type = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
    let symbols = ["", "__name__", "m", "x", "1", "n", "a b", "2"]
    let body = request(
      symbols,
      [
        ([1, 2], [(1, 9_000_000), (2, 9_002_000), (3, 9_001_000)]), ([3, 4], [(1, 9_000_000)]),
        ([1, 2, 3, 0], [(2, 9_000_000), (5, 5_000_000), (3, 10_700_000)]),
        ([3, 7, 1, 2, 3, 4], [(1, 9_000_000)]), ([1, 5], []), ([1, 5, 6, 4], [(1, 9_000_000)]),
        ([1, 2, 3], [(1, 1)]),
        ([1, 99], [(1, 1)]), ([0, 4, 1, 5], [(1, 9_000_000)]),
      ])
    let response = await post(api, "/api/v1/write", body, type)
    #expect(response.status == 400)
    // The third entry's first sample is one of the first entry's series, which nobody knew before.
    #expect(
      text(response).split(separator: "\n") == [
        #"invalid metric name or labels, got {x="1"}"#,
        #"out of bounds for series {__name__="m", x=""}"#,
        #"out of bounds: timestamp is too far in the future for series {__name__="m", x=""}"#,
        #"invalid labels for series, labels {__name__="m", x="2", x="1"}, duplicated label x"#,
        #"TimeSeries must contain at least one sample or histogram for series {__name__="n"}"#,
        "parsing labels for series [1 2 3]: invalid labelRefs length 3",
        "parsing labels for series [1 99]: labelRefs 1 (name) = 99 (value) outside of symbols table (size 8)",
        #"invalid metric name or labels, got {""="1", __name__="n"}"#,
      ])
    #expect(response.headers["X-Prometheus-Remote-Write-Samples-Written"] == "5")
    #expect(try stored(store).sorted() == ["1.0@9000000", "1.0@9000000", "2.0@9002000"])
  }
}

/// The streamed answer, asked for by our own client over a socket.
extension RemoteTests {
  @Test func `a remote reads chunks as they were stored`() async throws {
    let (api, store) = endpoint()
    var custom = NativeHistogram()
    custom.schema = NativeHistogram.customSchema
    custom.customBounds = [0.1, 1]
    custom.positive = [.init(index: 1, count: 4)]
    custom.count = 4
    // Enough for several frames and pieces.
    for number in 0..<300 {
      let labels = Labels([("__name__", "m"), ("n", "\(1000 + number)")])
      for step in 0..<1_000 {
        let value = Double((step * 7919 + number * 104_729) % 1_000_003) / 7
        try store.append(labels, StoredSample(timestamp: Int64(step) * 1000, .float(value)))
      }
    }
    try store.append(
      Labels([("__name__", "h")]), StoredSample(timestamp: 5_000, .histogram(custom)))
    let server = try await HTTPServer.start(
      at: ListenAddress(host: "127.0.0.1", port: 0), handler: api.respond(to:))
    let url = "http://\(server.address)/api/v1/read"
    let read = try await Task.detached {
      let remote = try RecordedSeries.remote(RemoteOptions(url: url))
      let named = try LabelMatcher("__name__", .matches, "m|h")
      let all = try remote.select(Selection(matchers: [named], after: 1_999, through: 998_000))
      return try all.labels.indices.map { (all.labels[$0], try all.samples($0)) }
    }.value
    await server.stop()
    #expect(read.count == 301)
    let stored = store.snapshot().select(
      Selection(matchers: [], after: 1_999, through: 998_000))
    for (row, (labels, samples)) in read.enumerated() {
      let expected = try stored.samples(row)
      let times = (0..<samples.count).map(samples.timestamp)
      // A store hands over whole blocks.
      let inside = (0..<expected.count).filter { (2_000...998_000).contains(expected.timestamp($0)) }
      let isSame =
        labels == stored.labels[row] && times == inside.map(expected.timestamp)
        && samples.histograms?.histograms.count == expected.histograms?.histograms.count
        && (samples.histograms != nil || samples.values == inside.map { expected.values[$0] })
      #expect(isSame, "\(labels)")
    }
    #expect(read[0].1.histograms?.histograms.first?.customBounds == [0.1, 1])
  }
}
