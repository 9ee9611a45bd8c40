import NIOCore
import NIOHTTP1
import TimeSeries

/// Gathers the requests of one connection, has them answered, writes the answers.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    case waiting
    /// A password of the head is being looked at; `isWhole` when the request has arrived meanwhile.
    case checking(HTTPRequestHead, isWhole: Bool, Task<Void, Never>?)
    case receiving(HTTPRequestHead)
    /// The head was refused, and no body follows: it is said at the request's end.
    case refusing(HTTPRequestHead)
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
  private let refusals: Refusals
  private let door: Door
  private let handler: RequestHandler
  private let executor: LoopExecutor
  private var state = State.waiting
  /// What has arrived of the request's body. It stands alone so that it grows in place.
  private var body: [UInt8] = []
  /// What the bodies of requests that are under way or in work have reserved, bytes.
  private var reserved = 0
  /// Whether the connection closes with an answer that is written but for its end, which waits until the
  /// client has taken enough of what is before; nil when none waits.
  private var waitingEnd: Bool?
  /// Whether a request is being handed to its task.
  private var isStarting = false

  /// How much of an answer is handed to the socket at a time, bytes.
  private static let partSize = 256 << 10
  /// How long a refused client may go on sending.
  private static let lingering = Duration.seconds(1)

  init(
    _ connection: Connection, in connections: ConnectionTable, limits: HTTPLimits, on loop: any EventLoop,
    _ refusals: Refusals, _ door: Door, _ handler: @escaping RequestHandler
  ) {
    self.connection = connection
    self.connections = connections
    self.limits = limits
    self.refusals = refusals
    self.door = door
    self.handler = handler
    executor = LoopExecutor(loop)
  }

  func channelInactive(context: ChannelHandlerContext) {
    switch state {
    case .checking(_, _, let task), .working(_, let task): task?.cancel()
    case .streaming(let task): task.cancel()
    case .waiting, .receiving, .refusing, .discarding, .answering, .closed: break
    }
    state = .closed
    dropBody()
    connections.remove(connection)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      if case .waiting = state { begin(head, context: context) }
    case .body(let part):
      switch state {
      case .checking, .receiving: gather(part, context: context)
      case .waiting, .refusing, .discarding, .working, .answering, .streaming, .closed: break
      }
    case .end: end(context: context)
    }
  }

  private func gather(_ part: ByteBuffer, context: ChannelHandlerContext) {
    let count = part.readableBytes
    guard body.count + count <= limits.bodySize else {
      return refuse(.bodySize, 413, "Request Entity Too Large", context: context)
    }
    guard connections.reserve(count) else {
      return refuse(.bodies, 503, "Service Unavailable: too many bodies at once", context: context)
    }
    reserved += count
    body.append(contentsOf: part.readableBytesView)
  }

  private func dropBody() {
    body = []
    connections.release(reserved)
    reserved = 0
  }

  private func end(context: ChannelHandlerContext) {
    switch state {
    case .checking(let head, _, let task): state = .checking(head, isWhole: true, task)
    case .receiving(let head): work(head, context: context)
    case .refusing(let head):
      refusals.add(.credentials, from: context.remoteAddress?.ipAddress)
      answer(door.refusal, to: head, context: context)
    case .discarding: context.close(promise: nil)
    case .waiting, .working, .answering, .streaming, .closed: break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is ConnectionOverdue else {
      return context.fireUserInboundEventTriggered(event)
    }
    // The phase may have changed since the table was looked through.
    guard connection.deadline < .now() else { return }
    switch state {
    case .checking, .receiving, .refusing: refuse(.slowRequest, 408, "Request Timeout", context: context)
    case .answering, .streaming:
      refusals.add(.slowReader, from: context.remoteAddress?.ipAddress)
      context.close(promise: nil)
    case .waiting, .discarding, .working, .closed: context.close(promise: nil)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if case .answering = state, context.channel.isWritable, let closes = waitingEnd {
      waitingEnd = nil
      end(closes: closes, context: context)
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Nobody hears an answer behind the end of what was sent.
    guard let problem = error as? HTTPParserError, problem != .invalidEOFState else {
      return context.close(promise: nil)
    }
    switch state {
    case .waiting, .checking, .receiving, .refusing:
      let isTooLarge = problem == .headerOverflow
      refuse(
        isTooLarge ? .headerSize : .malformed, isTooLarge ? 431 : 400,
        isTooLarge ? "Request Header Fields Too Large" : "Bad Request",
        context: context)
      context.close(promise: nil)
    case .discarding, .working, .answering, .streaming, .closed: context.close(promise: nil)
    }
  }

  /// Takes a head in: what may not come in is refused before anything of its body is read.
  private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    if let problem = RequestHead.problem(head) {
      return refuse(.malformed, 400, "400 Bad Request" + problem, context: context)
    }
    guard head.headers["transfer-encoding"].allSatisfy({ $0.lowercased() == "chunked" }) else {
      return refuse(.encoding, 501, "Not Implemented: unsupported transfer encoding", context: context)
    }
    if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
      length > limits.bodySize
    {
      return refuse(.bodySize, 413, "Request Entity Too Large", context: context)
    }
    switch door.look(at: head.headers.first(name: "authorization")) {
    case .welcome: receive(head, context: context)
    case .refused: turnAway(head, context: context)
    case .unknown(let credentials): check(credentials, of: head, context: context)
    }
  }

  /// Has a password looked at; nothing more is read meanwhile.
  private func check(
    _ credentials: Door.Credentials, of head: HTTPRequestHead, context: ChannelHandlerContext
  ) {
    state = .checking(head, isWhole: false, nil)
    connection.enter(.working, timeout: nil)
    context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    let address = context.remoteAddress?.ipAddress ?? ""
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let task = Task { [door, loop = context.eventLoop] in
      let isRight = await door.isRight(credentials, from: address)
      loop.execute {
        let (connection, context) = bound.value
        connection.finishCheck(isRight, context: context)
      }
    }
    state = .checking(head, isWhole: false, task)
  }

  private func finishCheck(_ isRight: Bool, context: ChannelHandlerContext) {
    guard case .checking(let head, let isWhole, _) = state else { return }
    connection.enter(.arriving, timeout: limits.requestTimeout)
    if isRight {
      receive(head, context: context)
    } else {
      turnAway(head, context: context)
    }
    if isWhole { end(context: context) }
    context.channel.setOption(.autoRead, value: true).whenFailure { _ in }
  }

  /// Reads the body of a request that is let in.
  private func receive(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    state = .receiving(head)
    guard head.version.minor > 0 else { return }
    for expectation in head.headers["expect"] {
      guard expectation.lowercased() == "100-continue" else {
        return refuse(.expectation, 417, "Expectation Failed", context: context)
      }
      // Who has sent some of the body already does not wait.
      guard body.isEmpty else { continue }
      let interim = HTTPResponseHead(version: .http1_1, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
    }
  }

  /// Refuses who may not come in: at once when a body would follow, which ends the connection.
  private func turnAway(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    dropBody()
    let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    guard length > 0 || head.headers.contains(name: "transfer-encoding") else {
      return state = .refusing(head)
    }
    refuse(.credentials, door.refusal, context: context)
  }

  private func work(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    let body = self.body
    guard connections.beginRequest() else {
      dropBody()
      refusals.add(.requests, from: context.remoteAddress?.ipAddress)
      return answer(ServerResponse(status: 503, text: "Service Unavailable"), to: head, context: context)
    }
    connection.enter(.working, timeout: nil)
    // The handler has the body now. Its bytes are given back when that is done, with or without the client.
    let held = reserved
    reserved = 0
    self.body = []
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
      connections.release(held)
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
    /// What all of it takes.
    var memory: MemoryAccount?
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
        maker: response.body.maker ?? executor, memory: response.body.memory, closes: closes),
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
    if !context.channel.isWritable { context.flush() }
    guard case .answering = state else { return }
    // The next pipelined request waits, too, or the answers of a client that reads none would pile up.
    guard context.channel.isWritable else {
      waitingEnd = closes
      return
    }
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
  private func refuse(_ reason: Refusal, _ status: Int, _ text: String, context: ChannelHandlerContext) {
    refuse(reason, ServerResponse(status: status, text: text + "\n"), context: context)
  }

  private func refuse(_ reason: Refusal, _ response: ServerResponse, context: ChannelHandlerContext) {
    refusals.add(reason, from: context.remoteAddress?.ipAddress)
    state = .discarding
    dropBody()
    connection.enter(.answering, timeout: Self.lingering)
    var head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: response.status),
      headers: response.headers.fields)
    head.headers.replaceOrAdd(name: "Connection", value: "close")
    head.headers.replaceOrAdd(name: "Date", value: HTTPDate.now)
    head.headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    for part in response.body.parts {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: part)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
