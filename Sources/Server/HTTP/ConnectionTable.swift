import NIOCore
import Synchronization

/// One open connection as other threads see it.
final class Connection: Sendable {
  /// What the connection waits for.
  enum Phase: Int {
    /// The first byte of a request.
    case idle
    /// The rest of a request.
    case arriving
    /// The handler.
    case working
    /// The client, to take the answer.
    case answering
  }

  let channel: any Channel
  private let phaseNumber = Atomic<Int>(Phase.idle.rawValue)
  private let deadlineTime = Atomic<UInt64>(.max)

  init(channel: any Channel) { self.channel = channel }

  var phase: Phase { Phase(rawValue: phaseNumber.load(ordering: .relaxed)) ?? .idle }

  /// When the phase has lasted too long.
  var deadline: NIODeadline { .uptimeNanoseconds(deadlineTime.load(ordering: .relaxed)) }

  /// Enters a phase; it may last as long as `timeout`, for ever when that is nil.
  func enter(_ phase: Phase, timeout: Duration?) {
    phaseNumber.store(phase.rawValue, ordering: .relaxed)
    let end = timeout.map { (NIODeadline.now() + TimeAmount($0)).uptimeNanoseconds }
    deadlineTime.store(end ?? .max, ordering: .relaxed)
  }
}

/// The open connections of a server.
final class ConnectionTable: Sendable {
  private struct State {
    var connections: [ObjectIdentifier: Connection] = [:]
    var isStopping = false

    /// Takes out the connection that has been idle longest; nil when none is idle.
    mutating func takeIdle() -> Connection? {
      let idle = connections.values.filter { $0.phase == .idle }.min { $0.deadline < $1.deadline }
      if let idle { connections[ObjectIdentifier(idle)] = nil }
      return idle
    }
  }

  private let limits: HTTPLimits
  private let state = Mutex(State())
  private let requests = Atomic<Int>(0)
  private let bodies = Atomic<Int>(0)

  init(limits: HTTPLimits) { self.limits = limits }

  var count: Int { state.withLock { $0.connections.count } }

  /// Takes a new connection in; false when there is no room or the server stops. Makes room by
  /// closing the connection that has been idle longest.
  func admit(_ connection: Connection) -> Bool {
    var evicted: Connection?
    let admitted = state.withLock { state in
      guard !state.isStopping else { return false }
      if state.connections.count >= limits.connections {
        evicted = state.takeIdle()
        if evicted == nil { return false }
      }
      state.connections[ObjectIdentifier(connection)] = connection
      return true
    }
    evicted?.channel.close(promise: nil)
    return admitted
  }

  /// Closes the connection that has been idle longest, if one is.
  func closeIdle() { state.withLock { $0.takeIdle() }?.channel.close(promise: nil) }

  func remove(_ connection: Connection) {
    state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
  }

  /// Counts a request in; false when too many are in work.
  func beginRequest() -> Bool {
    let (_, now) = requests.add(1, ordering: .relaxed)
    guard now > limits.concurrentRequests else { return true }
    endRequest()
    return false
  }

  func endRequest() { requests.subtract(1, ordering: .relaxed) }

  /// Takes bytes of a body from the budget of all bodies; false when they are not there.
  func reserve(_ bytes: Int) -> Bool {
    let (_, now) = bodies.add(bytes, ordering: .relaxed)
    guard now > limits.bodiesSize else { return true }
    release(bytes)
    return false
  }

  /// Gives back what was reserved.
  func release(_ bytes: Int) { bodies.subtract(bytes, ordering: .relaxed) }

  /// Closes the connections whose phase has lasted too long.
  func expireOverdue() {
    let now = NIODeadline.now()
    for connection in all() where connection.deadline < now {
      connection.channel.pipeline.fireUserInboundEventTriggered(ConnectionOverdue())
    }
  }

  /// Asks every connection to close after the request in work; idle ones close at once.
  func quiesce() {
    state.withLock { $0.isStopping = true }
    for connection in all() {
      connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
  }

  func closeAll() {
    for connection in all() { connection.channel.close(promise: nil) }
  }

  private func all() -> [Connection] { state.withLock { Array($0.connections.values) } }
}

/// Tells a connection that its phase has lasted too long.
struct ConnectionOverdue: Sendable {}
