import Dispatch
import Glibc

/// The wish of a user or a supervisor that the process ends: SIGINT or SIGTERM.
///
/// While it exists the first such signal only ends `wait`; one that comes half a second later, or after
/// that, kills the process. (`timeout` and others send two at once, to the process and to its group.)
final class StopSignal {
  private let sources: [any DispatchSourceSignal]
  private let arrivals: AsyncStream<Void>

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    arrivals = stream
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        continuation.yield()
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(500)) { signal(number, SIG_DFL) }
      }
      source.resume()
      return source
    }
  }

  deinit {
    for source in sources { source.cancel() }
  }

  /// Runs the work until a signal arrives, then cancels it and waits for its end.
  func wait(while work: @escaping @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await work() }
      for await _ in arrivals { break }
      group.cancelAll()
    }
  }

  /// Runs the work until a signal arrives, then cancels it, and lets `ending` run beside its end. Returns
  /// when both are done, or after `grace`: what still hangs then is left to the process' end.
  func wait(
    grace: Duration, while work: @escaping @Sendable () async -> Void,
    ending: @escaping @Sendable () async -> Void
  ) async {
    let running = Task { await work() }
    for await _ in arrivals { break }
    running.cancel()
    let (over, done) = AsyncStream.makeStream(of: Void.self)
    Task {
      await ending()
      await running.value
      done.yield()
    }
    Task {
      try? await Task.sleep(for: grace)
      done.yield()
    }
    for await _ in over { break }
  }

  /// Runs the work until a signal arrives or a time has passed (milliseconds; nil for no such time), then
  /// cancels it and waits for its end.
  func wait(atMost time: Int64?, while work: @escaping @Sendable () async -> Void) async {
    guard let time else { return await wait(while: work) }
    await withTaskGroup(of: Void.self) { group in
      let arrivals = arrivals
      group.addTask { await work() }
      group.addTask { for await _ in arrivals { break } }
      group.addTask { try? await Task.sleep(for: .milliseconds(time)) }
      // The work, a signal, or the time: whichever is first ends the others.
      await group.next()
      group.cancelAll()
    }
  }

  /// Runs the work to its end; a signal cancels it.
  func cancel<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let arrivals = arrivals
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        for await _ in arrivals { break }
        return nil
      }
      defer { group.cancelAll() }
      while let finished = try await group.next() {
        if let finished { return finished }
        group.cancelAll()
      }
      throw CancellationError()
    }
  }
}
