import NIOCore

/// TLS between the socket and a connection's other handlers. Nothing of what a client sends is decrypted
/// before the client is accepted: neither what came in the same flight as the end of its handshake, nor what
/// comes while the connection is being closed.
final class SecureHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    case shakingHands
    case open
    case closed
  }

  private let session: SecureSession
  /// How long the handshake may take.
  private let timeout: TimeAmount
  /// Whether the settings that the handshake began with still hold.
  private let isCurrent: @Sendable () -> Bool
  private var state = State.shakingHands
  private var patience: Scheduled<Void>?
  /// Who waits for what was written since the last flush.
  private var promises: [EventLoopPromise<Void>] = []

  init(_ session: SecureSession, timeout: Duration, _ isCurrent: @escaping @Sendable () -> Bool) {
    self.session = session
    self.timeout = TimeAmount(timeout)
    self.isCurrent = isCurrent
  }

  func channelActive(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    patience = context.eventLoop.scheduleTask(in: timeout) {
      let (handler, context) = bound.value
      guard case .shakingHands = handler.state else { return }
      handler.fail(SecureFailure(description: "TLS: the handshake took too long"), context: context)
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(ChannelError.ioOnClosedChannel)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { end(ChannelError.ioOnClosedChannel) }

  // MARK: In

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let input = unwrapInboundIn(data)
    if case .closed = state { return }
    var plain = context.channel.allocator.buffer(capacity: input.readableBytes)
    var isOver = false
    do throws(SecureFailure) {
      try session.withInput(input) { () throws(SecureFailure) in
        if case .shakingHands = state {
          guard case .finished = try session.shakeHands() else { return }
          guard isCurrent() else {
            throw SecureFailure(description: "TLS: the settings have changed", isRefusal: true)
          }
          state = .open
          patience?.cancel()
          context.fireUserInboundEventTriggered(HandshakeDone())
        }
        isOver = try !session.read(into: &plain)
      }
    } catch {
      // What came whole before what is broken is no use either: nobody may hear the answer.
      return fail(error, context: context)
    }
    send(context: context)
    if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
    // As the end of a connection without TLS.
    if isOver { close(context: context, mode: .all, promise: nil) }
  }

  /// Sends what the session has to say by itself.
  private func send(context: ChannelHandlerContext) {
    guard promises.isEmpty else { return }
    let output = session.output(context.channel.allocator)
    for buffer in output { context.write(wrapOutboundOut(buffer), promise: nil) }
    if !output.isEmpty { context.flush() }
  }

  private func fail(_ error: SecureFailure, context: ChannelHandlerContext) {
    end(error)
    // The alert that says why, as far as the socket takes it.
    send(context: context)
    context.fireErrorCaught(error)
    closeSoon(context, nil)
  }

  private func end(_ error: any Error) {
    state = .closed
    patience?.cancel()
    patience = nil
    let waiting = promises
    promises = []
    for promise in waiting { promise.fail(error) }
  }

  // MARK: Out

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .open = state else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    do throws(SecureFailure) { try session.write(unwrapOutboundIn(data), context.channel.allocator) } catch {
      promise?.fail(error)
      return fail(error, context: context)
    }
    if let promise { promises.append(promise) }
  }

  func flush(context: ChannelHandlerContext) {
    let waiting = promises
    promises = []
    let output = session.output(context.channel.allocator)
    for buffer in output.dropLast() { context.write(wrapOutboundOut(buffer), promise: nil) }
    if let last = output.last {
      // Who waits does so until the socket has taken all of it.
      let sent = waiting.isEmpty ? nil : context.eventLoop.makePromise(of: Void.self)
      for promise in waiting { sent?.futureResult.cascade(to: promise) }
      context.write(wrapOutboundOut(last), promise: sent)
    } else {
      for promise in waiting { promise.succeed(()) }
    }
    context.flush()
  }

  /// Says that nothing more comes and closes, without waiting for the client to say the same.
  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard case .open = state, mode == .all else { return context.close(mode: mode, promise: promise) }
    state = .closed
    session.close()
    flush(context: context)
    closeSoon(context, promise)
  }

  /// Closes once the socket has had its chance to take what was flushed: within a flush that is under way
  /// nothing more is written.
  private func closeSoon(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.execute { bound.value.close(promise: promise) }
  }
}

/// Tells that TLS has come to terms with the client, who may come in.
struct HandshakeDone: Sendable {}
