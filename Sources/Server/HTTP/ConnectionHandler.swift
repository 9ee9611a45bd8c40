import NIOCore
import NIOHTTP1

/// Gathers the requests of one connection, has them answered, writes the answers.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    case waiting
    case receiving(HTTPRequestHead, body: [UInt8])
    /// An answer is given already; the rest of the request is dropped, then the connection closes.
    case discarding
    /// The task is nil while it is being started.
    case working(HTTPRequestHead, Task<Void, Never>?)
    case answering
    /// The next piece of an answer whose length nobody knows is being made.
    case streaming(Task<Void, Never>)
    case closed
  }

  private let connection: Connection
  private let connections: ConnectionTable
  private let limits: HTTPLimits
  private let handler: RequestHandler
  private let executor: LoopExecutor
  private var state = State.waiting
  /// Whether a request is being handed to its task.
  private var isStarting = false

  /// How much of an answer is handed to the socket at a time, bytes.
  private static let partSize = 256 << 10
  /// How long a refused client may go on sending.
  private static let lingering = Duration.seconds(1)

  init(
    _ connection: Connection, in connections: ConnectionTable, limits: HTTPLimits, on loop: any EventLoop,
    _ handler: @escaping RequestHandler
  ) {
    self.connection = connection
    self.connections = connections
    self.limits = limits
    self.handler = handler
    executor = LoopExecutor(loop)
  }

  func channelInactive(context: ChannelHandlerContext) {
    switch state {
    case .working(_, let task): task?.cancel()
    case .streaming(let task): task.cancel()
    case .waiting, .receiving, .discarding, .answering, .closed: break
    }
    state = .closed
    connections.remove(connection)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (unwrapInboundIn(data), state) {
    case (.head(let head), .waiting): begin(head, context: context)
    case (.body(let part), .receiving(let head, var body)):
      state = .waiting
      guard body.count + part.readableBytes <= limits.bodySize else {
        return refuse(413, "Request Entity Too Large", context: context)
      }
      body.append(contentsOf: part.readableBytesView)
      state = .receiving(head, body: body)
    case (.end, .receiving(let head, let body)): work(head, body: body, context: context)
    case (.end, .discarding): context.close(promise: nil)
    case (.head, _), (.body, _), (.end, _): break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is ConnectionOverdue else {
      return context.fireUserInboundEventTriggered(event)
    }
    // The phase may have changed since the table was looked through.
    guard connection.deadline < .now() else { return }
    if case .receiving = state {
      refuse(408, "Request Timeout", context: context)
    } else {
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let problem = error as? HTTPParserError else { return context.close(promise: nil) }
    switch state {
    case .waiting, .receiving:
      let isTooLarge = problem == .headerOverflow
      refuse(
        isTooLarge ? 431 : 400, isTooLarge ? "Request Header Fields Too Large" : "Bad Request",
        context: context)
      context.close(promise: nil)
    case .discarding, .working, .answering, .streaming, .closed: context.close(promise: nil)
    }
  }

  private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
      length > limits.bodySize
    {
      return refuse(413, "Request Entity Too Large", context: context)
    }
    state = .receiving(head, body: [])
    if head.version.minor > 0, head.headers["expect"].contains(where: { $0 == "100-continue" }) {
      let interim = HTTPResponseHead(version: .http1_1, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
    }
  }

  private func work(_ head: HTTPRequestHead, body: [UInt8], context: ChannelHandlerContext) {
    guard connections.beginRequest() else {
      return answer(ServerResponse(status: 503, text: "Service Unavailable"), to: head, context: context)
    }
    connection.enter(.working, timeout: nil)
    let request = ServerRequest(head, body: body)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    state = .working(head, nil)
    // What need not wait is answered before this returns, and reading goes on as if nothing had happened. Not
    // within the answer to another request: they may be many.
    let isNested = isStarting
    isStarting = true
    let task = Task.immediate(executorPreference: executor) {
      [handler, connections, loop = context.eventLoop] in
      let response = await handler(request)
      connections.endRequest()
      if !isNested, loop.inEventLoop {
        let (connection, context) = bound.value
        connection.finish(response, context: context)
      } else {
        loop.execute {
          let (connection, context) = bound.value
          connection.finish(response, context: context)
        }
      }
    }
    isStarting = isNested
    if case .working(let head, nil) = state { state = .working(head, task) }
  }

  private func finish(_ response: ServerResponse, context: ChannelHandlerContext) {
    guard case .working(let head, _) = state else { return }
    answer(response, to: head, context: context)
  }
}

extension ConnectionHandler {
  /// What of an answer waits to be written.
  private struct Rest {
    var part: ArraySlice<UInt8>
    var parts: ArraySlice<[UInt8]>
    /// A piece of what follows, that comes next.
    var piece: ByteBuffer?
    /// What comes behind the parts; nil when nothing does.
    var following: (@Sendable () throws -> ByteBuffer?)?
    /// What comes behind that.
    var tail: [UInt8]
    /// Where it is made.
    var maker: any TaskExecutor
    var closes: Bool

    /// Appends the next bytes for the socket, at most `size`; none when nothing is left but what follows.
    mutating func move(_ size: Int, to buffer: inout ByteBuffer) {
      while buffer.readableBytes < size {
        if part.isEmpty {
          guard let next = parts.popFirst() else { return }
          part = next[...]
        }
        let taken = part.prefix(size - buffer.readableBytes)
        buffer.writeBytes(taken)
        part = part.dropFirst(taken.count)
      }
    }

    /// How many bytes are at hand.
    var count: Int { parts.reduce(part.count) { $0 + $1.count } }

    var isEmpty: Bool { part.isEmpty && parts.isEmpty }
  }

  private func answer(
    _ response: ServerResponse, to request: HTTPRequestHead, context: ChannelHandlerContext
  ) {
    state = .answering
    let hasBody = response.status != 204 && response.status != 304 && response.status >= 200
    var head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
      headers: response.headers.fields)
    let isStreamed = response.body.following != nil
    // Without a length the body goes in chunks; clients of HTTP/1.0 read to the connection's end.
    var closes = !request.isKeepAlive
    if isStreamed, request.version.minor > 0 {
      head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
    } else if isStreamed {
      closes = true
    } else if hasBody {
      head.headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
    }
    head.headers.replaceOrAdd(name: "Date", value: HTTPDate.now)
    if closes {
      head.headers.replaceOrAdd(name: "Connection", value: "close")
    } else if request.version.minor == 0 {
      head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
    }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let isWritten = hasBody && request.method != .HEAD
    send(
      Rest(
        part: [], parts: isWritten ? response.body.parts[...] : [],
        following: isWritten ? response.body.following : nil, tail: response.body.tail,
        maker: response.body.maker ?? executor, closes: closes),
      context: context)
  }

  /// Writes the rest of a body part by part, each with its own time, then ends the answer.
  private func send(_ rest: Rest, context: ChannelHandlerContext) {
    state = .answering
    connection.enter(.answering, timeout: limits.stallTimeout)
    var rest = rest
    var buffer =
      rest.piece.take() ?? context.channel.allocator.buffer(capacity: min(rest.count, Self.partSize))
    if buffer.readableBytes == 0 { rest.move(Self.partSize, to: &buffer) }
    if buffer.readableBytes > 0 {
      let body = wrapOutboundOut(.body(.byteBuffer(buffer)))
      guard rest.isEmpty, rest.following == nil else {
        let bound = NIOLoopBound((self, rest, context), eventLoop: context.eventLoop)
        context.writeAndFlush(body).whenSuccess {
          let (connection, rest, context) = bound.value
          guard case .answering = connection.state else { return }
          connection.send(rest, context: context)
        }
        return
      }
      context.write(body, promise: nil)
    } else if let following = rest.following {
      return stream(rest, following, context: context)
    }
    end(closes: rest.closes, context: context)
  }

  /// Has the next piece made.
  private func stream(
    _ rest: Rest, _ following: @escaping @Sendable () throws -> ByteBuffer?, context: ChannelHandlerContext
  ) {
    connection.enter(.working, timeout: nil)
    let bound = NIOLoopBound((self, rest, context), eventLoop: context.eventLoop)
    let task = Task(executorPreference: rest.maker) { [loop = context.eventLoop] in
      let piece = Result { try following() }
      loop.execute {
        var (connection, rest, context) = bound.value
        guard case .streaming = connection.state else { return }
        switch piece {
        case .success(let piece?): rest.piece = piece
        case .success(nil):
          rest.following = nil
          rest.part = rest.tail[...]
        // The status is said already: all that can be done is to end before the end.
        case .failure: return context.close(promise: nil)
        }
        connection.send(rest, context: context)
      }
    }
    state = .streaming(task)
  }

  private func end(closes: Bool, context: ChannelHandlerContext) {
    let promise = context.eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    promise.futureResult.whenComplete { _ in
      let (connection, context) = bound.value
      if closes {
        context.close(promise: nil)
      } else {
        connection.rest()
      }
    }
    // The next pipelined request may arrive while the end is written.
    state = .waiting
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
  }

  private func rest() {
    guard case .waiting = state, connection.phase == .answering else { return }
    connection.enter(.idle, timeout: limits.idleTimeout)
  }

  /// Answers before the request is complete; the connection ends with the answer.
  private func refuse(_ status: Int, _ text: String, context: ChannelHandlerContext) {
    state = .discarding
    connection.enter(.answering, timeout: Self.lingering)
    var head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: status),
      headers: [
        "Content-Type": "text/plain; charset=utf-8", "Connection": "close", "Date": HTTPDate.now,
      ])
    let body = ByteBuffer(string: text + "\n")
    head.headers.add(name: "Content-Length", value: String(body.readableBytes))
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
