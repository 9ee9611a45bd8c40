/// Why there is no answer to a request.
public struct HTTPFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// What callers tell apart.
  public enum Kind: Sendable, Hashable {
    /// The request itself cannot be sent: its URL or a header.
    case invalidRequest
    case timedOut
    /// Nobody listens, or there is no way there.
    case unreachable
    /// The name of the host is unknown.
    case unknownHost
    /// The body is longer than the request allows.
    case bodyTooLarge
    /// The body claims to be gzip and is not, or is cut.
    case badCompression
    /// The task that waited was cancelled.
    case cancelled
    /// TLS, a broken answer, a connection that was cut.
    case failed
  }

  /// Which of them it is.
  public var kind: Kind
  /// What went wrong, in Prometheus' words where it has some (exposition.md §6).
  public var reason: String

  public init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  public var description: String { reason }
}

/// Whatever answers requests: `HTTPClient`, or canned answers in tests.
public protocol Fetcher: Sendable {
  /// Sends the request and waits. Cancelling the task gives the request up.
  func fetch(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}
