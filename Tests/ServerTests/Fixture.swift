import Evaluator
import Foundation
import Server
import TimeSeries

/// Recorded answers that lie outside the package: `PROMGATE_SHARED`, else `../shared` beside it.
enum Fixture {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["PROMGATE_SHARED"] {
      return URL(fileURLWithPath: path)
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return root.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  /// The bytes of a file; nil where there is none.
  static func bytes(_ path: String) -> [UInt8]? {
    (try? Data(contentsOf: folder.appendingPathComponent(path))).map { Array($0) }
  }
}

/// An endpoint in the process, asked without a network.
struct Endpoint {
  let store = Store()
  let api: PrometheusAPI

  init(now: Int64 = 1_000_000, configure: (inout PrometheusAPI.Options) -> Void = { _ in }) {
    var options = PrometheusAPI.Options()
    configure(&options)
    api = PrometheusAPI(options: options, now: { now }) { [store] in store.snapshot() }
  }

  /// Appends one float.
  func add(_ labels: [(name: String, value: String)], at time: Int64, _ value: Double) throws {
    try store.append(Labels(labels), StoredSample(timestamp: time, .float(value)))
  }

  /// The answer to a request target like `/api/v1/query?query=up`.
  func get(_ target: String, _ headers: [(name: String, value: String)] = []) async -> ServerResponse {
    await send(.get, target, headers)
  }

  func send(
    _ method: ServerRequest.Method, _ target: String, _ headers: [(name: String, value: String)] = [],
    body: String = ""
  ) async -> ServerResponse {
    let parts = target.split(separator: "?", maxSplits: 1)
    let request = ServerRequest(
      method, String(parts.first ?? ""), query: parts.count > 1 ? String(parts[1]) : nil,
      headers: HTTPFields(headers), body: Array(body.utf8))
    return await api.respond(to: request)
  }

  /// The body of the answer as text.
  func text(_ target: String) async -> String {
    String(decoding: await get(target).body.bytes, as: UTF8.self)
  }
}
