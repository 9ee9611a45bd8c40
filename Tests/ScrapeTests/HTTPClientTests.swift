import Foundation
import Glibc
import Loopback
import Scrape
import Synchronization
import Testing
import TimeSeries

@Suite struct HTTPClientTests {
  /// A hundred thousand times `a 1` and a newline, as gzip.
  private static let bomb: [UInt8] = {
    let text =
      "H4sIAAAAAAACA+3DMQ0AAAgDsB8VWEDS/JuYCr42afYm"
      + String(repeating: "q", count: 516)
      + "+rx2JRUegBoGAA=="
    return Array(Data(base64Encoded: text) ?? Data())
  }()

  private func serve(
    _ respond: @escaping @Sendable (LoopbackServer.Request) -> [UInt8]?,
    _ body: (LoopbackServer) async throws -> Void
  ) async throws {
    let server = try LoopbackServer(respond)
    defer { server.stop() }
    try await body(server)
  }

  private func body(of url: String, _ client: HTTPClient) async -> [UInt8]? {
    try? await client.fetch(HTTPRequest(.get, url)).body
  }

  private func failure(_ request: HTTPRequest, _ client: HTTPClient = HTTPClient()) async -> HTTPFailure? {
    do {
      _ = try await client.fetch(request)
      return nil
    } catch {
      return error
    }
  }

  @Test func `requests arrive as they were made`() async throws {
    let seen = Gathered<LoopbackServer.Request>()
    try await serve({ request in
      seen.add(request)
      return LoopbackServer.reply(Array("ok".utf8), status: "201 Made Up", headers: ["X-A: 1", "x-b:"])
    }) { server in
      let client = HTTPClient(userAgent: "promgate/9")
      var request = HTTPRequest.form(server.url + "/q?x=1", [("query", "sum(a{b=\"ü+\"})"), ("t", "1.5")])
      request.access = HTTPAccess(
        authorization: .bearer("token"), headers: [HTTPRequest.Header("X-Scope", "me")])
      let response = try await client.fetch(request)
      #expect(response.status == 201 && response.statusLine == "201 Made Up")
      #expect(response.body == Array("ok".utf8))
      #expect(response.header("x-A") == "1" && response.header("X-B") == "" && response.header("no") == nil)
      let scrape = Target(url: server.url + "/metrics", labels: .none)
      _ = try await client.fetch(scrape.request())
      var plain = HTTPRequest(.get, server.url + "/plain")
      plain.compressed = false
      plain.headers = [HTTPRequest.Header("User-Agent", "other"), HTTPRequest.Header("X-Empty", "")]
      plain.access.authorization = .basic(user: "u", password: "p")
      _ = try await client.fetch(plain)
    }
    let all = seen.all
    #expect(all.map(\.line) == ["POST /q?x=1 HTTP/1.1", "GET /metrics HTTP/1.1", "GET /plain HTTP/1.1"])
    #expect(all[0].body == "query=sum%28a%7Bb%3D%22%C3%BC%2B%22%7D%29&t=1.5")
    #expect(all[0].headers["content-type"] == "application/x-www-form-urlencoded")
    #expect(all[0].headers["authorization"] == "Bearer token" && all[0].headers["x-scope"] == "me")
    #expect(all[1].headers["accept"]?.hasPrefix("application/openmetrics-text;version=1.0.0") == true)
    #expect(all[1].headers["accept-encoding"] == "gzip" && all[1].headers["user-agent"] == "promgate/9")
    #expect(all[1].headers["x-prometheus-scrape-timeout-seconds"] == "10")
    #expect(all[2].headers["user-agent"] == "other" && all[2].headers["accept-encoding"] == nil)
    #expect(all[2].headers["authorization"] == "Basic dTpw" && all[2].headers["x-empty"] == "")
  }

  @Test func `gzip is undone, and its size is limited after decompression`() async throws {
    let bomb = Self.bomb
    #expect(bomb.count == 430)
    try await serve({ request in
      switch request.line.split(separator: " ")[1] {
      case "/gzip": LoopbackServer.reply(bomb, headers: ["Content-Encoding: gzip"])
      case "/twice": LoopbackServer.reply(bomb + bomb, headers: ["content-encoding:  gzip "])
      case "/cut": LoopbackServer.reply(Array(bomb.dropLast(100)), headers: ["Content-Encoding: gzip"])
      case "/bad": LoopbackServer.reply(Array("no gzip".utf8), headers: ["Content-Encoding: gzip"])
      case "/empty": LoopbackServer.reply([], headers: ["Content-Encoding: gzip"])
      default: LoopbackServer.reply(bomb, headers: ["Content-Encoding: x-gzip"])
      }
    }) { server in
      let client = HTTPClient()
      #expect(await body(of: server.url + "/gzip", client)?.count == 400_000)
      #expect(await body(of: server.url + "/twice", client)?.count == 800_000)
      #expect(await body(of: server.url + "/other", client) == bomb)
      #expect(await body(of: server.url + "/empty", client) == [])
      var limited = HTTPRequest(.get, server.url + "/gzip")
      limited.maximumBody = 399_999
      #expect(await failure(limited, client) == HTTPFailure(.bodyTooLarge, "body size limit exceeded"))
      limited.maximumBody = 400_000
      #expect(await failure(limited, client) == nil)
      #expect(await failure(HTTPRequest(.get, server.url + "/cut"), client)?.kind == .badCompression)
      #expect(await failure(HTTPRequest(.get, server.url + "/bad"), client)?.kind == .badCompression)
    }
  }

  @Test func `a body that never ends holds up nobody and ends with its time`() async throws {
    // Two gigabytes out of two megabytes.
    let endless = [[UInt8]](repeating: Self.bomb, count: 5000).flatMap { $0 }
    try await serve({ request in
      request.line.contains("/endless")
        ? LoopbackServer.reply(endless, headers: ["Content-Encoding: gzip"])
        : LoopbackServer.reply(Self.bomb, headers: ["Content-Encoding: gzip"])
    }) { server in
      let client = HTTPClient()
      var request = HTTPRequest(.get, server.url + "/endless")
      request.timeoutMilliseconds = 700
      request.maximumBody = 4 << 30
      let bombs = (0..<3).map { _ in Task { [request] in await failure(request, client) } }
      let ended = Mutex(false)
      let watch = Task {
        for bomb in bombs { _ = await bomb.value }
        ended.withLock { $0 = true }
      }
      var answered = 0
      while !ended.withLock({ $0 }) {
        if await body(of: server.url + "/good", client)?.count == 400_000 { answered += 1 }
      }
      await watch.value
      for bomb in bombs { #expect(await bomb.value == HTTPFailure(.timedOut, "context deadline exceeded")) }
      #expect(answered > 0)
      // A limit ends it long before its time.
      request.timeoutMilliseconds = 60_000
      request.maximumBody = 3 << 20
      #expect(await failure(request, client)?.kind == .bodyTooLarge)
      #expect(client.answers([request]).map { (try? $0.get()) == nil } == [true])
    }
  }

  @Test func `redirects are followed ten times, or not at all`() async throws {
    try await serve({ request in
      switch request.line.split(separator: " ")[1] {
      case "/start": LoopbackServer.reply([], status: "302 Found", headers: ["Location: /end", "X-First: 1"])
      case "/end": LoopbackServer.reply(Array("there".utf8), headers: ["X-Last: 1"])
      case "/file": LoopbackServer.reply([], status: "302 Found", headers: ["Location: file:///etc/passwd"])
      default: LoopbackServer.reply([], status: "302 Found", headers: ["Location: /loop"])
      }
    }) { server in
      let client = HTTPClient()
      let response = try await client.fetch(HTTPRequest(.get, server.url + "/start"))
      #expect(response.status == 200 && response.body == Array("there".utf8))
      #expect(response.header("X-First") == nil && response.header("X-Last") == "1")
      var still = HTTPRequest(.get, server.url + "/start")
      still.followsRedirects = false
      let stayed = try await client.fetch(still)
      #expect(stayed.status == 302)
      #expect(await failure(HTTPRequest(.get, server.url + "/loop"), client)?.kind == .failed)
      #expect(await failure(HTTPRequest(.get, server.url + "/file"), client)?.kind == .failed)
    }
  }

  @Test func `nothing that says who asks follows a redirect to another place`() async throws {
    let arrived = Mutex<[LoopbackServer.Request]>([])
    try await serve({ request in
      arrived.withLock { $0.append(request) }
      return LoopbackServer.reply(Array("there".utf8))
    }) { other in
      try await serve({ request in
        arrived.withLock { $0.append(request) }
        switch request.line.split(separator: " ")[1] {
        case "/here": return LoopbackServer.reply([], status: "302 Found", headers: ["Location: /end"])
        case "/keep":
          return LoopbackServer.reply(
            [], status: "307 Temporary Redirect", headers: ["Location: \(other.url)/x"])
        case "/away":
          return LoopbackServer.reply([], status: "301 Moved", headers: ["Location: \(other.url)/x"])
        default: return LoopbackServer.reply([])
        }
      }) { server in
        let client = HTTPClient()
        for (method, path, last, body, asks) in [
          (HTTPRequest.Method.get, "/here", "GET /end", "", true), (.get, "/away", "GET /x", "", false),
          (.post, "/away", "GET /x", "", false), (.post, "/keep", "POST /x", "data", false),
        ] {
          arrived.withLock { $0 = [] }
          var request = HTTPRequest(
            method, server.url + path, headers: [.init("X-Api-Key", "k"), .init("Accept", "a/b")],
            body: method == .post ? Array("data".utf8) : [])
          request.access = HTTPAccess(authorization: .bearer("t"), headers: [.init("X-Tenant", "me")])
          _ = try await client.fetch(request)
          if case .success(let answer) = client.answers([request])[0] { #expect(answer.status == 200) }
          for end in arrived.withLock({ [$0[1], $0[3]] }) {
            #expect(end.line.hasPrefix(last) && end.body == body, "\(method) \(path): \(end.line)")
            #expect(end.headers["accept"] == "a/b")
            for name in ["authorization", "x-api-key", "x-tenant"] {
              #expect((end.headers[name] != nil) == asks, "\(method) \(path): \(name)")
            }
          }
        }
      }
    }
  }

  @Test func `of an address that is a secret only the host is shown`() async throws {
    let (port, socket) = try LoopbackServer.closedPort()
    defer { close(socket) }
    var request = HTTPRequest(.post, "http://me:pass@127.0.0.1:\(port)/services/T0/B0/secret?token=x")
    request.hidesPath = true
    let told = await failure(request)?.reason ?? ""
    #expect(told.hasPrefix("Post \"http://127.0.0.1:\(port)/…\": dial tcp 127.0.0.1:\(port): "), "\(told)")
    #expect(HTTPAddress.hostOnly("https://host") == "https://host")
    #expect(HTTPAddress.hostOnly("no address") == "…")
  }

  @Test func `what goes wrong is told`() async throws {
    let (port, socket) = try LoopbackServer.closedPort()
    defer { close(socket) }
    let address = "http://127.0.0.1:\(port)/metrics"
    let refused = await failure(HTTPRequest(.get, address))
    #expect(
      refused
        == HTTPFailure(
          .unreachable,
          "Get \"\(address)\": dial tcp 127.0.0.1:\(port): connect: connection refused"))
    let posted = await failure(HTTPRequest(.post, "http://me:secret@127.0.0.1:\(port)/x"))
    #expect(
      posted?.reason
        == "Post \"http://me:xxxxx@127.0.0.1:\(port)/x\": dial tcp 127.0.0.1:\(port): connect: "
        + "connection refused")
    let unknown = await failure(HTTPRequest(.get, "http://no-such-host.invalid/"))
    #expect(unknown?.kind == .unknownHost)
    #expect(
      unknown?.reason
        == "Get \"http://no-such-host.invalid/\": dial tcp: lookup no-such-host.invalid: no such host")
    for (url, words) in [
      ("ftp://h/", "must begin with http"), ("http://a b/", "a blank or a control character"),
      ("http://h/\nX: y", "control character"), ("", "must begin with http"),
    ] {
      let failure = await failure(HTTPRequest(.get, url))
      #expect(failure?.kind == .invalidRequest && failure?.reason.contains(words) == true, "\(url)")
    }
    var split = HTTPRequest(.get, address)
    split.headers = [HTTPRequest.Header("X", "a\r\nY: b")]
    #expect(await failure(split)?.kind == .invalidRequest)
    try await serve({ _ in nil }) { server in
      #expect(await failure(HTTPRequest(.get, server.url))?.kind == .failed)
    }
    try await serve({ _ in Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".utf8) }) { server in
      var request = HTTPRequest(.get, server.url)
      request.timeoutMilliseconds = 200
      #expect(
        await failure(request)
          == HTTPFailure(.timedOut, "Get \"\(server.url)\": context deadline exceeded"))
    }
  }

  @Test func `a slow request holds up no other, and can be given up`() async throws {
    let gate = DispatchSemaphore(value: 0)
    try await serve({ request in
      if request.line.contains("/slow") { gate.wait() }
      return LoopbackServer.reply(Array("ok".utf8))
    }) { server in
      let client = HTTPClient()
      let slow = Task { await failure(HTTPRequest(.get, server.url + "/slow"), client) }
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 {
          group.addTask {
            (try? await client.fetch(HTTPRequest(.get, server.url + "/quick")))?.status == 200
          }
        }
        for await isOK in group { #expect(isOK) }
      }
      slow.cancel()
      #expect(await slow.value?.kind == .cancelled)
      let early = Task { () -> HTTPFailure? in
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        return await failure(HTTPRequest(.get, server.url + "/slow"), client)
      }
      #expect(await early.value?.kind == .cancelled)
      for _ in 0..<2 { gate.signal() }
    }
  }

  @Test func `clients come and go, with requests under way`() async throws {
    let gate = DispatchSemaphore(value: 0)
    try await serve({ _ in
      gate.wait()
      return nil
    }) { server in
      for _ in 0..<20 { _ = HTTPClient() }
      await withTaskGroup(of: HTTPFailure.Kind?.self) { group in
        let client = HTTPClient()
        for _ in 0..<5 {
          group.addTask { await failure(HTTPRequest(.get, server.url), client)?.kind }
        }
        group.cancelAll()
        for await kind in group { #expect(kind == .cancelled) }
      }
      for _ in 0..<5 { gate.signal() }
    }
  }

  @Test func `targets are scraped over HTTP into a store`() async throws {
    let count = Gathered<Int>()
    let bomb = Self.bomb
    try await serve({ request in
      count.add(1)
      if request.line.contains("gzip") {
        return LoopbackServer.reply(
          bomb, headers: ["Content-Encoding: gzip", "Content-Type: text/plain; version=0.0.4"])
      }
      let text = "# TYPE n counter\nn_total \(count.all.count)\n# EOF\n"
      return LoopbackServer.reply(
        Array(text.utf8), headers: ["Content-Type: application/openmetrics-text; version=1.0.0"])
    }) { server in
      let targets = ["/metrics", "/gzip"].map { path in
        var target = Target(url: server.url + path, labels: labels(("path", path)))
        target.timeoutMilliseconds = 60_000
        return target
      }
      let store = Store()
      let clock = VirtualClock(now: 0, participants: 3)
      let loop = ScrapeLoop(targets, fetcher: HTTPClient(), time: clock.source, into: store)
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await loop.run() }
        try? await clock.sleep(until: 300_000)
        group.cancelAll()
      }
      let snapshot = store.snapshot()
      for name in ["n_total", "a"] {
        let found = snapshot.select(
          Selection(matchers: [LabelMatcher(LabelName.metric, equals: name)], after: .min, through: .max))
        #expect(found.labels.count == 1)
        guard found.labels.count == 1 else { continue }
        let samples = try found.samples(0)
        #expect(samples.count == 6 && samples.staleMarkers == [5], "\(name)")
      }
      #expect(loop.statuses.allSatisfy { $0.health == .up })
    }
  }
}
