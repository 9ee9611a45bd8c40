import NIOCore

/// Admits a connection, and notices the first bytes of a request, so that a slow sender's time starts.
final class ArrivalHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: Connection
  private let connections: ConnectionTable
  private let limits: HTTPLimits
  private let refusals: Refusals
  /// Whether TLS has yet to come to terms with the peer.
  private var isShaking: Bool
  /// Of a connection that was not let in nothing is read, however long it takes to close.
  private var isAdmitted = false

  init(
    _ connection: Connection, in connections: ConnectionTable, limits: HTTPLimits, isSecure: Bool,
    _ refusals: Refusals
  ) {
    self.connection = connection
    self.connections = connections
    self.limits = limits
    self.refusals = refusals
    isShaking = isSecure
  }

  func channelActive(context: ChannelHandlerContext) {
    connection.enter(.idle, timeout: limits.idleTimeout)
    guard connections.admit(connection) else {
      refusals.add(.connections, from: context.remoteAddress?.ipAddress)
      let refusal = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: refusal)), promise: nil)
      return context.close(promise: nil)
    }
    isAdmitted = true
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is HandshakeDone { isShaking = false }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if isShaking {
      isShaking = false
      let isRefusal = (error as? SecureFailure)?.isRefusal ?? false
      refusals.add(isRefusal ? .peer : .handshake, from: context.remoteAddress?.ipAddress, "\(error)")
    }
    context.fireErrorCaught(error)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isAdmitted else { return }
    if connection.phase == .idle { connection.enter(.arriving, timeout: limits.requestTimeout) }
    context.fireChannelRead(data)
  }
}
