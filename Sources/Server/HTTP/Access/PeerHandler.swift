import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind TLS and lets nothing through before the peer is accepted: neither what it sent in the same
/// flight as the end of its handshake, nor what comes while the connection is being closed.
final class PeerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// Of these alternative names a client's certificate must have one; empty for any.
  private let names: Set<String>
  /// Whether the settings that the handshake began with still hold.
  private let isCurrent: @Sendable () -> Bool
  private var isAccepted = false

  init(_ names: Set<String>, _ isCurrent: @escaping @Sendable () -> Bool) {
    self.names = names
    self.isCurrent = isCurrent
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      guard isCurrent(), isWelcome(context) else {
        context.fireUserInboundEventTriggered(PeerRefused())
        return close(context)
      }
      isAccepted = true
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isAccepted { context.fireChannelRead(data) }
  }

  /// Without the polite end of TLS, which the peer could draw out.
  private func close(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.execute {
      let pipeline = bound.value.pipeline.syncOperations
      let secure = try? pipeline.context(handlerType: NIOSSLServerHandler.self)
      secure?.close(promise: nil)
    }
  }

  private func isWelcome(_ context: ChannelHandlerContext) -> Bool {
    if names.isEmpty { return true }
    guard let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self),
      let certificate = handler.peerCertificate
    else { return false }
    return certificate._subjectAlternativeNames().contains { name in
      names.contains(String(decoding: name.contents, as: UTF8.self))
    }
  }
}
