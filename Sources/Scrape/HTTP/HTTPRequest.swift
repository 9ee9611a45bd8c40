/// One HTTP request, for scraping and for asking other servers.
public struct HTTPRequest: Sendable, Hashable {
  /// The method; a body goes with `post` and `put`.
  public enum Method: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  /// One header. A name or value with a line break is refused when the request is sent.
  public struct Header: Sendable, Hashable {
    /// A token; letter case does not matter.
    public var name: String
    /// May be empty.
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What is asked for.
  public var method: Method
  /// Absolute, `http` or `https`, percent-encoded where needed.
  public var url: String
  /// Sent beside those that the client adds; one of these replaces one of those.
  public var headers: [Header]
  /// Empty for none.
  public var body: [UInt8]
  /// Who asks.
  public var access: HTTPAccess
  /// For the whole exchange, redirects included, in milliseconds.
  public var timeoutMilliseconds: Int64
  /// Most bytes of the answer's body after decompression; a longer one is a failure.
  public var maximumBody: Int
  /// Whether up to ten redirects are followed.
  public var followsRedirects: Bool
  /// Whether gzip is asked for and undone.
  public var compressed: Bool
  /// Whether the proxy that `http_proxy` and its like name is used.
  public var usesEnvironmentProxy: Bool
  /// Whether messages show of the address no more than its host: what follows may be a secret.
  public var hidesPath = false
  /// A proxy to use whatever the environment says: a URL; nil for none.
  public var proxy: String?

  /// Half a minute and 64 MiB unless said otherwise.
  public init(
    _ method: Method = .get, _ url: String, headers: [Header] = [], body: [UInt8] = [],
    access: HTTPAccess = HTTPAccess()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.access = access
    timeoutMilliseconds = 30_000
    maximumBody = 64 << 20
    followsRedirects = true
    compressed = true
    usesEnvironmentProxy = false
  }

  /// A `POST` of form fields, as the Prometheus HTTP API takes them.
  public static func form(
    _ url: String, _ fields: [(name: String, value: String)], access: HTTPAccess = HTTPAccess()
  ) -> HTTPRequest {
    let text = fields.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
    let type = Header("Content-Type", "application/x-www-form-urlencoded")
    return HTTPRequest(
      .post, url, headers: [type], body: Array(text.joined(separator: "&").utf8), access: access)
  }
}

/// Who asks, and whom the asker trusts (config.md §8).
public struct HTTPAccess: Sendable, Hashable {
  /// What goes into the `Authorization` header.
  public enum Authorization: Sendable, Hashable {
    case none
    case basic(user: String, password: String)
    case bearer(String)

    /// The header's value; nil when there is none.
    public var headerValue: String? {
      switch self {
      case .none: nil
      case .basic(let user, let password): "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
      case .bearer(let token): "Bearer " + token
      }
    }
  }

  /// Sent to the first host and port only, as are `headers`: not where a redirect leads.
  public var authorization: Authorization
  /// Whether the server's certificate is checked.
  public var verifiesCertificates: Bool
  /// A file of certificates (PEM) to trust instead of the system's; nil for the system's.
  public var certificateFile: String?
  /// Further headers for every request.
  public var headers: [HTTPRequest.Header]

  public init(
    authorization: Authorization = .none, verifiesCertificates: Bool = true,
    certificateFile: String? = nil, headers: [HTTPRequest.Header] = []
  ) {
    self.authorization = authorization
    self.verifiesCertificates = verifiesCertificates
    self.certificateFile = certificateFile
    self.headers = headers
  }
}

/// The answer to a request, whatever its status.
public struct HTTPResponse: Sendable, Hashable {
  /// `200`, `404`, …
  public var status: Int
  /// The reason phrase as sent, or the usual one where none was sent.
  public var reason: String
  /// In the order in which they were sent or are to be sent.
  public var headers: [HTTPRequest.Header]
  /// Decompressed where the request allowed it.
  public var body: [UInt8]
  /// Where a redirect leads, absolute; nil when there is none.
  package var redirect: String?

  public init(
    status: Int, reason: String? = nil, headers: [HTTPRequest.Header] = [], body: [UInt8] = []
  ) {
    self.status = status
    self.reason = reason ?? Self.usualReason(status)
    self.headers = headers
    self.body = body
  }

  /// The value of the first header with this name (letter case does not matter).
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }

  /// `404 Not Found`.
  public var statusLine: String { reason.isEmpty ? "\(status)" : "\(status) \(reason)" }

  private static func usualReason(_ status: Int) -> String {
    let reasons = [
      200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently",
      302: "Found", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
      400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
      405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
      413: "Request Entity Too Large", 422: "Unprocessable Entity", 429: "Too Many Requests",
      500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
      503: "Service Unavailable", 504: "Gateway Timeout",
    ]
    return reasons[status] ?? ""
  }
}
