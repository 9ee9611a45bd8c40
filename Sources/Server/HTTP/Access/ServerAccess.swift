/// Who may come in, and over what: what a web configuration file of the Prometheus world says
/// (docs/security.md).
public struct ServerAccess: Sendable, Hashable {
  /// TLS, when it is spoken; nil for plain HTTP.
  public var security: Security?
  /// Users with the bcrypt hashes of their passwords.
  public var users: [String: String] = [:]
  /// Bearer tokens that are accepted.
  public var tokens: [String] = []
  /// Added to every answer.
  public var headers: [Header] = []

  /// A header field of every answer.
  public struct Header: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What clients must show.
  public enum ClientAuthentication: String, Sendable, Hashable, CaseIterable {
    case none = "NoClientCert"
    /// A certificate is asked for; any is taken, and none.
    case requested = "RequestClientCert"
    /// A certificate is needed; any is taken.
    case any = "RequireAnyClientCert"
    /// A certificate is asked for; one that is shown must be signed by the authority.
    case verifiedIfGiven = "VerifyClientCertIfGiven"
    /// A certificate that the authority has signed is needed.
    case verified = "RequireAndVerifyClientCert"
  }

  /// Versions of the protocol, in order.
  public enum ProtocolVersion: String, Sendable, Hashable, CaseIterable {
    case tls10 = "TLS10"
    case tls11 = "TLS11"
    case tls12 = "TLS12"
    case tls13 = "TLS13"
  }

  /// Groups for the exchange of keys.
  public enum Curve: String, Sendable, Hashable, CaseIterable {
    case p256 = "CurveP256"
    case p384 = "CurveP384"
    case p521 = "CurveP521"
    case x25519 = "X25519"
  }

  /// How TLS is spoken. Certificates and keys are PEM.
  public struct Security: Sendable, Hashable {
    public var certificates: [UInt8]
    public var key: [UInt8]
    public var clients = ClientAuthentication.none
    /// Who signs clients' certificates; empty for the system's authorities.
    public var clientAuthorities: [UInt8] = []
    /// Of these alternative names a client's certificate must have one; empty for any.
    public var clientNames: [String] = []
    /// By their names in the registry of TLS, in any order; empty for the usual ones. Not for TLS 1.3.
    public var cipherSuites: [String] = []
    public var curves: [Curve] = []
    public var minimum = ProtocolVersion.tls12
    public var maximum = ProtocolVersion.tls13

    public init(certificates: [UInt8], key: [UInt8]) {
      self.certificates = certificates
      self.key = key
    }
  }

  /// Everybody may come in over plain HTTP.
  public init() {}

  /// Why settings cannot be used.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
  }

  /// Looks whether TLS can be spoken like this. Throws what is wrong with certificates, keys and names.
  public func check() throws(Problem) {
    if let security { _ = try SecureContext(security) }
  }
}
