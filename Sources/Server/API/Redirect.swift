/// Where a path leads that stands for nothing as it is written: Prometheus' two routers send clients to the
/// path that they take it for.
struct Redirect: Sendable, Equatable {
  /// Path and query.
  var location: String
  /// 301, or 307 where the method has to stay.
  var status: Int

  /// Nil where the request is to be answered as it is.
  /// - Parameter endpoint: of the request's path.
  init?(_ request: ServerRequest, _ endpoint: Endpoint?) {
    let path = request.path
    guard path.utf8.first == UInt8(ascii: "/") else { return nil }
    let clean = Self.cleaned(path)
    if clean != path || path == "/api/v1" {
      self.init(clean == "/api/v1" ? Endpoint.apiPrefix : clean, 301, request)
      return
    }
    if let endpoint, endpoint.methods.contains(request.method) { return nil }
    guard let known = Self.known(path, for: request.method) else { return nil }
    // The router of the API does not know what its paths begin with, and leaves that out.
    let isOfAPI = known.hasPrefix(Endpoint.apiPrefix)
    let location = isOfAPI ? String(known.dropFirst(Endpoint.apiPrefix.count - 1)) : known
    self.init(location, request.method == .get ? 301 : 307, request)
  }

  private init(_ path: String, _ status: Int, _ request: ServerRequest) {
    location = path + (request.query.map { "?\($0)" } ?? "")
    self.status = status
  }

  /// The path that stands for something, up to a slash at the end and to the case of letters.
  private static func known(_ path: String, for method: ServerRequest.Method) -> String? {
    let isKnown = { (path: String) in
      PrometheusAPI.table.found(path)?.endpoint.methods.contains(method) ?? false
    }
    let other = path.hasSuffix("/") ? String(path.dropLast()) : path + "/"
    if isKnown(other) { return other }
    // What the API's paths begin with is written in small letters.
    guard path.hasPrefix(Endpoint.apiPrefix) || !path.lowercased().hasPrefix(Endpoint.apiPrefix) else {
      return nil
    }
    for candidate in [path, other] {
      var parts = candidate.split(separator: "/", omittingEmptySubsequences: false).map { $0.lowercased() }
      if parts.count == 6, parts[3] == "label" {
        parts[4] = String(candidate.split(separator: "/", omittingEmptySubsequences: false)[4])
      }
      let lowered = parts.joined(separator: "/")
      if isKnown(lowered) { return lowered }
    }
    return nil
  }

  /// Go's `path.Clean`, except that a slash at the end stays.
  static func cleaned(_ path: String) -> String {
    let bytes = path.utf8
    let isDoubled = zip(bytes, bytes.dropFirst()).contains { $0 == UInt8(ascii: "/") && $1 == $0 }
    guard isDoubled || bytes.contains(UInt8(ascii: ".")) else { return path }
    var parts: [Substring] = []
    for part in path.split(separator: "/") {
      switch part {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(part)
      }
    }
    let clean = "/" + parts.joined(separator: "/")
    return path.hasSuffix("/") && clean != "/" ? clean + "/" : clean
  }

  /// The answer, as Go's library writes it.
  func response(to method: ServerRequest.Method) -> ServerResponse {
    var response = ServerResponse(status: status)
    response.headers["Location"] = location
    guard method == .get || method == .head else { return response }
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    guard method == .get else { return response }
    let link = location.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(
      ">", with: "&gt;"
    )
    .replacing("\"", with: "&#34;").replacing("'", with: "&#39;")
    response.body = ResponseBody(Array("<a href=\"\(link)\">Moved Permanently</a>.\n\n".utf8))
    return response
  }
}
