import NIOCore

/// Stands in front of a listening socket: when a connection cannot be accepted, because there are no
/// descriptors or no memory, it makes room, waits a little, says it, and goes on. The library would ask
/// again at once, for ever.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let connections: ConnectionTable
  private let refusals: Refusals
  private var isWaiting = false

  private static let pause = TimeAmount.milliseconds(100)

  init(_ connections: ConnectionTable, _ refusals: Refusals) {
    self.connections = connections
    self.refusals = refusals
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let problem = error as? IOError else { return context.fireErrorCaught(error) }
    guard !isWaiting else { return }
    isWaiting = true
    refusals.add(.noDescriptors, problem.description)
    connections.closeIdle()
    // Not reading takes the socket from what the loop looks at.
    context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    let bound = NIOLoopBound((self, context.channel), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.pause) {
      let (handler, channel) = bound.value
      handler.isWaiting = false
      channel.setOption(.autoRead, value: true).whenFailure { _ in }
    }
  }
}
