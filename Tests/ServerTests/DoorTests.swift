import Foundation
import Server
import Synchronization
import Testing

/// Who comes in, and what of a request is read before that is known.
struct DoorTests {
  /// bcrypt of "secret", at the lowest cost.
  private static let hash = "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"

  /// A server with users, and how many requests came as far as its handler.
  private func withServer(
    _ limits: HTTPLimits = HTTPLimits(), access: @escaping @Sendable () -> ServerAccess,
    _ body: (HTTPServer, @Sendable () -> Int) async throws -> Void
  ) async throws {
    let served = Mutex(0)
    let server = try await HTTPServer.start(at: .anyLoopbackPort, limits: limits, access: access) { request in
      served.withLock { $0 += 1 }
      return ServerResponse(text: "\(request.body.count) bytes\n")
    }
    try await body(server) { served.withLock { $0 } }
    await server.stop(grace: .seconds(1))
    #expect(server.openConnections == 0)
  }

  private static func users() -> ServerAccess {
    var access = ServerAccess()
    access.users = ["me": hash, "other": hash]
    return access
  }

  private func basic(_ user: String, _ password: String) -> String {
    "Authorization: Basic \(Data("\(user):\(password)".utf8).base64EncodedString())\r\n"
  }

  @Test func `a body is not read before its sender is known`() async throws {
    try await withServer(access: Self.users) { server, served in
      let length = "Content-Length: 1000000\r\n"
      for refused in ["", basic("me", "wrong"), basic("nobody", "secret"), "Authorization: Bearer x\r\n"] {
        let client = try LoopbackClient(server)
        // Nothing of the body is sent: an answer can only be to the head.
        client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\(refused)\(length)\r\n")
        let answer = await client.receive()
        #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(refused)\(answer)")
        #expect(answer.contains("WWW-Authenticate: Basic\r\n") && answer.contains("Connection: close\r\n"))
      }
      #expect(served() == 0)
      for known in [basic("me", "secret"), basic("other", "secret")] {
        let client = try LoopbackClient(server)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\(known)Content-Length: 3\r\n\r\n")
        #expect(await client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 Continue\r\n"))
        client.send("abcGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(known)\r\n")
        let answers = await client.receive()
        #expect(answers.contains("3 bytes\n") && answers.hasSuffix("0 bytes\n"), "\(answers)")
      }
      #expect(served() == 4)
    }
  }

  @Test func `what was sent along with a password that is looked at is read when it is right`() async throws {
    try await withServer(access: Self.users) { server, served in
      let body = String(repeating: "b", count: 300_000)
      for (password, status) in [("wrong", 401), ("secret", 200)] {
        let client = try LoopbackClient(server)
        client.send(
          "POST / HTTP/1.1\r\nHost: h\r\n\(basic("me", password))Content-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)")
        let answer = await client.receive()
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.hasSuffix("300000 bytes\n") == (status == 200))
      }
      #expect(served() == 1)
    }
  }

  @Test func `a connection outlives a refusal without a body`() async throws {
    try await withServer(access: Self.users) { server, _ in
      let client = try LoopbackClient(server)
      let end = "Connection: close\r\n\r\n"
      client.send(
        "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\(basic("me", "secret"))\(end)")
      let answers = await client.receive()
      #expect(answers.hasPrefix("HTTP/1.1 401 ") && answers.hasSuffix("0 bytes\n"), "\(answers)")
    }
  }

  @Test func `who guesses passwords waits behind nobody but himself`() async throws {
    try await withServer(access: Self.users) { server, served in
      // Names that nobody has cost a tenth of a second each.
      let guessers = try (0..<60).map { number in
        let client = try LoopbackClient(server)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\(basic("guess\(number)", "x"))Connection: close\r\n\r\n")
        return client
      }
      let first = guessers[0]
      #expect(await first.receive().hasPrefix("HTTP/1.1 401 "))
      for _ in 0..<20 {
        let known = try LoopbackClient(server)
        known.send("GET / HTTP/1.1\r\nHost: h\r\n\(basic("me", "secret"))Connection: close\r\n\r\n")
        #expect(await known.receive().hasPrefix("HTTP/1.1 200 "))
      }
      #expect(served() == 20)
      // Those who guess are still at it: nobody waited for them to end.
      #expect(server.openConnections > 1)
    }
  }

  @Test func `bodies share a budget`() async throws {
    var limits = HTTPLimits()
    limits.bodySize = 1_000_000
    limits.bodiesSize = 1_500_000
    let isHeld = Mutex(true)
    let holding = Mutex(false)
    let server = try await HTTPServer.start(at: .anyLoopbackPort, limits: limits) { request in
      if request.path == "/hold" {
        holding.withLock { $0 = true }
        while isHeld.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
      }
      return ServerResponse(text: "\(request.body.count) bytes\n")
    }
    let part = String(repeating: "a", count: 900_000)
    let head = "HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\nConnection: close\r\n\r\n"
    let holder = try LoopbackClient(server)
    holder.send("POST /hold \(head)\(part)")
    while !holding.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    // A body counts until its request is answered.
    for _ in 0..<5 {
      let other = try LoopbackClient(server)
      other.send("POST / \(head)\(part)")
      #expect(await other.receive().hasPrefix("HTTP/1.1 503 "))
    }
    isHeld.withLock { $0 = false }
    #expect(await holder.receive().hasSuffix("900000 bytes\n"))
    for _ in 0..<5 {
      let other = try LoopbackClient(server)
      other.send("POST / \(head)\(part)")
      #expect(await other.receive().hasSuffix("900000 bytes\n"))
    }
    await server.stop(grace: .seconds(1))
  }

  @Test func `heads that Go's server refuses are refused`() async throws {
    try await withServer(access: { ServerAccess() }) { server, served in
      let cases = [
        ("GET / HTTP/1.1\r\n\r\n", 400, "missing required Host header"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "too many Host headers"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", 400, "Bad Request"),
        (
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400, "Bad Request"
        ),
        (
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
          "unsupported transfer encoding"
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417, "Expectation"),
      ]
      for (request, status, text) in cases {
        let client = try LoopbackClient(server)
        client.send(request)
        let answer = await client.receive()
        #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains(text), "\(request)\(answer)")
      }
      #expect(served() == 0)
    }
  }

  // MARK: TLS

  private static func security(names: [String]) throws -> ServerAccess.Security {
    var security = try TLSClient.security()
    security.clients = .verified
    security.clientAuthorities = try TLSClient.bytes("ca.pem")
    security.clientNames = names
    return security
  }

  @Test(arguments: ["TLSv1_2", "TLSv1_3"])
  func `what arrives with the end of a handshake waits until the peer is accepted`(version: String)
    async throws
  {
    for (names, answer) in [(["client.test"], "answered\n"), (["somebody.else"], "nothing\n")] {
      var access = ServerAccess()
      access.security = try Self.security(names: names)
      try await withServer(access: { [access] in access }) { server, served in
        let heard = try await TLSClient.talk(server, .early, version: version)
        #expect(heard == answer, "\(names)")
        #expect((served() > 0) == (answer == "answered\n"), "\(names)")
      }
    }
  }

  @Test(arguments: ["TLSv1_2", "TLSv1_3"])
  func `settings that change during a handshake hold for it`(version: String) async throws {
    let welcoming = try Self.security(names: ["client.test"])
    let strict = try Self.security(names: ["somebody.else"])
    let asked = Mutex(0)
    // At the start, when the connection is made, and from then on the new settings.
    let access: @Sendable () -> ServerAccess = {
      var access = ServerAccess()
      access.security = asked.withLock { asked in
        asked += 1
        return asked <= 2 ? welcoming : strict
      }
      return access
    }
    try await withServer(access: access) { server, served in
      let heard = try await TLSClient.talk(server, .early, version: version)
      #expect(heard == "nothing\n")
      #expect(served() == 0)
      #expect(asked.withLock { $0 } > 2)
    }
  }
}
