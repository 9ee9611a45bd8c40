extension HTTPRequest {
  /// How often redirects are followed, as by Go's client.
  static let mostRedirects = 10

  /// The address for messages.
  var shownURL: String { hidesPath ? HTTPAddress.hostOnly(url) : HTTPAddress.redacted(url) }

  /// The request that follows a redirect; nil when the answer is none, or redirects are not followed.
  ///
  /// To another scheme, host or port goes nothing that says who asks: neither authorization nor any header
  /// that a user gave.
  func redirected(by response: HTTPResponse) -> HTTPRequest? {
    guard followsRedirects, let target = response.redirect else { return nil }
    var next = self
    next.url = target
    switch response.status {
    case 301, 302, 303:
      guard method != .get, method != .head else { break }
      next.method = .get
      next.body = []
      next.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
    case 307, 308: break
    default: return nil
    }
    guard !HTTPAddress.isSameOrigin(url, target) else { return next }
    next.access.authorization = .none
    next.access.headers = []
    next.headers.removeAll { !Self.harmless.contains($0.name.lowercased()) }
    return next
  }

  /// Headers that say what is wanted, not who wants it.
  private static let harmless: Set<String> = [
    "accept", "accept-encoding", "content-type", "content-encoding", "user-agent",
    "x-prometheus-scrape-timeout-seconds", "x-prometheus-remote-read-version",
    "x-prometheus-remote-write-version",
  ]
}
