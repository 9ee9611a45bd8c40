private import COpenSSL
import NIOCore
import Synchronization

/// TLS as settings want it, ready for connections.
@safe
final class SecureContext: Sendable {
  /// Not changed after it is made, and OpenSSL counts its holders.
  private nonisolated(unsafe) let context: OpaquePointer

  init(_ security: ServerAccess.Security) throws(ServerAccess.Problem) {
    guard promgate_tls_load() else {
      throw ServerAccess.Problem(
        "TLS needs OpenSSL's \(unsafe String(cString: promgate_tls_library())), which is not here")
    }
    guard let context = unsafe promgate_tls_context_make() else { throw Self.problem() }
    unsafe self.context = context
    try setIdentity(security)
    try setProtocol(security)
    try setClients(security)
  }

  deinit { unsafe promgate_tls_context_free(context) }

  private func setIdentity(_ security: ServerAccess.Security) throws(ServerAccess.Problem) {
    let hasCertificates = unsafe security.certificates.withUnsafeBufferPointer {
      unsafe promgate_tls_set_certificates(context, $0.baseAddress, $0.count)
    }
    guard hasCertificates else { throw Self.unreadable("the certificate is no certificate in PEM form") }
    let hasKey = unsafe security.key.withUnsafeBufferPointer {
      unsafe promgate_tls_set_key(context, $0.baseAddress, $0.count)
    }
    guard hasKey else {
      throw Self.unreadable("the key is no private key in PEM form without a passphrase")
    }
    guard unsafe promgate_tls_use_key(context) else {
      throw Self.unreadable("the key is not the certificate's")
    }
  }

  private func setProtocol(_ security: ServerAccess.Security) throws(ServerAccess.Problem) {
    var minimum = security.minimum
    guard minimum <= security.maximum else {
      throw ServerAccess.Problem(
        "min_version \(minimum.rawValue) is above max_version \(security.maximum.rawValue)")
    }
    let suites = try security.cipherSuites.map { name throws(ServerAccess.Problem) in
      guard let suite = CipherSuite(rawValue: name) else {
        throw ServerAccess.Problem(
          "unknown cipher suite \(name): there are \(CipherSuite.allCases.map(\.rawValue).sorted())")
      }
      return suite
    }
    // The order is ours, as it is Go's for Prometheus.
    let chosen = CipherSuite.allCases.filter { suites.isEmpty ? $0.isUsual : suites.contains($0) }
      .compactMap(\.library)
    // TLS 1.3 has suites of its own, all of which are good.
    if chosen.isEmpty {
      guard security.maximum == .tls13 else {
        throw ServerAccess.Problem("none of the cipher suites is for \(security.maximum.rawValue)")
      }
      minimum = .tls13
    } else {
      guard unsafe promgate_tls_set_ciphers(context, chosen.joined(separator: ":")) else {
        throw Self.problem()
      }
    }
    guard unsafe promgate_tls_set_versions(context, minimum.number, security.maximum.number) else {
      throw Self.problem()
    }
    // Each of them once, the preferred ones first.
    var groups: [UInt16] = []
    for curve in security.curves where !groups.contains(curve.number) { groups.append(curve.number) }
    let hasGroups = unsafe groups.withUnsafeBufferPointer {
      unsafe $0.isEmpty || promgate_tls_set_groups(context, $0.baseAddress, $0.count)
    }
    guard hasGroups else { throw Self.problem() }
  }

  private func setClients(_ security: ServerAccess.Security) throws(ServerAccess.Problem) {
    let clients = security.clients
    guard unsafe promgate_tls_set_clients(context, clients.asks, clients.needs, clients.verifies) else {
      throw Self.problem()
    }
    if clients.verifies || !security.clientAuthorities.isEmpty {
      let hasAuthorities = unsafe security.clientAuthorities.withUnsafeBufferPointer {
        unsafe promgate_tls_set_authorities(context, $0.baseAddress, $0.count)
      }
      guard hasAuthorities else {
        throw Self.unreadable("the clients' authority is no certificate in PEM form")
      }
    }
    for name in security.clientNames {
      let isAdded = unsafe Array(name.utf8).withUnsafeBufferPointer {
        unsafe promgate_tls_add_client_name(context, $0.baseAddress, $0.count)
      }
      guard isAdded else { throw Self.problem() }
    }
  }

  /// What stands in front of a connection's other handlers. `isCurrent` says whether the settings still hold;
  /// the handshake may take as long as `timeout`.
  func handler(
    timeout: Duration, _ isCurrent: @escaping @Sendable () -> Bool
  ) throws(ServerAccess.Problem) -> any ChannelHandler {
    let session: SecureSession
    do { session = try SecureSession(self) } catch { throw ServerAccess.Problem(error.description) }
    return SecureHandler(session, timeout: timeout, isCurrent)
  }

  /// A new session; nil when memory is short.
  func session() -> OpaquePointer? { unsafe promgate_tls_start(context) }

  /// OpenSSL's words for the last failure on this thread; empty when it has none.
  static var reason: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      guard let start = text.baseAddress else { return "" }
      unsafe promgate_tls_reason(start, text.count)
      return unsafe String(cString: start)
    }
  }

  private static func problem() -> ServerAccess.Problem {
    ServerAccess.Problem("TLS cannot be set up: \(reason)")
  }

  private static func unreadable(_ what: String) -> ServerAccess.Problem {
    let reason = reason
    return ServerAccess.Problem(reason.isEmpty ? what : "\(what) (\(reason))")
  }
}

extension ServerAccess.ClientAuthentication {
  fileprivate var asks: Bool { self != .none }

  fileprivate var needs: Bool {
    switch self {
    case .any, .verified: true
    case .none, .requested, .verifiedIfGiven: false
    }
  }

  fileprivate var verifies: Bool {
    switch self {
    case .verifiedIfGiven, .verified: true
    case .none, .requested, .any: false
    }
  }
}

extension ServerAccess.ProtocolVersion: Comparable {
  /// As the protocol numbers itself.
  fileprivate var number: Int32 {
    switch self {
    case .tls10: 0x0301
    case .tls11: 0x0302
    case .tls12: 0x0303
    case .tls13: 0x0304
    }
  }

  /// Older ones come first.
  public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}

extension ServerAccess.Curve {
  /// In the registry of TLS.
  fileprivate var number: UInt16 {
    switch self {
    case .p256: 23
    case .p384: 24
    case .p521: 25
    case .x25519: 29
    }
  }
}

/// The context of settings that may change: made anew when they have.
final class SecureContexts: Sendable {
  private let last = Mutex<(security: ServerAccess.Security, context: SecureContext)?>(nil)

  /// The handler for a new connection. Throws when the settings cannot be used.
  func handler(
    _ security: ServerAccess.Security, timeout: Duration, isCurrent: @escaping @Sendable () -> Bool
  ) throws(ServerAccess.Problem) -> any ChannelHandler {
    let context = try last.withLock { last throws(ServerAccess.Problem) in
      if let last, last.security == security { return last.context }
      let made = (security, try SecureContext(security))
      last = made
      return made.1
    }
    return try context.handler(timeout: timeout, isCurrent)
  }
}
