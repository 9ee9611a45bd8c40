import Server
import Testing
import TimeSeries

/// Heads that two servers could read differently, and who is counted as turned away (docs/security.md).
struct HeadTests {
  private static let chunked = "Transfer-Encoding: chunked\r\n"
  private static let form = "7\r\nquery=1\r\n0\r\n\r\n"

  /// What is sent, the status, and the reason that is counted; as Go's server answers unless said otherwise.
  private static let heads: [(sent: String, status: Int, reason: Refusal?)] = [
    ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 200, nil), ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 200, nil),
    ("GET / HTTP/1.0\r\n\r\n", 200, nil), ("GET / HTTP/1.1\r\n\r\n", 400, .malformed),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, .malformed),
    ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, .malformed),
    ("GET http://h/ HTTP/1.1\r\n\r\n", 400, .malformed),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, .malformed),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, .malformed),
    ("GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n", 400, .malformed),
    ("GET / HTTP/1.1\r\nHost: ä\r\n\r\n", 400, .malformed),
    ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, nil),
    ("GET / HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\n\r\n", 400, .malformed), ("GET /\r\n\r\n", 400, .malformed),
    ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\n", 413, .bodySize),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\n", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, .malformed),
    // Go takes these two; whoever stands in front may not.
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\(chunked)\r\n\(form)", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\n\(chunked)Content-Length: 7\r\n\r\n\(form)", 400, .malformed),
    ("POST / HTTP/1.0\r\nHost: h\r\n\(chunked)\r\n\(form)", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n\(form)", 501, .encoding),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n\(form)", 501, .encoding),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n\(form)", 200, nil),
    ("POST / HTTP/1.1\r\nHost: h\r\n\(chunked)\r\nfffffffffffffffff\r\n", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\n\(chunked)\r\n-7\r\n", 400, .malformed),
    ("POST / HTTP/1.1\r\nHost: h\r\n\(chunked)\r\n7;a=b\r\nquery=1\r\n0\r\nTrailer: x\r\n\r\n", 200, nil),
    ("GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", 417, .expectation),
    ("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: y\r\n", count: 300) + "\r\n", 431, .headerSize),
    ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 200, nil),
  ]

  @Test func `a head that can be read in two ways is refused and counted`() async throws {
    let refusals = Refusals()
    let server = try await HTTPServer.start(at: .anyLoopbackPort, refusals: refusals) { _ in
      ServerResponse(text: "good\n")
    }
    for (sent, status, reason) in Self.heads {
      let before = reason.map(refusals.count) ?? 0
      let client = try LoopbackClient(server)
      client.send(sent)
      let answer = await client.receive(until: "\n", count: 1)
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(sent.prefix(200).debugDescription): \(answer)")
      if let reason {
        #expect(refusals.count(of: reason) == before + 1, "\(sent.prefix(200).debugDescription)")
        _ = await client.receive()
      }
    }
    let all = Refusal.allCases.reduce(0) { $0 + refusals.count(of: $1) }
    #expect(all == Self.heads.count { $0.reason != nil })
    await server.stop()
  }

  @Test func `connections that find no room are counted`() async throws {
    var limits = HTTPLimits()
    limits.connections = 1
    let refusals = Refusals()
    let (works, working) = AsyncStream.makeStream(of: Void.self)
    let (ends, ending) = AsyncStream.makeStream(of: Void.self)
    let server = try await HTTPServer.start(at: .anyLoopbackPort, limits: limits, refusals: refusals) { _ in
      working.yield()
      for await _ in ends { break }
      return ServerResponse(text: "good\n")
    }
    let first = try LoopbackClient(server)
    first.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    for await _ in works { break }
    #expect(await (try LoopbackClient(server)).receive().hasPrefix("HTTP/1.1 503 "))
    #expect(refusals.count(of: .connections) == 1)
    ending.yield()
    #expect(await first.receive(until: "good\n").hasPrefix("HTTP/1.1 200 "))
    await server.stop(grace: .zero)
  }

  @Test func `pages write nothing, whatever they send along, unless their origin is named`() async throws {
    let headers: [[(name: String, value: String)]] = [
      [("Origin", "https://e.vil")], [("Origin", "null")], [("Origin", "http://h")],
      [("Sec-Fetch-Site", "cross-site")],
      [("Sec-Fetch-Site", "same-origin")],
      [("Origin", "https://e.vil"), ("Content-Type", "application/x-protobuf")],
      [("Origin", "https://e.vil"), ("Content-Type", "text/plain")],
    ]
    for fields in headers {
      let endpoint = Writing()
      let answer = await endpoint.write(fields)
      #expect(answer.status == 403, "\(fields)")
      #expect(endpoint.api.metrics.refusals.count(of: .crossSite) == 1)
    }
    // A sender is no page: it is told what is wrong with its message, or that it is fine.
    #expect(await Writing().write([]).status == 204)
    let named = Writing(origin: "https://good[.]example")
    #expect(await named.write([("Origin", "https://good.example")]).status == 204)
    #expect(await named.write([("Origin", "https://e.vil")]).status == 403)
    #expect(await named.write([("Sec-Fetch-Site", "none")]).status == 403)
  }
}

/// An endpoint that takes writes.
private struct Writing {
  let api: PrometheusAPI

  init(origin: String? = nil) {
    let store = Store()
    var options = PrometheusAPI.Options()
    options.allowedOrigins = origin.flatMap { try? LabelPattern($0) }
    api = PrometheusAPI(options: options, now: { 0 }, writer: RemoteWrite(into: store, now: { 0 })) {
      store.snapshot()
    }
  }

  /// Sends an empty message.
  func write(_ headers: [(name: String, value: String)]) async -> ServerResponse {
    await api.respond(to: ServerRequest(.post, "/api/v1/write", headers: HTTPFields(headers), body: [0]))
  }
}
