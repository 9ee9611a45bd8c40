import Evaluator
import Foundation
import PromQL
import Scrape
import Server
import Testing
import TimeSeries

struct QueryAPITests {
  private func filled() throws -> Endpoint {
    let endpoint = Endpoint()
    for second in 0..<100 {
      for code in ["200", "500"] {
        try endpoint.add(
          [("__name__", "http_requests_total"), ("code", code), ("job", "web")],
          at: Int64(second) * 1000, Double(second * 3))
      }
      try endpoint.add([("__name__", "up"), ("job", "web")], at: Int64(second) * 1000, 1)
    }
    return endpoint
  }

  @Test func `queries are answered`() async throws {
    let endpoint = try filled()
    let cases = [
      (
        "query?query=sum(http_requests_total)&time=10",
        #"{"resultType":"vector","result":[{"metric":{},"value":[10,"60"]}]}"#
      ),
      (
        "query_range?query=up&start=98&end=100&step=1",
        #"{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"web"},"#
          + #""values":[[98,"1"],[99,"1"],[100,"1"]]}]}"#
      ),
      ("query?query=1%2B1&time=4", #"{"resultType":"scalar","result":[4,"2"]}"#),
      ("query?query=up&time=2000", #"{"resultType":"vector","result":[]}"#),
      (
        "query?query=up&time=110&lookback_delta=5", #"{"resultType":"vector","result":[]}"#
      ),
    ]
    for (request, data) in cases {
      #expect(await endpoint.text("/api/v1/\(request)") == #"{"status":"success","data":\#(data)}"#)
    }
  }

  @Test func `a query says how many samples it looked at`() async throws {
    // 100 seconds of two counters and of `up`, a sample each second; a marker ends one more.
    let endpoint = try filled()
    for second in 0..<10 { try endpoint.add([("__name__", "gone")], at: Int64(second) * 1000, 1) }
    try endpoint.add([("__name__", "gone")], at: 10_000, StaleMarker.value)
    // As 3.5.3 counts; read is what 3.14 adds.
    for (request, perStep, total, read) in [
      ("query?query=up&time=50", "[[50,1]]", 1, 1),
      ("query?query=sum(http_requests_total)&time=50.5", "[[50.500,2]]", 2, 2),
      ("query?query=http_requests_total[10s]&time=50", "[[50,20]]", 20, 20),
      ("query?query=rate(http_requests_total[10s])&time=50", "[[50,20]]", 20, 20),
      ("query?query=gone&time=9", "[[9,1]]", 1, 1), ("query?query=gone&time=20", "[[20,0]]", 0, 0),
      ("query?query=gone[60s]&time=20", "[[20,10]]", 10, 10), ("query?query=1&time=1", "[[1,0]]", 0, 0),
      ("query_range?query=up&start=48&end=50&step=1", "[[48,1],[49,1],[50,1]]", 3, 3),
      ("query_range?query=up%2Bon(job)up&start=48&end=50&step=2", "[[48,2],[50,2]]", 4, 4),
      ("query_range?query=rate(up[10s])&start=48&end=50&step=1", "[[48,10],[49,10],[50,10]]", 30, 12),
      ("query_range?query=up%20@%2010&start=48&end=50&step=1", "[[48,1],[49,1],[50,1]]", 3, 1),
      // Windows over the inner steps count, these do not.
      ("query_range?query=sum_over_time(up[4s:2s])&start=48&end=50&step=1", "[[48,2],[49,2],[50,2]]", 6, 3),
      ("query_range?query=vector(1)&start=48&end=49&step=1", "[[48,0],[49,0]]", 0, 0),
    ] {
      let text = await endpoint.text("/api/v1/\(request)&stats=all")
      let samples =
        #""samples":{"totalQueryableSamplesPerStep":\#(perStep),"totalQueryableSamples":\#(total),"samplesRead":\#(read),"#
      #expect(text.contains(samples + #""peakSamples":"#), "\(request): \(text)")
      let plain = await endpoint.text("/api/v1/\(request)&stats=true")
      #expect(
        plain.contains(#""samples":{"totalQueryableSamples":\#(total),"samplesRead":\#(read),"peakSamples":"#)
      )
      for name in ["evalTotal", "resultSort", "queryPreparation", "innerEval", "execQueue", "execTotal"] {
        #expect(text.contains("\"\(name)Time\":"), "\(name)")
      }
      #expect(await !endpoint.text("/api/v1/\(request)").contains("stats"))
    }
  }

  @Test func `limits cut and say so`() async throws {
    let endpoint = try filled()
    let warning = #","warnings":["results truncated due to limit"]}"#
    for path in [
      "query?query=http_requests_total&time=9", "labels?a=b", "label/code/values?a",
      "series?match[]=up&match[]=http_requests_total",
    ] {
      #expect(await endpoint.text("/api/v1/\(path)&limit=1").hasSuffix(warning))
      #expect(await !endpoint.text("/api/v1/\(path)&limit=5").contains("warnings"))
    }
    let scalar = await endpoint.text("/api/v1/query?query=1&limit=1&time=1")
    #expect(!scalar.contains("warnings"))
  }

  @Test func `series and labels follow the time range`() async throws {
    let endpoint = try filled()
    try endpoint.add([("__name__", "late"), ("x", "y")], at: 500_000, 1)
    let cases = [
      ("labels?start=400", #"["__name__","x"]"#), ("labels?end=400&match[]=late", "[]"),
      ("labels?start=600", "[]"), ("labels?start=500&end=400", "[]"),
      ("label/__name__/values?start=100", #"["late"]"#),
      ("label/__name__/values?end=99", #"["http_requests_total","up"]"#),
      ("series?match[]=late&start=500&end=500", #"[{"__name__":"late","x":"y"}]"#),
      ("series?match[]=late&start=500.001", "[]"),
      ("series?match[]=up&match[]={job=\"web\",__name__=\"up\"}", #"[{"__name__":"up","job":"web"}]"#),
    ]
    for (request, data) in cases {
      let text = await endpoint.text("/api/v1/\(request.replacing("\"", with: "%22"))")
      #expect(text == #"{"status":"success","data":\#(data)}"#, "\(request)")
    }
  }

  @Test func `annotations are listed up to ten`() async throws {
    let endpoint = try filled()
    let noisy = (0..<13).map { "quantile(\($0 + 2),up)" }.joined(separator: "%2B")
    let text = await endpoint.text("/api/v1/query?time=9&query=\(noisy)")
    let first = "PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"
    #expect(text.contains(#""warnings":["\#(first)""#))
    #expect(text.contains(#","3 more warning annotations omitted"]}"#))
    let info = await endpoint.text("/api/v1/query?time=9&query=rate(up[5s])")
    #expect(
      info.hasSuffix(
        #""infos":["PromQL info: metric might not be a counter, name does not end in "#
          + #"_total/_sum/_count/_bucket: \"up\" (1:6)"]}"#))
  }

  /// An endpoint with many series, and a query that keeps it busy for some time.
  private func crowded() throws -> Endpoint {
    let endpoint = Endpoint()
    for series in 0..<3000 { try endpoint.add([("__name__", "m"), ("i", "\(series)")], at: 0, 1) }
    return endpoint
  }

  private static let longQuery =
    "/api/v1/query_range?query=count(sin(m)%2Bcos(m))&start=0&end=300&step=0.03"

  @Test func `queries that take too long or too much are ended`() async throws {
    let endpoint = Endpoint { $0.evaluation.maximumSamples = 50 }
    for second in 0..<100 { try endpoint.add([("__name__", "up")], at: Int64(second) * 1000, 1) }
    let many = await endpoint.get("/api/v1/query?query=up[100s:1s]&time=99")
    #expect(many.status == 422)
    #expect(
      String(decoding: many.body.bytes, as: UTF8.self).contains(
        "query processing would load too many samples into memory in query execution"))
    let timedOut = try await crowded().get(Self.longQuery + "&timeout=1ms")
    #expect(timedOut.status == 503)
    #expect(
      String(decoding: timedOut.body.bytes, as: UTF8.self).hasPrefix(
        #"{"status":"error","errorType":"timeout","error":"query timed out in "#))
  }

  @Test func `a client that goes away ends its query`() async throws {
    let endpoint = try crowded()
    let task = Task { await endpoint.get(Self.longQuery).status }
    try await Task.sleep(for: .milliseconds(20))
    task.cancel()
    #expect(await task.value == 499)
  }

  @Test func `methods and paths that do not exist`() async throws {
    let endpoint = Endpoint()
    let cases: [(ServerRequest.Method, String, Int)] = [
      (.get, "/api/v1/nope", 404), (.get, "/api/v1/label//values", 301),
      (.get, "/api/v1/label/a/b/values", 404),
      (.get, "/nope", 404), (.put, "/api/v1/query", 405), (.post, "/api/v1/label/a/values", 405),
      (.options, "/api/v1/query", 204), (.options, "/api/v1/nope", 204), (.head, "/-/healthy", 200),
      (.post, "/-/healthy", 405), (.get, "/-/reload", 405), (.post, "/-/reload", 403),
      (.get, "/", 200), (.get, "/metrics", 200), (.get, "/api/v1/status/buildinfo", 200),
      (.other("PATCH"), "/api/v1/series", 405), (.get, "/api/v1/label/%zz/values", 404),
    ]
    for (method, path, status) in cases {
      #expect(await endpoint.send(method, path).status == status, "\(method) \(path)")
    }
    let refused = await endpoint.send(.put, "/api/v1/query")
    #expect(refused.headers["Allow"] == "GET, OPTIONS, POST")
    #expect(String(decoding: refused.body.bytes, as: UTF8.self) == "Method Not Allowed\n")
  }

  @Test func `an endpoint that is not ready refuses`() async {
    let endpoint = Endpoint()
    for (readiness, stopping) in [(PrometheusAPI.Readiness.loading, "false"), (.stopping, "true")] {
      endpoint.api.readiness = readiness
      for path in ["/api/v1/query?query=1", "/-/ready"] {
        let response = await endpoint.get(path)
        #expect(response.status == 503)
        #expect(String(decoding: response.body.bytes, as: UTF8.self) == "Service Unavailable")
        #expect(response.headers["X-Prometheus-Stopping"] == stopping)
      }
      #expect(await endpoint.get("/-/healthy").status == 200)
    }
    endpoint.api.readiness = .ready
    #expect(await endpoint.text("/-/ready") == "Prometheus Server is Ready.\n")
  }

  @Test func `browsers may read what the operator allows`() async throws {
    let pattern = try LabelPattern("https?://good\\.example")
    let choosy = Endpoint { $0.allowedOrigins = pattern }
    let origin = [("Origin", "http://good.example")]
    #expect(await Endpoint().get("/api/v1/labels", origin).headers["Access-Control-Allow-Origin"] == "*")
    let good = await choosy.get("/api/v1/labels", origin)
    #expect(good.headers["Access-Control-Allow-Origin"] == "http://good.example")
    #expect(good.headers["Access-Control-Expose-Headers"] == "Date")
    #expect(good.headers.all("Vary").contains("Origin"))
    let bad = await choosy.get("/api/v1/labels", [("Origin", "http://good.example.evil")])
    #expect(bad.headers["Access-Control-Allow-Origin"] == nil)
    #expect(await choosy.get("/api/v1/labels").headers["Access-Control-Allow-Methods"] == nil)
  }

  @Test func `the first encoding that the client lists is used`() async throws {
    let endpoint = try filled()
    let request = "/api/v1/query_range?query=up&start=0&end=99&step=0.1"
    let plain = await endpoint.get(request)
    #expect(plain.headers["Content-Encoding"] == nil)
    for (accepted, used) in [
      ("gzip", "gzip"), ("br, deflate, gzip", "deflate"), (" gzip ,deflate", "gzip"), ("gzip;q=0", nil),
      ("identity", nil),
    ] {
      let response = await endpoint.get(request, [("Accept-Encoding", accepted)])
      #expect(response.headers["Content-Encoding"] == used)
      if used != nil { #expect(response.body.count < plain.body.count) }
    }
    let packed = await endpoint.get(request, [("Accept-Encoding", "gzip")])
    #expect(try Self.unpacked(packed.body.bytes) == plain.body.bytes)
  }

  @Test func `a large matrix is the same whole, in pieces and packed`() async throws {
    let endpoint = Endpoint()
    for series in 0..<60 {
      for step in 0..<20 {
        let labels = [(name: "__name__", value: "m"), (name: "series", value: "\(series)")]
        try endpoint.add(labels, at: Int64(step) * 50_000 + Int64(series), Double(series * step) / 7)
      }
    }
    let request = "/api/v1/query_range?query=m&start=0&end=999&step=1&limit=55"
    let streamed = try await endpoint.get(request).body.whole()
    let grid = Grid(start: 0, end: 999_000, step: 1000)
    let result = try QueryEngine().range(Array("m".utf8), over: grid, in: endpoint.store.snapshot())
    guard case .matrix(let series) = result.value else { return #expect(Bool(false)) }
    #expect(series.reduce(0) { $0 + $1.values.count } > 50_000)
    let cut = QueryResult(value: .matrix(Array(series.prefix(55))))
    let whole = QueryBody.success(cut, steps: (0..<grid.count).map(grid.time), in: [])
    let warning = #","warnings":["results truncated due to limit"]}"#
    #expect(streamed == whole.dropLast() + Array(warning.utf8))
    let packed = await endpoint.get(request, [("Accept-Encoding", "gzip")])
    #expect(packed.headers["Content-Encoding"] == "gzip")
    #expect(try Self.unpacked(packed.body.whole()) == streamed)
  }

  /// What `gzip` makes of the bytes.
  private static func unpacked(_ bytes: [UInt8]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/gzip")
    process.arguments = ["-dc"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    input.fileHandleForWriting.write(Data(bytes))
    try input.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Array(data)
  }

  @Test func `trees are JSON whatever the numbers, with a type for every argument`() async throws {
    let endpoint = try filled()
    let table: [(query: String, part: String)] = [
      ("a%20-%20fill(NaN)%20b", #""fillValues":{"lhs":"NaN","rhs":"NaN"}"#),
      ("a%20-%20fill_left(-Inf)%20fill_right(0.5)%20b", #""fillValues":{"lhs":"-Inf","rhs":0.5}"#),
      (
        #"histogram_quantiles(a,%22q%22,0.5)"#,
        #"{"argTypes":["vector","string","scalar","scalar"],"name":"histogram_quantiles","returnType":"vector","variadic":9}"#
      ),
      (#"label_join(a,%22b%22,%22c%22)"#, #""argTypes":["vector","string","string","string"]"#),
      ("sort_by_label(a)", #""argTypes":["vector","string"]"#),
      ("round(a)", #""argTypes":["vector","scalar"]"#),
      ("hour()", #"{"argTypes":["vector"],"name":"hour","returnType":"vector","variadic":1}"#),
    ]
    for (query, part) in table {
      let answer = await endpoint.get("/api/v1/parse_query?query=\(query)")
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(answer.body.bytes)) }
      let body = String(decoding: answer.body.bytes, as: UTF8.self)
      #expect(body.contains(part), "\(body)")
    }
  }

  @Test func `what fails whatever the data is an error of execution`() async throws {
    let endpoint = try filled()
    for query in ["deriv(nothing[5m]%20anchored)", "1%20%3C/%202", "resets(nothing[5m]%20smoothed)"] {
      let answer = await endpoint.get("/api/v1/query?query=\(query)")
      #expect(answer.status == 422, "\(query)")
      #expect(String(decoding: answer.body.bytes, as: UTF8.self).contains(#""errorType":"execution""#))
    }
  }

  @Test func `its own metrics can be scraped`() async throws {
    let endpoint = try filled()
    endpoint.api.metrics.add { [OwnMetric("extra", .gauge, help: "A \\ thing.", 2.5)] }
    _ = await endpoint.get("/api/v1/query?query=1")
    _ = await endpoint.get("/api/v1/query?query=(")
    let text = await endpoint.get("/metrics")
    #expect(text.headers["Content-Type"] == ExpositionFormat.text.contentType)
    let body = String(decoding: text.body.bytes, as: UTF8.self)
    for line in [
      "# TYPE promgate_http_requests_total counter",
      #"promgate_http_requests_total{code="200",handler="/api/v1/query"} 1"#,
      #"promgate_http_requests_total{code="400",handler="/api/v1/query"} 1"#,
      #"promgate_http_request_duration_seconds_bucket{handler="/api/v1/query",le="+Inf"} 2"#,
      "extra 2.5", "# TYPE process_resident_memory_bytes gauge",
    ] {
      #expect(body.split(separator: "\n").contains(Substring(line)), "\(line)")
    }
    let accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.4"
    let open = await endpoint.get("/metrics", [("Accept", accept)])
    #expect(open.headers["Content-Type"] == ExpositionFormat.openMetrics.contentType)
    let openBody = String(decoding: open.body.bytes, as: UTF8.self)
    #expect(openBody.hasSuffix("\n# EOF\n"))
    #expect(openBody.contains("# TYPE promgate_http_requests counter\npromgate_http_requests_total{"))
    #expect(openBody.contains("process_cpu_seconds_total "))
  }

  @Test func `answers stay right while a writer appends`() async throws {
    let endpoint = try filled()
    let writer = Task {
      for second in 100..<400 {
        try endpoint.add([("__name__", "up"), ("job", "web")], at: Int64(second) * 1000, 1)
        await Task.yield()
      }
    }
    await withTaskGroup(of: Bool.self) { group in
      for reader in 0..<8 {
        group.addTask {
          for round in 0..<50 {
            let time = (reader * 50 + round) % 100
            let query = "http_requests_total{code=\"200\"}"
            let text = await endpoint.text("/api/v1/query?query=\(query)&time=\(time)")
            guard text.hasSuffix(#""value":[\#(time),"\#(time * 3)"]}]}}"#) else { return false }
          }
          return true
        }
      }
      for await isRight in group { #expect(isRight) }
    }
    try await writer.value
  }
}
