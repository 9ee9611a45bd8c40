import TimeSeries

/// A path of the API, or a family of paths, and all that is known of it: `PrometheusAPI.endpoints` has them
/// all.
struct Endpoint: Sendable {
  typealias Answer = @Sendable (PrometheusAPI, Call) async -> ServerResponse

  /// What it is called in the server's own metrics: its path, unless it has several.
  let name: String
  /// Where it is found. One part of a path may stand for any text: it begins with a colon.
  let paths: [String]
  let methods: [ServerRequest.Method]
  let place: Place
  /// Whether browsers may read its answers (http-api.md §1).
  let isShared: Bool
  let answer: Answer

  /// Where a request runs.
  enum Place: Sendable, Hashable {
    /// Where it came in, while other connections wait: what is short, and what goes elsewhere by itself.
    case loop
    /// On Swift's own threads: what lists, and may be long.
    case pool
    /// On the threads for queries: what reads series, or writes them.
    case threads
  }

  /// What is asked of an endpoint.
  struct Call: Sendable {
    var request: ServerRequest
    /// The part of the path that stands for any text, percent-encoding undone; empty without one.
    var part: [UInt8] = []
  }

  /// - Parameter paths: nil for the name alone.
  init(
    _ name: String, _ methods: [ServerRequest.Method] = [.get], paths: [String]? = nil,
    place: Place = .loop, isShared: Bool = true, answer: @escaping Answer
  ) {
    self.name = name
    self.paths = paths ?? [name]
    self.methods = methods
    self.place = place
    self.isShared = isShared
    self.answer = answer
  }

  /// Where the API's paths begin.
  static let apiPrefix = "/api/v1/"
}

/// Finds endpoints by path.
struct EndpointTable: Sendable {
  /// An endpoint, and what stands in its path for any text.
  struct Place: Sendable {
    var endpoint: Endpoint
    var part: [UInt8] = []
  }

  private var byPath: [String: Endpoint] = [:]
  /// Those with a part that stands for any text.
  private var patterns: [(parts: [Substring], endpoint: Endpoint)] = []

  init(_ endpoints: [Endpoint]) {
    for endpoint in endpoints {
      for path in endpoint.paths {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.contains(where: { $0.hasPrefix(":") }) {
          patterns.append((parts, endpoint))
        } else {
          byPath[path] = endpoint
        }
      }
    }
  }

  /// Nil for a path that stands for nothing. A slash in a name is one of the path, as for Prometheus.
  func found(_ path: String) -> Place? {
    if let endpoint = byPath[path] { return Place(endpoint: endpoint) }
    guard path.utf8.contains(UInt8(ascii: "%")) else { return matched(Array(path.utf8)) }
    guard let bytes = try? URLText.decoded(Array(path.utf8)[...], plusIsSpace: false) else { return nil }
    return byPath[String(decoding: bytes, as: UTF8.self)].map { Place(endpoint: $0) } ?? matched(bytes)
  }

  private func matched(_ path: [UInt8]) -> Place? {
    let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for pattern in patterns where pattern.parts.count == parts.count {
      var part: [UInt8] = []
      let fits = zip(pattern.parts, parts).allSatisfy { wanted, found in
        guard wanted.hasPrefix(":") else { return found.elementsEqual(wanted.utf8) }
        part = Array(found)
        return true
      }
      if fits { return Place(endpoint: pattern.endpoint, part: part) }
    }
    return nil
  }
}
