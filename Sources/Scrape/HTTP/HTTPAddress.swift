/// An absolute `http` or `https` address, taken apart as far as scraping needs it.
public struct HTTPAddress: Sendable, Hashable {
  /// `http` or `https`.
  public var scheme: String
  /// `user:password` where the address holds it, else nil. Never shown.
  public var credentials: String?
  /// `host:port` or `host` as written; this becomes `instance`.
  public var authority: String
  /// Path and query, beginning with `/`, or empty.
  public var path: String

  /// What is wrong with an address, and where (a byte offset into the text).
  public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes before the fault.
    public var offset: Int
    /// What is wrong.
    public var reason: String
    public var description: String { reason }
  }

  /// Reads `[http[s]://][user:password@]host[:port][/path]`; without a scheme it is `http`.
  public init(_ text: String) throws(Problem) {
    if let bad = text.utf8.firstIndex(where: { $0 <= 0x20 || $0 == 0x7F }) {
      let offset = text.utf8.distance(from: text.utf8.startIndex, to: bad)
      throw Problem(offset: offset, reason: "an address holds no blanks or control characters")
    }
    var rest = Substring(text)
    scheme = "http"
    if let range = text.firstRange(of: "://") {
      scheme = text[..<range.lowerBound].lowercased()
      rest = text[range.upperBound...]
      guard scheme == "http" || scheme == "https" else {
        throw Problem(offset: 0, reason: "unknown scheme \"\(scheme)\"; use http:// or https://")
      }
    }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    var host = rest[..<end]
    let tail = rest[end...].prefix { $0 != "#" }
    path = tail.isEmpty || tail.hasPrefix("/") ? String(tail) : "/" + tail
    if let at = host.lastIndex(of: "@") {
      credentials = String(host[..<at])
      host = host[host.index(after: at)...]
    } else {
      credentials = nil
    }
    authority = String(host)
    let offset = text.utf8.distance(from: text.utf8.startIndex, to: host.startIndex)
    if let reason = Self.problem(withHost: host) { throw Problem(offset: offset, reason: reason) }
  }

  /// The whole address, credentials left out.
  public var text: String { "\(scheme)://\(authority)\(path)" }

  /// An address for messages, its password replaced as Go does; the text itself where it is none.
  public static func redacted(_ url: String) -> String {
    guard let address = try? HTTPAddress(url), let credentials = address.credentials else { return url }
    let user = credentials.prefix { $0 != ":" }
    let shown = user.count < credentials.count ? "\(user):xxxxx" : String(user)
    return "\(address.scheme)://\(shown)@\(address.authority)\(address.path)"
  }

  /// An address of which only the host may be shown: `https://host/…`.
  public static func hostOnly(_ url: String) -> String {
    guard let address = try? HTTPAddress(url) else { return "…" }
    return "\(address.scheme)://\(address.authority)\(address.path.isEmpty ? "" : "/…")"
  }

  /// Whether both lead to the same scheme, host and port.
  static func isSameOrigin(_ one: String, _ other: String) -> Bool {
    guard let one = try? HTTPAddress(one), let other = try? HTTPAddress(other) else { return false }
    return one.scheme == other.scheme && one.place == other.place
  }

  /// Host and port, the usual port where none is written.
  private var place: String {
    let host = authority.lowercased()
    let end = host.lastIndex(of: "]") ?? host.startIndex
    if host[end...].contains(":") { return host }
    return host + (scheme == "https" ? ":443" : ":80")
  }

  /// The host of an address for messages; the text itself where it is no address.
  static func host(of url: String) -> String {
    guard let address = try? HTTPAddress(url) else { return url }
    if address.authority.hasPrefix("["), let end = address.authority.firstIndex(of: "]") {
      return String(address.authority[...end])
    }
    return String(address.authority.prefix { $0 != ":" })
  }

  private static func problem(withHost host: Substring) -> String? {
    var port: Substring?
    if host.hasPrefix("[") {
      guard let close = host.firstIndex(of: "]") else { return "missing ] after an IPv6 address" }
      let after = host[host.index(after: close)...]
      guard after.isEmpty || after.hasPrefix(":") else { return "only a port may follow ]" }
      port = after.isEmpty ? nil : after.dropFirst()
    } else if let colon = host.firstIndex(of: ":") {
      port = host[host.index(after: colon)...]
      if colon == host.startIndex { return "the address names no host" }
    } else if host.isEmpty {
      return "the address names no host"
    }
    if let port {
      guard let number = UInt16(port), number > 0 else {
        return "\"\(port)\" is no port; a port is a number from 1 to 65535"
      }
    }
    return nil
  }
}
