package import Manifests
import TimeSeries

/// How a client authenticates and connects (config.md §8), inline in jobs, discoveries, Alertmanagers and
/// remotes.
package struct HTTPClientOptions: ConfigurationSection {
  package var basicAuthentication: BasicAuthentication?
  package var authorization: AuthorizationOptions?
  package var oauth2: OAuth2Options?
  package var bearerToken = Secret()
  package var bearerTokenFile = ""
  package var tls = TLSOptions()
  package var followsRedirects = true
  package var enablesHTTP2 = true
  package var proxy = ProxyOptions()
  package var headers: [HeaderOptions]?
  package var places = SectionPlaces()

  package init() {}

  package static let title = "the HTTP client"
  package static let type = "config.plain"

  package static let fields: [ConfigurationField<Self>] = own + ProxyOptions.lifted(to: \.proxy)

  private static let own: [ConfigurationField<Self>] =
    [
      .section("basic_auth", \.basicAuthentication),
      .section("authorization", \.authorization),
      .section("oauth2", \.oauth2),
      .secret("bearer_token", \.bearerToken),
      .text("bearer_token_file", \.bearerTokenFile),
      .section("tls_config", \.tls),
      .flag("follow_redirects", \.followsRedirects),
      .flag("enable_http2", \.enablesHTTP2),
      ConfigurationField("http_headers") { (section, node, reader) throws(ManifestProblem) in
        section.headers = try HeaderOptions.all(node, &reader)
      },
    ]

  package mutating func complete() throws(ManifestProblem) {
    try checkOldForm()
    if let basicAuthentication { try basicAuthentication.check() }
    try completeAuthorization()
    if let oauth2 {
      if basicAuthentication != nil { throw severalForms }
      try oauth2.check()
    }
    proxy.places = places
    try proxy.complete()
    for header in headers ?? [] {
      guard Self.reservedHeaders.contains(header.name.lowercased()) else { continue }
      throw .refusal(
        "setting header \(GoText.quoted(HeaderOptions.canonical(header.name))) is not allowed",
        at: header.places.range,
        help: "credentials have keys of their own: basic_auth, authorization, oauth2")
    }
  }

  private mutating func checkOldForm() throws(ManifestProblem) {
    let hasToken = !bearerToken.isEmpty || !bearerTokenFile.isEmpty
    if !bearerToken.isEmpty, !bearerTokenFile.isEmpty {
      throw refusal(
        "at most one of bearer_token & bearer_token_file must be configured", at: "bearer_token_file")
    }
    if basicAuthentication != nil || oauth2 != nil, hasToken {
      throw refusal(
        "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
        at: "bearer_token", "bearer_token_file")
    }
  }

  private mutating func completeAuthorization() throws(ManifestProblem) {
    let hasToken = !bearerToken.isEmpty || !bearerTokenFile.isEmpty
    guard var written = authorization else {
      guard hasToken else { return }
      var old = AuthorizationOptions()
      old.scheme = "Bearer"
      old.credentials = bearerToken
      old.credentialsFile = bearerTokenFile
      old.places = places
      authorization = old
      bearerToken = Secret()
      bearerTokenFile = ""
      return
    }
    if hasToken {
      throw refusal(
        "authorization is not compatible with bearer_token & bearer_token_file", at: "bearer_token",
        "bearer_token_file")
    }
    try written.completeType()
    authorization = written
    if basicAuthentication != nil || oauth2 != nil { throw severalForms }
  }

  private var severalForms: ManifestProblem {
    refusal(
      "at most one of basic_auth, oauth2 & authorization must be configured", at: "oauth2", "authorization",
      help: "leave one form of authentication")
  }

  /// Those that change the connection, that Prometheus sets, or that have keys of their own.
  private static let reservedHeaders: Set<String> = [
    "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection",
    "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
    "x-prometheus-remote-write-version", "x-prometheus-remote-read-version",
    "x-prometheus-scrape-timeout-seconds",
    "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
  ]
}

/// A user and a password.
package struct BasicAuthentication: ConfigurationSection {
  package var username = ""
  package var usernameFile = ""
  package var usernameReference = ""
  package var password = Secret()
  package var passwordFile = ""
  package var passwordReference = ""
  package var places = SectionPlaces()

  package init() {}

  package static let title = "basic_auth"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .text("username", \.username), .text("username_file", \.usernameFile),
    .text("username_ref", \.usernameReference),
    .secret("password", \.password), .text("password_file", \.passwordFile),
    .text("password_ref", \.passwordReference),
  ]

  func check() throws(ManifestProblem) {
    if several([!username.isEmpty, !usernameFile.isEmpty, !usernameReference.isEmpty]) {
      throw refusal(
        "at most one of basic_auth username, username_file & username_ref must be configured",
        at: "username_file",
        "username_ref")
    }
    if several([!password.isEmpty, !passwordFile.isEmpty, !passwordReference.isEmpty]) {
      throw refusal(
        "at most one of basic_auth password, password_file & password_ref must be configured",
        at: "password_file",
        "password_ref")
    }
  }
}

/// An `Authorization` header.
package struct AuthorizationOptions: ConfigurationSection {
  /// `type`: `Bearer` where nothing else is written.
  package var scheme = ""
  package var credentials = Secret()
  package var credentialsFile = ""
  package var credentialsReference = ""
  package var places = SectionPlaces()

  package init() {}

  package static let title = "authorization"
  package static let type = "config.Authorization"
  package static let fields: [ConfigurationField<Self>] = [
    .text("type", \.scheme), .secret("credentials", \.credentials),
    .text("credentials_file", \.credentialsFile),
    .text("credentials_ref", \.credentialsReference),
  ]

  /// What is checked together with the other forms.
  mutating func completeType() throws(ManifestProblem) {
    if several([!credentials.isEmpty, !credentialsFile.isEmpty, !credentialsReference.isEmpty]) {
      throw refusal(
        "at most one of authorization credentials & credentials_file must be configured",
        at: "credentials_file",
        "credentials_ref")
    }
    let white: Set<Unicode.Scalar> = ["\t", "\n", "\u{B}", "\u{C}", "\r", " ", "\u{85}", "\u{A0}"]
    let trimmed = scheme.unicodeScalars.drop { white.contains($0) }.reversed().drop { white.contains($0) }
      .reversed()
    scheme = String(String.UnicodeScalarView(trimmed))
    if scheme.isEmpty { scheme = "Bearer" }
    if scheme.lowercased() == "basic" {
      throw refusal(#"authorization type cannot be set to "basic", use "basic_auth" instead"#, at: "type")
    }
  }
}

/// The client-credentials grant.
package struct OAuth2Options: ConfigurationSection {
  package var clientID = ""
  package var clientSecret = Secret()
  package var clientSecretFile = ""
  package var clientSecretReference = ""
  package var scopes: [String] = []
  package var tokenURL = ""
  package var endpointParameters: [NamedValue] = []
  package var tls = TLSOptions()
  package var proxy = ProxyOptions()
  package var places = SectionPlaces()

  package init() {}

  package static let title = "oauth2"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = own + ProxyOptions.lifted(to: \.proxy)

  private static let own: [ConfigurationField<Self>] =
    [
      .text("client_id", \.clientID), .secret("client_secret", \.clientSecret),
      .text("client_secret_file", \.clientSecretFile), .text("client_secret_ref", \.clientSecretReference),
      .texts("scopes", \.scopes), .text("token_url", \.tokenURL),
      .pairs("endpoint_params", \.endpointParameters), .section("tls_config", \.tls),
    ]

  package mutating func complete() throws(ManifestProblem) {
    proxy.places = places
    try proxy.complete()
  }

  func check() throws(ManifestProblem) {
    if clientID.isEmpty { throw refusal("oauth2 client_id must be configured", at: "client_id") }
    if tokenURL.isEmpty { throw refusal("oauth2 token_url must be configured", at: "token_url") }
    if several([!clientSecret.isEmpty, !clientSecretFile.isEmpty, !clientSecretReference.isEmpty]) {
      throw refusal(
        "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured",
        at: "client_secret_file", "client_secret_ref")
    }
  }
}

/// Whether more than one is set.
func several(_ isSet: [Bool]) -> Bool { isSet.count { $0 } > 1 }
