import Gate
import Scrape
import Synchronization

/// Users: sends requests at an even rate, whether or not the earlier ones have been answered.
struct LoadGenerator: Sendable {
  /// Where to, `127.0.0.1:41234`.
  let address: String
  /// Requests in a second of the clock.
  let rate: Double
  let clock: any GateClock
  /// How many seconds of the clock pass in a real one.
  let speed: Double

  /// After so many seconds of the clock a request is given up.
  private static let timeout = 60.0
  /// How far behind it may be, in real milliseconds. What a stalled machine could not send falls away:
  /// sent at once afterwards, it would look like slow answers.
  private static let maximumLag = 5.0
  /// More than this many unanswered requests are not let arise: further ones fall away.
  private static let maximumOpen = 256

  /// Sends until the task is cancelled.
  @concurrent
  func run() async {
    let client = HTTPClient(userAgent: "promgate-demo-load")
    let open = OpenRequests()
    var request = HTTPRequest(.get, "http://\(address)/")
    request.compressed = false
    request.timeoutMilliseconds = max(1, Int64(Self.timeout * 1000 / speed))
    let pause = 1000 / rate
    var due = Double(clock.now())
    await withDiscardingTaskGroup { group in
      while true {
        due = max(due + pause, Double(clock.now()) - Self.maximumLag * speed)
        do { try await clock.sleep(until: Int64(due)) } catch { break }
        guard open.begin(limit: Self.maximumOpen) else { continue }
        group.addTask { [request] in
          // Users only wait for an answer, whatever it is; the ingress counts.
          _ = try? await client.fetch(request)
          open.end()
        }
      }
      group.cancelAll()
    }
  }
}

/// Counts the unanswered requests.
private final class OpenRequests: Sendable {
  private let count = Atomic<Int>(0)

  func begin(limit: Int) -> Bool {
    guard count.add(1, ordering: .relaxed).newValue > limit else { return true }
    end()
    return false
  }

  func end() { count.subtract(1, ordering: .relaxed) }
}
