/// What a handler answers. The server adds `Content-Length`, `Date` and `Connection`.
public struct ServerResponse: Sendable {
  /// The status code.
  public var status: Int
  public var headers: HTTPFields
  public var body: ResponseBody

  public init(status: Int = 200, headers: HTTPFields = HTTPFields(), body: [UInt8] = []) {
    self.init(status: status, headers: headers, body: ResponseBody(body))
  }

  init(status: Int, headers: HTTPFields, body: ResponseBody) {
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
public typealias RequestHandler = @Sendable (ServerRequest) async -> ServerResponse
