import NIOCore
import NIOSSL
import Synchronization

/// TLS as settings want it, ready for connections.
struct SecureContext: Sendable {
  private let context: NIOSSLContext
  private let clients: ServerAccess.ClientAuthentication
  private let names: Set<String>

  init(_ security: ServerAccess.Security) throws(ServerAccess.Problem) {
    clients = security.clients
    names = Set(security.clientNames)
    let chain = try Self.certificates(security.certificates, "the certificate")
    guard let key = try? NIOSSLPrivateKey(bytes: security.key, format: .pem) else {
      throw ServerAccess.Problem("the key is no private key in PEM form without a passphrase")
    }
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    settings.minimumTLSVersion = security.minimum.library
    settings.maximumTLSVersion = security.maximum.library
    settings.applicationProtocols = ["http/1.1"]
    if !security.cipherSuites.isEmpty {
      settings.cipherSuiteValues = try security.cipherSuites.map { name throws(ServerAccess.Problem) in
        guard let suite = Self.suites[name] else {
          throw ServerAccess.Problem("unknown cipher suite \(name): there are \(Self.suites.keys.sorted())")
        }
        return suite
      }
    }
    if !security.curves.isEmpty { settings.curves = security.curves.map(\.library) }
    if !security.clientAuthorities.isEmpty {
      settings.trustRoots = .certificates(
        try Self.certificates(security.clientAuthorities, "the clients' authority"))
    }
    switch clients {
    case .none: settings.certificateVerification = .none
    case .requested, .verifiedIfGiven: settings.certificateVerification = .optionalVerification
    case .any, .verified: settings.certificateVerification = .noHostnameVerification
    }
    do { context = try NIOSSLContext(configuration: settings) } catch {
      throw ServerAccess.Problem("TLS cannot be set up: \(error)")
    }
  }

  private static func certificates(
    _ pem: [UInt8], _ what: String
  ) throws(ServerAccess.Problem) -> [NIOSSLCertificate] {
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
      throw ServerAccess.Problem("\(what) is no certificate in PEM form")
    }
    return certificates
  }

  /// What stands in front of a connection's other handlers. `isCurrent` says whether the settings still hold.
  func handlers(_ isCurrent: @escaping @Sendable () -> Bool) -> [any ChannelHandler] {
    let handler: NIOSSLServerHandler
    switch clients {
    case .requested, .any:
      // Any certificate is taken as it is.
      handler = NIOSSLServerHandler(context: context) { _, promise in promise.succeed(.certificateVerified) }
    case .none, .verifiedIfGiven, .verified: handler = NIOSSLServerHandler(context: context)
    }
    return [handler, PeerHandler(names, isCurrent)]
  }

  private static let suites: [String: NIOTLSCipher] = [
    "TLS_RSA_WITH_AES_128_CBC_SHA": .TLS_RSA_WITH_AES_128_CBC_SHA,
    "TLS_RSA_WITH_AES_256_CBC_SHA": .TLS_RSA_WITH_AES_256_CBC_SHA,
    "TLS_RSA_WITH_AES_128_GCM_SHA256": .TLS_RSA_WITH_AES_128_GCM_SHA256,
    "TLS_RSA_WITH_AES_256_GCM_SHA384": .TLS_RSA_WITH_AES_256_GCM_SHA384,
    "TLS_AES_128_GCM_SHA256": .TLS_AES_128_GCM_SHA256,
    "TLS_AES_256_GCM_SHA384": .TLS_AES_256_GCM_SHA384,
    "TLS_CHACHA20_POLY1305_SHA256": .TLS_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  ]
}

extension ServerAccess.ProtocolVersion {
  fileprivate var library: TLSVersion {
    switch self {
    case .tls10: .tlsv1
    case .tls11: .tlsv11
    case .tls12: .tlsv12
    case .tls13: .tlsv13
    }
  }
}

extension ServerAccess.Curve {
  fileprivate var library: NIOTLSCurve {
    switch self {
    case .p256: .secp256r1
    case .p384: .secp384r1
    case .p521: .secp521r1
    case .x25519: .x25519
    }
  }
}

/// The context of settings that may change: made anew when they have.
final class SecureContexts: Sendable {
  private let last = Mutex<(security: ServerAccess.Security, context: SecureContext)?>(nil)

  /// The handlers for a new connection. Throws when the settings cannot be used.
  func handlers(
    _ security: ServerAccess.Security, isCurrent: @escaping @Sendable () -> Bool
  ) throws(ServerAccess.Problem) -> [any ChannelHandler] {
    let context = try last.withLock { last throws(ServerAccess.Problem) in
      if let last, last.security == security { return last.context }
      let made = (security, try SecureContext(security))
      last = made
      return made.1
    }
    return context.handlers(isCurrent)
  }
}
