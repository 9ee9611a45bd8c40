extension Target {
  /// The `Accept` header: what we read, best first (exposition.md §6).
  static let accept = [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6",
    "application/openmetrics-text;version=0.0.1;q=0.5",
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4",
    "text/plain;version=0.0.4;q=0.3",
    "*/*;q=0.2",
  ].joined(separator: ",")

  /// The request of one scrape. `speed` says how many seconds of the target's time pass in a second
  /// of the wall clock, by which the timeout shrinks.
  public func request(speed: Double = 1) -> HTTPRequest {
    var request = HTTPRequest(.get, url, access: access)
    let timeout = effectiveTimeoutMilliseconds
    request.headers = [
      HTTPRequest.Header("Accept", Self.accept),
      HTTPRequest.Header("X-Prometheus-Scrape-Timeout-Seconds", Self.seconds(timeout)),
    ]
    if !compressed { request.headers.append(HTTPRequest.Header("Accept-Encoding", "identity")) }
    request.compressed = compressed
    request.followsRedirects = followsRedirects
    request.timeoutMilliseconds = max(1, Int64(Double(timeout) / max(speed, 0.001)))
    // The body must stay below the limit.
    request.maximumBody = limits.bodySize > 0 ? limits.bodySize - 1 : Self.largestBody
    return request
  }

  /// What a body may have even without a limit of its own.
  static let largestBody = 1 << 31

  /// Milliseconds as the shortest decimal number of seconds: `10`, `0.4`.
  static func seconds(_ milliseconds: Int64) -> String {
    let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    guard rest != 0 else { return "\(whole)" }
    var digits = String(1000 + rest).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
