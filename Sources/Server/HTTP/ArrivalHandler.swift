import NIOCore

/// Admits a connection, and notices the first bytes of a request, so that a slow sender's time starts.
final class ArrivalHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: Connection
  private let connections: ConnectionTable
  private let limits: HTTPLimits
  /// Of a connection that was not let in nothing is read, however long it takes to close.
  private var isAdmitted = false

  init(_ connection: Connection, in connections: ConnectionTable, limits: HTTPLimits) {
    self.connection = connection
    self.connections = connections
    self.limits = limits
  }

  func channelActive(context: ChannelHandlerContext) {
    connection.enter(.idle, timeout: limits.idleTimeout)
    guard connections.admit(connection) else {
      let refusal = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: refusal)), promise: nil)
      return context.close(promise: nil)
    }
    isAdmitted = true
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isAdmitted else { return }
    if connection.phase == .idle { connection.enter(.arriving, timeout: limits.requestTimeout) }
    context.fireChannelRead(data)
  }
}
