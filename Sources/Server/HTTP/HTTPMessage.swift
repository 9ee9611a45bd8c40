internal import NIOHTTP1

/// A request as it arrived, whole.
public struct HTTPRequest: Sendable {
  public enum Method: Sendable, Hashable {
    case get, head, post, put, delete, options
    case other(String)
  }

  public var method: Method
  /// The path as sent, still percent-encoded; starts with `/`.
  public var path: String
  /// What follows the `?`, still encoded; nil without one.
  public var query: String?
  public var headers: HTTPFields
  /// The decoded body, at most `HTTPLimits.bodySize` bytes.
  public var body: [UInt8]

  public init(
    _ method: Method, _ path: String, query: String? = nil, headers: HTTPFields = HTTPFields(),
    body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
  }

  init(_ head: HTTPRequestHead, body: [UInt8]) {
    method = Method(head.method)
    let mark = head.uri.utf8.firstIndex(of: UInt8(ascii: "?"))
    path = Self.path(head.uri[..<(mark ?? head.uri.endIndex)])
    query = mark.map { String(head.uri[head.uri.utf8.index(after: $0)...]) }
    headers = HTTPFields(head.headers)
    self.body = body
  }

  /// The path of a request target; proxies send the absolute form (`http://host/path`).
  private static func path(_ target: Substring) -> String {
    if target.utf8.first == UInt8(ascii: "/") || target == "*" { return String(target) }
    for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
      let rest = target.dropFirst(scheme.count)
      guard let slash = rest.firstIndex(of: "/") else { return "/" }
      return String(rest[slash...])
    }
    return String(target)
  }
}

extension HTTPRequest.Method {
  init(_ method: HTTPMethod) {
    switch method {
    case .GET: self = .get
    case .HEAD: self = .head
    case .POST: self = .post
    case .PUT: self = .put
    case .DELETE: self = .delete
    case .OPTIONS: self = .options
    default: self = .other(method.rawValue)
    }
  }
}

/// Header fields in the order that they were set; names compare without regard to case.
public struct HTTPFields: Sendable {
  private(set) var fields: HTTPHeaders

  public init(_ fields: [(name: String, value: String)] = []) { self.fields = HTTPHeaders(fields) }

  init(_ fields: HTTPHeaders) { self.fields = fields }

  /// The first value of a field; nil when it is absent. Setting replaces all values.
  public subscript(_ name: String) -> String? {
    get { fields.first(name: name) }
    set {
      if let newValue {
        fields.replaceOrAdd(name: name, value: newValue)
      } else {
        fields.remove(name: name)
      }
    }
  }

  /// All values of a field, in order.
  public func all(_ name: String) -> [String] { fields[name] }

  /// Adds a field without touching others of its name.
  public mutating func add(_ name: String, _ value: String) { fields.add(name: name, value: value) }
}

/// What a handler answers. The server adds `Content-Length`, `Date` and `Connection`.
public struct HTTPResponse: Sendable {
  /// The status code.
  public var status: Int
  public var headers: HTTPFields
  public var body: [UInt8]

  public init(status: Int = 200, headers: HTTPFields = HTTPFields(), body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A body of some type, `text/plain` by default.
  public init(
    status: Int = 200, type: String = "text/plain; charset=utf-8", _ text: some Sequence<UInt8>
  ) {
    self.init(status: status, headers: HTTPFields([("Content-Type", type)]), body: Array(text))
  }

  /// A plain text, as it stands.
  public init(status: Int = 200, text: String) { self.init(status: status, text.utf8) }
}

/// Answers requests; called concurrently, one call a connection at a time. The task is cancelled when
/// the client goes away.
public typealias HTTPHandler = @Sendable (HTTPRequest) async -> HTTPResponse
