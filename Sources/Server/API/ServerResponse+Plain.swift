import TimeSeries

extension ServerResponse {
  /// A refusal as Go's library writes it: a line of plain text.
  static func refusal(_ status: Int, _ text: String) -> ServerResponse {
    var response = ServerResponse(status: status, text: text + "\n")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
  }

  /// The path exists, but not for this method.
  static func wrongMethod(_ method: ServerRequest.Method, for endpoint: Endpoint) -> ServerResponse {
    var response = method == .options ? ServerResponse(status: 200) : refusal(405, "Method Not Allowed")
    let allowed = (endpoint.methods + [.options]).map(\.name).sorted()
    response.headers["Allow"] = allowed.joined(separator: ", ")
    return response
  }

  /// The source cannot be asked now.
  static func notReady(_ readiness: PrometheusAPI.Readiness) -> ServerResponse {
    var response = ServerResponse(status: 503, text: "Service Unavailable")
    response.headers["X-Prometheus-Stopping"] = readiness == .stopping ? "true" : "false"
    return response
  }

  /// The page that says what there is.
  static func index(_ build: BuildInformation) -> ServerResponse {
    let links = [
      ("/api/v1/query?query=up", "an instant query"), ("/api/v1/labels", "the labels' names"),
      ("/metrics", "the server's own metrics"), ("/-/healthy", "health"),
    ]
    let items = links.map { "<li><a href=\"\($0.0)\">\($0.0)</a>: \($0.1)</li>" }.joined(separator: "\n")
    let page = """
      <!DOCTYPE html>
      <html lang="en"><meta charset="utf-8"><title>promgate</title>
      <style>body { font: 16px/1.5 system-ui, sans-serif; margin: 2em }</style>
      <h1>promgate \(build.version)</h1>
      <p>This server answers the Prometheus HTTP API: point a data source, promtool or Flagger here.</p>
      <ul>
      \(items)
      </ul>
      </html>

      """
    return ServerResponse(type: "text/html; charset=utf-8", page.utf8)
  }
}

extension PrometheusAPI {
  /// Compresses the body when the client takes it.
  func compressed(_ response: ServerResponse, for request: ServerRequest) -> ServerResponse {
    var response = response
    response.headers.add("Vary", "Accept-Encoding")
    let encoding = ContentEncoding(accepted: request.headers["Accept-Encoding"])
    guard let encoding else { return response }
    let gathered = response.body.gathered()
    response.body = gathered
    guard gathered.following == nil, let body = encoding.compressed(gathered.bytes) else { return response }
    response.headers["Content-Encoding"] = encoding.rawValue
    // The answer itself is written: nothing holds it any more.
    response.body = ResponseBody(body)
    return response
  }

  /// Lets browsers read the answers of the API (http-api.md §1).
  func addOriginFields(to response: inout ServerResponse, for request: ServerRequest) {
    guard request.path.hasPrefix(Endpoint.apiPrefix) else { return }
    response.headers.add("Vary", "Origin")
    guard let origin = request.headers["Origin"] else { return }
    response.headers["Access-Control-Allow-Headers"] = "Accept, Authorization, Content-Type, Origin"
    response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    response.headers["Access-Control-Expose-Headers"] = "Date"
    if let allowed = options.allowedOrigins {
      guard allowed.matches(Array(origin.utf8)[...]) else { return }
      response.headers["Access-Control-Allow-Origin"] = origin
    } else {
      response.headers["Access-Control-Allow-Origin"] = "*"
    }
  }
}

extension PrometheusAPI {
  /// Whether a page may write: where --cors-origin names its origin. Every origin may read by default; what
  /// nobody named may not write, and that a page is of this very host says nothing, since a name can be made
  /// to lead here.
  func allowsWrites(from page: ServerRequest) -> Bool {
    guard let allowed = options.allowedOrigins, let origin = page.headers["Origin"] else { return false }
    return allowed.matches(Array(origin.utf8)[...])
  }
}

extension ServerRequest {
  /// Whether a page in a browser sends it: they say so at every request that is no plain GET, with a content
  /// type or without.
  var isOfPage: Bool { headers["Origin"] != nil || headers["Sec-Fetch-Site"] != nil }
}

extension ServerRequest.Method {
  /// The method as requests write it.
  var name: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .other(let name): name
    }
  }
}
