/// What a client may ask of a server's memory and patience.
public struct HTTPLimits: Sendable, Hashable {
  /// Bytes of a request line and its header fields together; 431 beyond. One field (or the request
  /// target) may take all of it.
  public var headerSize = 1 << 20
  /// How many header fields a request may have; 431 beyond.
  public var headerCount = 256
  /// Bytes of a request's body; 413 beyond.
  public var bodySize = 32 << 20
  /// Bytes of all bodies that are under way or in work, together; 503 beyond.
  public var bodiesSize = 256 << 20
  /// How many connections may be open. A further one replaces the one that has been idle longest; when
  /// none is idle it is answered 503 and closed.
  public var connections = 512
  /// How many requests may be in work at once; 503 beyond.
  public var concurrentRequests = 256
  /// How long a connection may stay open without a request.
  public var idleTimeout = Duration.seconds(300)
  /// How long a request may take from its first byte to its last, and the handshake of TLS before it.
  public var requestTimeout = Duration.seconds(30)
  /// How long a client may leave an answer unread: every part of it (256 KiB) has this long.
  public var stallTimeout = Duration.seconds(30)

  /// The defaults.
  public init() {}
}
