internal import NIOHTTP1

/// A request as it arrived, whole.
public struct ServerRequest: Sendable {
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

extension ServerRequest.Method {
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
