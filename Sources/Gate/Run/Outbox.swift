/// Sends notifications and event webhooks in their order, beside the run: nothing that it does delays a
/// decision. What cannot be delivered is tried again, 1 s, 2 s and 4 s later, then reported.
public actor Outbox {
  /// One message: how to send it, and what to say when that fails.
  public struct Message: Sendable {
    public var name: String
    /// Throws with a message for people.
    public var send: @Sendable () async throws -> Void

    public init(_ name: String, send: @escaping @Sendable () async throws -> Void) {
      self.name = name
      self.send = send
    }
  }

  /// Pauses before the second and each further attempt, milliseconds.
  public static let pauses: [Int64] = [1_000, 2_000, 4_000]
  /// More messages than this wait for nobody: the oldest are dropped, and that is reported.
  public static let capacity = 1_000

  private let pause: @Sendable (_ milliseconds: Int64) async throws -> Void
  private let failed: @Sendable (String) -> Void
  private var waiting: [Message] = []
  private var worker: Task<Void, Never>?

  /// - Parameters:
  ///   - pause: waits between two attempts.
  ///   - failed: is told of what could not be delivered.
  public init(
    pause: @escaping @Sendable (_ milliseconds: Int64) async throws -> Void,
    failed: @escaping @Sendable (String) -> Void
  ) {
    self.pause = pause
    self.failed = failed
  }

  /// Takes messages; returns at once.
  public func add(_ messages: [Message]) {
    waiting += messages
    let excess = waiting.count - Self.capacity
    if excess > 0 {
      waiting.removeFirst(excess)
      failed("\(excess) messages were dropped: their receivers do not keep up")
    }
    if worker == nil, !waiting.isEmpty { worker = Task { await work() } }
  }

  /// Returns when everything has been sent or given up; what is left after so many milliseconds is given
  /// up, and reported.
  public func drain(atMost milliseconds: Int64 = 30_000) async {
    let limit = Task {
      guard (try? await Task.sleep(for: .milliseconds(milliseconds))) != nil else { return }
      self.cancel()
    }
    while let worker { await worker.value }
    limit.cancel()
  }

  /// Gives up what still waits, and reports it.
  public func cancel() {
    if worker != nil { failed("\(waiting.count + 1) messages were given up: their receivers take too long") }
    waiting = []
    worker?.cancel()
  }

  private func work() async {
    while !waiting.isEmpty { await deliver(waiting.removeFirst()) }
    worker = nil
  }

  private func deliver(_ message: Message) async {
    var problem = ""
    for attempt in 0...Self.pauses.count {
      do {
        if attempt > 0 { try await pause(Self.pauses[attempt - 1]) }
        return try await message.send()
      } catch is CancellationError {
        return
      } catch {
        problem = "\(error)"
      }
    }
    failed("\(message.name): \(problem)")
  }
}
