import Server
import Synchronization
import Testing

/// A real server on loopback, and clients that behave and misbehave.
struct HTTPServerTests {
  private func withServer(
    _ limits: HTTPLimits = HTTPLimits(), handler: @escaping RequestHandler = Self.echo,
    _ body: (HTTPServer) async throws -> Void
  ) async throws {
    let server = try await HTTPServer.start(at: .anyLoopbackPort, limits: limits, handler: handler)
    try await body(server)
    await server.stop(grace: .seconds(1))
    #expect(server.openConnections == 0)
  }

  /// Tells what arrived.
  private static let echo: RequestHandler = { request in
    ServerResponse(
      text: "\(request.method) \(request.path) \(request.query ?? "-") \(request.body.count)\n")
  }

  private func exchange(_ server: HTTPServer, _ text: String) async throws -> String {
    let client = try LoopbackClient(server)
    client.send(text)
    return await client.receive()
  }

  private func statusLine(_ answer: String) -> String { String(answer.prefix { !$0.isNewline }) }

  @Test func `requests of many forms are understood`() async throws {
    try await withServer { server in
      let end = "Connection: close\r\n\r\n"
      let cases = [
        ("GET /a?b=c HTTP/1.1\r\nHost: h\r\n\(end)", "get /a b=c 0\n"),
        ("GET http://host:1/a?b HTTP/1.1\r\nHost: h\r\n\(end)", "get /a b 0\n"),
        ("GET http://host HTTP/1.1\r\nHost: h\r\n\(end)", "get / - 0\n"),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\(end)abc", "post / - 3\n"),
        (
          "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\(end)2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
          "post / - 3\n"
        ),
        ("GET / HTTP/1.0\r\n\r\n", "get / - 0\n"),
        ("PATCH /x HTTP/1.1\r\nHost: h\r\n\(end)", "other(\"PATCH\") /x - 0\n"),
      ]
      for (request, expected) in cases {
        let answer = try await exchange(server, request)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n" + expected), "\(request)")
      }
      let head = try await exchange(server, "HEAD / HTTP/1.1\r\nHost: h\r\n\(end)")
      #expect(head.contains("Content-Length: 11\r\n"))
      #expect(head.hasSuffix("\r\n\r\n"))
      let interim = try await exchange(
        server, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\(end)a")
      #expect(interim.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"))
    }
  }

  @Test func `malformed and oversized requests are refused and harm nobody`() async throws {
    var limits = HTTPLimits()
    limits.headerSize = 10_000
    limits.headerCount = 20
    limits.bodySize = 1000
    try await withServer(limits) { server in
      let large = String(repeating: "a", count: 20_000)
      let cases = [
        ("\u{0}\u{1}garbage\r\n\r\n", 400), ("FOO / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400), ("GET /\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nbad header\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999\r\n\r\n", 413),
        (
          "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n\(large)\r\n0\r\n\r\n", 413
        ),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: \(large)\r\n\r\n", 431),
        ("GET /\(large) HTTP/1.1\r\nHost: h\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: h\r\n\(String(repeating: "a: b\r\n", count: 30))\r\n", 431),
      ]
      for (request, status) in cases {
        let answer = try await exchange(server, request)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(60)): \(statusLine(answer))")
        #expect(answer.contains("Connection: close\r\n"))
      }
      #expect(try await exchange(server, "GET / HTTP/1.0\r\n\r\n").hasSuffix("get / - 0\n"))
    }
  }

  @Test func `pipelined requests are answered in order`() async throws {
    try await withServer { server in
      let client = try LoopbackClient(server)
      client.send((0..<2000).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
      let answers = await client.receive(until: " - 0\n", count: 2000)
      let paths = answers.matches(of: /get \/\d+ - 0/).map { String($0.output) }
      #expect(paths == (0..<2000).map { "get /\($0) - 0" })
    }
  }

  @Test func `slow and idle clients are let go`() async throws {
    var limits = HTTPLimits()
    limits.requestTimeout = .milliseconds(300)
    limits.idleTimeout = .milliseconds(300)
    try await withServer(limits) { server in
      let idle = try LoopbackClient(server)
      let halfHead = try LoopbackClient(server)
      halfHead.send("GET / HTTP/1.1\r\nHost: h\r\nX: ")
      let halfBody = try LoopbackClient(server)
      halfBody.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
      #expect(await idle.isClosed())
      #expect(await halfHead.isClosed())
      #expect(await halfBody.receive().hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test func `a client that does not read its answer is let go`() async throws {
    var limits = HTTPLimits()
    limits.stallTimeout = .milliseconds(300)
    let body = [UInt8](repeating: 0x61, count: 64 << 20)
    try await withServer(limits, handler: { _ in ServerResponse(body: body) }) { server in
      let client = try LoopbackClient(server)
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      for _ in 0..<100 where server.openConnections > 0 {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(server.openConnections == 0)
      let reader = try LoopbackClient(server)
      reader.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(await reader.receive().utf8.count > body.count)
    }
  }

  @Test func `answers to pipelined requests do not pile up for a client that reads none`() async throws {
    var limits = HTTPLimits()
    limits.stallTimeout = .milliseconds(300)
    let served = Mutex(0)
    let body = [UInt8](repeating: 0x61, count: 200_000)
    let handler: RequestHandler = { _ in
      served.withLock { $0 += 1 }
      return ServerResponse(body: body)
    }
    try await withServer(limits, handler: handler) { server in
      let client = try LoopbackClient(server)
      client.send(String(repeating: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", count: 500))
      for _ in 0..<100 where server.openConnections > 0 {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(server.openConnections == 0)
      // What the sockets' own buffers took, and little more.
      #expect(served.withLock { $0 } < 200)
      // Who reads gets all of them: here to the connection's end.
      let reader = try LoopbackClient(server)
      let request = "GET / HTTP/1.1\r\nHost: h\r\n"
      reader.send(String(repeating: "\(request)\r\n", count: 29) + "\(request)Connection: close\r\n\r\n")
      let text = await reader.receive()
      #expect(text.utf8.count > 30 * body.count)
    }
  }

  @Test func `the task of a client that goes away is cancelled`() async throws {
    let canceled = Mutex(0)
    let started = Mutex(0)
    let handler: RequestHandler = { _ in
      started.withLock { $0 += 1 }
      try? await Task.sleep(for: .seconds(60))
      if Task.isCancelled { canceled.withLock { $0 += 1 } }
      return ServerResponse()
    }
    try await withServer(handler: handler) { server in
      do {
        let clients = try (0..<4).map { _ in try LoopbackClient(server) }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") }
        for _ in 0..<200 where started.withLock({ $0 }) < 4 { try await Task.sleep(for: .milliseconds(10)) }
        for client in clients.prefix(2) { client.reset() }
      }
      for _ in 0..<200 where canceled.withLock({ $0 }) < 4 { try await Task.sleep(for: .milliseconds(10)) }
      #expect(canceled.withLock { $0 } == 4)
    }
  }

  @Test func `a full house lets idle guests go first`() async throws {
    var limits = HTTPLimits()
    limits.connections = 4
    limits.concurrentRequests = 2
    let handler: RequestHandler = { request in
      if request.path == "/slow" { try? await Task.sleep(for: .milliseconds(500)) }
      return ServerResponse(text: "done\n")
    }
    try await withServer(limits, handler: handler) { server in
      let idle = try (0..<4).map { _ in try LoopbackClient(server, patience: 0.2) }
      #expect(try await exchange(server, "GET / HTTP/1.0\r\n\r\n").hasSuffix("done\n"))
      var closed = 0
      for client in idle where await client.isClosed() { closed += 1 }
      #expect(closed == 1)
      let busy = try (0..<3).map { _ in try LoopbackClient(server) }
      for client in busy { client.send("GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") }
      var answers: [String] = []
      for client in busy { answers.append(await client.receive()) }
      #expect(answers.count { $0.hasPrefix("HTTP/1.1 200 ") } == 2)
      #expect(answers.count { $0.hasPrefix("HTTP/1.1 503 ") } == 1)
    }
  }

  @Test func `stopping lets requests in work finish`() async throws {
    let started = Mutex(false)
    let server = try await HTTPServer.start(at: .anyLoopbackPort) { _ in
      started.withLock { $0 = true }
      try? await Task.sleep(for: .milliseconds(400))
      return ServerResponse(text: "late\n")
    }
    let idle = try LoopbackClient(server)
    let client = try LoopbackClient(server)
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    while !started.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    await server.stop()
    let answer = await client.receive()
    #expect(answer.contains("connection: close") || answer.contains("Connection: close"))
    #expect(answer.hasSuffix("late\n"))
    #expect(await idle.isClosed())
    #expect(throws: LoopbackClient.Problem.self) { try LoopbackClient(server) }
  }

  @Test func `stopping in the middle of a head closes the connection`() async throws {
    for part in ["G", "GET /-/hea", "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /-"] {
      let server = try await HTTPServer.start(at: .anyLoopbackPort, handler: Self.echo)
      let client = try LoopbackClient(server)
      client.send(part)
      for _ in 0..<100 where server.openConnections == 0 { try await Task.sleep(for: .milliseconds(5)) }
      try await Task.sleep(for: .milliseconds(50))
      await server.stop(grace: .milliseconds(100))
      #expect(server.openConnections == 0, "\(part)")
      #expect(!(await client.receive()).contains(" 400 "), "\(part)")
    }
  }

  @Test func `an address in use is an error that says so`() async throws {
    try await withServer { server in
      do {
        _ = try await HTTPServer.start(at: server.address, handler: Self.echo)
        Issue.record("two servers on one port")
      } catch {
        #expect("\(error)" == "cannot listen on \(server.address): Address already in use")
      }
    }
  }
}
