import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP/1 server: a handler answers requests, the limits keep clients from harming others.
///
/// Reading and writing happen on the process' event loops, and handlers begin there as tasks: what takes
/// longer than a millisecond has to go elsewhere, or other connections wait for it. Clients may keep
/// connections open and pipeline; each connection has one request in work at a time.
public final class HTTPServer: Sendable {
  /// Where the server listens, with the port that it got.
  public let address: ListenAddress
  private let channel: any Channel
  private let connections: ConnectionTable
  private let sweeper: RepeatedTask

  /// Why a server could not start.
  public struct StartError: Error, CustomStringConvertible {
    public let address: ListenAddress
    /// The system's words: `Address already in use`.
    public let reason: String

    public var description: String { "cannot listen on \(address): \(reason)" }
  }

  /// Starts to listen. The server runs until `stop`. `access` says who may come in, at every connection
  /// and request anew, before a body is read; whether TLS is spoken is settled at the start. Who is turned
  /// away is counted in `refusals`.
  public static func start(
    at address: ListenAddress, limits: HTTPLimits = HTTPLimits(),
    access: @escaping @Sendable () -> ServerAccess = { ServerAccess() },
    refusals: Refusals = Refusals(), handler: @escaping RequestHandler
  ) async throws(StartError) -> HTTPServer {
    let connections = ConnectionTable(limits: limits)
    let contexts = SecureContexts()
    let isSecure = access().security != nil
    let door = Door(access)
    let guarded: RequestHandler = { request in
      var response = await handler(request)
      door.addFields(to: &response)
      return response
    }
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptPause(connections, refusals))
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 4)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if isSecure {
            guard let security = access().security else { throw ServerAccess.Problem("TLS is not set up") }
            try channel.pipeline.syncOperations.addHandler(
              contexts.handler(security, timeout: limits.requestTimeout) { access().security == security })
          }
          try Self.configure(
            channel, limits: limits, connections: connections, isSecure: isSecure, refusals, door, guarded)
        }
      }
    do {
      let channel = try await bootstrap.bind(host: address.host, port: address.port).get()
      return HTTPServer(channel, asked: address, connections: connections)
    } catch {
      throw StartError(address: address, reason: Self.reason(error))
    }
  }

  private init(_ channel: any Channel, asked: ListenAddress, connections: ConnectionTable) {
    address = ListenAddress(host: asked.host, port: channel.localAddress?.port ?? asked.port)
    self.channel = channel
    self.connections = connections
    sweeper = channel.eventLoop.scheduleRepeatedTask(
      initialDelay: .milliseconds(250), delay: .milliseconds(250)
    ) { _ in connections.expireOverdue() }
  }

  /// Stops listening, lets the requests in work finish for as long as `grace`, then closes what is left.
  public func stop(grace: Duration = .seconds(5)) async {
    try? await channel.close()
    connections.quiesce()
    let end = ContinuousClock.now + grace
    while connections.count > 0, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(10))
    }
    connections.closeAll()
    sweeper.cancel()
  }

  /// How many connections are open.
  public var openConnections: Int { connections.count }

  private static func reason(_ error: any Error) -> String {
    guard let system = error as? IOError else { return "\(error)" }
    return unsafe String(cString: strerror(system.errnoCode))
  }

  private static func configure(
    _ channel: any Channel, limits: HTTPLimits, connections: ConnectionTable, isSecure: Bool,
    _ refusals: Refusals, _ door: Door, _ handler: @escaping RequestHandler
  ) throws {
    let connection = Connection(channel: channel)
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = limits.headerSize
    decoding.maxHeaderListSize = limits.headerSize
    decoding.maxHeaderFieldCount = limits.headerCount
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandlers([
      ArrivalHandler(connection, in: connections, limits: limits, isSecure: isSecure, refusals),
      HTTPResponseEncoder(),
      ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoding)),
      HTTPServerPipelineHandler(),
      ConnectionHandler(
        connection, in: connections, limits: limits, on: channel.eventLoop, refusals, door, handler),
    ])
  }
}
