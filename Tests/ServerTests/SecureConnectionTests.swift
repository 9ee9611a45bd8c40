import Foundation
import Server
import Synchronization
import Testing

/// TLS: whom it lets in, what it makes of bytes that come as they like, and settings that cannot be used.
struct SecureConnectionTests {
  /// A server that sends back what it gets, and how many requests came as far as its handler.
  private func withServer(
    _ security: ServerAccess.Security, limits: HTTPLimits = HTTPLimits(),
    _ body: (HTTPServer, @Sendable () -> Int) async throws -> Void
  ) async throws {
    let served = Mutex(0)
    var access = ServerAccess()
    access.security = security
    let server = try await HTTPServer.start(
      at: .anyLoopbackPort, limits: limits, access: { [access] in access }
    ) {
      request in
      served.withLock { $0 += 1 }
      return request.body.isEmpty
        ? ServerResponse(text: "0 bytes\n")
        : ServerResponse(text: String(decoding: request.body, as: UTF8.self))
    }
    try await body(server) { served.withLock { $0 } }
    await server.stop(grace: .seconds(1))
    #expect(server.openConnections == 0)
  }

  @Test func `clients show what they must`() async throws {
    let cases: [(ServerAccess.ClientAuthentication, none: Bool, signed: Bool, stranger: Bool)] = [
      (.none, true, true, true),
      (.requested, true, true, true),
      (.any, false, true, true),
      (.verifiedIfGiven, true, true, false),
      (.verified, false, true, false),
    ]
    #expect(Set(cases.map(\.0)) == Set(ServerAccess.ClientAuthentication.allCases))
    for (clients, none, signed, stranger) in cases {
      var security = try TLSClient.security()
      security.clients = clients
      // Nobody but the client itself is trusted: then the stranger's authority is not.
      if clients != .none { security.clientAuthorities = try TLSClient.bytes("client.pem") }
      try await withServer(security) { server, served in
        for (certificate, isWelcome) in [("", none), ("client", signed), ("stranger", stranger)] {
          let before = served()
          let heard = try await TLSClient.talk(server, .early, certificate: certificate)
          #expect(heard == (isWelcome ? "answered\n" : "nothing\n"), "\(clients), \(certificate)")
          #expect((served() > before) == isWelcome, "\(clients), \(certificate)")
        }
      }
    }
  }

  @Test func `with names, a certificate is needed whatever else is said`() async throws {
    for clients in ServerAccess.ClientAuthentication.allCases {
      var security = try TLSClient.security()
      security.clients = clients
      if clients != .none { security.clientAuthorities = try TLSClient.bytes("ca.pem") }
      for (names, isWelcome) in [
        (["a.test", "client.test"], true), (["client.tes", "client.test.", "*.test"], false),
      ] {
        security.clientNames = names
        try await withServer(security) { server, served in
          let nameless = try await TLSClient.talk(server, .early, certificate: "")
          #expect(nameless == "nothing\n")
          #expect(served() == 0)
          // Who is asked for no certificate shows none.
          let heard = try await TLSClient.talk(server, .early)
          #expect(
            heard == (isWelcome && clients != .none ? "answered\n" : "nothing\n"), "\(clients), \(names)")
        }
      }
    }
  }

  @Test(arguments: ["TLSv1_2", "TLSv1_3"])
  func `records may be split anywhere, and the end is said`(version: String) async throws {
    try await withServer(try TLSClient.security()) { server, served in
      let heard = try await TLSClient.talk(server, .pieces, version: version)
      #expect(heard == "answered\n")
      #expect(served() == 1)
    }
  }

  @Test(arguments: ["TLSv1_2", "TLSv1_3"])
  func `what was damaged on its way is not read`(version: String) async throws {
    var security = try TLSClient.security()
    security.clients = .verified
    security.clientAuthorities = try TLSClient.bytes("ca.pem")
    try await withServer(security) { server, served in
      let damaged = try await TLSClient.talk(server, .damaged, version: version)
      #expect(damaged == "0\n")
      #expect(served() == 0)
      let whole = try await TLSClient.talk(server, .pieces, version: version)
      #expect(whole == "answered\n")
    }
  }

  @Test(arguments: ["TLSv1_2", "TLSv1_3"])
  func `large bodies go both ways`(version: String) async throws {
    var limits = HTTPLimits()
    limits.requestTimeout = .seconds(120)
    var access = ServerAccess()
    access.security = try TLSClient.security()
    let server = try await HTTPServer.start(
      at: .anyLoopbackPort, limits: limits, access: { [access] in access }
    ) {
      request in ServerResponse(body: request.body)
    }
    let heard = try await TLSClient.talk(server, .large, version: version)
    #expect(heard == "the same\n")
    await server.stop(grace: .seconds(1))
  }

  @Test func `a handshake that stands still is ended`() async throws {
    var limits = HTTPLimits()
    limits.requestTimeout = .milliseconds(200)
    try await withServer(try TLSClient.security(), limits: limits) { server, served in
      for start in ["", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"] {
        let client = try LoopbackClient(server)
        client.send(start)
        _ = await client.receive()
        #expect(await client.isClosed(), "\(start)")
      }
      #expect(served() == 0)
    }
  }

  @Test func `what cannot be used is said`() throws {
    let encrypted = """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhMX9wrM9kYrQICCAAw
      -----END ENCRYPTED PRIVATE KEY-----
      """
    let cases: [(String, (inout ServerAccess.Security) throws -> Void)] = [
      ("the certificate is no certificate in PEM form", { $0.certificates = Array("none".utf8) }),
      ("the certificate is no certificate in PEM form", { $0.certificates = [] }),
      ("the certificate is no certificate in PEM form", { $0.certificates.removeLast(60) }),
      (
        "the certificate is no certificate in PEM form",
        { $0.certificates += Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8) }
      ),
      ("the key is no private key in PEM form without a passphrase", { $0.key = Array("none".utf8) }),
      ("the key is no private key in PEM form without a passphrase", { $0.key = Array(encrypted.utf8) }),
      ("the key is no private key in PEM form without a passphrase", { $0.key = $0.certificates }),
      ("the key is not the certificate's", { $0.key = try TLSClient.bytes("client-key.pem") }),
      ("unknown cipher suite TLS_NULL: there are [", { $0.cipherSuites = ["TLS_NULL"] }),
      (
        "none of the cipher suites is for TLS12",
        {
          $0.cipherSuites = ["TLS_AES_128_GCM_SHA256"]
          $0.maximum = .tls12
        }
      ),
      (
        "min_version TLS13 is above max_version TLS12",
        {
          $0.minimum = .tls13
          $0.maximum = .tls12
        }
      ),
      (
        "the clients' authority is no certificate in PEM form",
        {
          $0.clients = .verified
          $0.clientAuthorities = Array("none".utf8)
        }
      ),
    ]
    for (message, change) in cases {
      var access = ServerAccess()
      access.security = try TLSClient.security()
      if var security = access.security {
        try change(&security)
        access.security = security
      }
      let problem = #expect(throws: ServerAccess.Problem.self) { try access.check() }
      #expect(
        problem?.description.hasPrefix(message) == true, "\(String(describing: problem)), not \(message)")
    }
  }

  @Test func `every cipher suite, version and curve can be asked for`() throws {
    var access = ServerAccess()
    var security = try TLSClient.security()
    access.security = security
    try access.check()
    security.cipherSuites = ["?"]
    access.security = security
    let problem = #expect(throws: ServerAccess.Problem.self) { try access.check() }
    let names = (problem?.description ?? "").matches(of: /TLS_\w+/).map { String($0.output) }
    #expect(names.count == 17)
    for name in names {
      security.cipherSuites = [name]
      access.security = security
      try access.check()
    }
    security.cipherSuites = []
    for version in ServerAccess.ProtocolVersion.allCases {
      for curve in ServerAccess.Curve.allCases {
        security.curves = [curve]
        security.minimum = version
        security.maximum = version
        access.security = security
        try access.check()
      }
    }
  }
}
