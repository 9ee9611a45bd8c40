import Dispatch
import Glibc

/// The wish of a user or a supervisor that the process ends: SIGINT or SIGTERM.
///
/// While it exists the first such signal only ends `wait`; a second one kills the process.
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
        signal(number, SIG_DFL)
        continuation.yield()
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
}
