import TimeSeries

/// An address as Go's `url.Parse` takes it, as far as the configuration looks at it.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
  /// As written.
  package var text: String
  /// In lower case; empty for a relative one.
  package var scheme = ""
  /// With the port; empty where there is none.
  package var host = ""
  private var password: Range<Int>?

  /// Why a text is no address, in Go's words.
  package struct Problem: Error, CustomStringConvertible { package var description: String }

  /// Without a password, for people to see.
  package var description: String {
    guard let password else { return text }
    let bytes = Array(text.utf8)
    return String(decoding: bytes[..<password.lowerBound], as: UTF8.self) + "xxxxx"
      + String(decoding: bytes[password.upperBound...], as: UTF8.self)
  }

  package init(_ text: String) throws(Problem) {
    self.text = text
    let bytes = Array(text.utf8)
    let whole = Array(bytes.prefix { $0 != UInt8(ascii: "#") })
    func problem(_ reason: String) -> Problem {
      Problem(description: "parse \(GoText.quoted(String(decoding: whole, as: UTF8.self))): \(reason)")
    }
    if whole.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      throw problem("net/url: invalid control character in URL")
    }
    guard let schemeEnd = Self.schemeEnd(whole) else { throw problem("missing protocol scheme") }
    scheme = String(decoding: whole[..<max(0, schemeEnd - 1)], as: UTF8.self).lowercased()
    let rest = whole[schemeEnd...].prefix { $0 != UInt8(ascii: "?") }
    var path = rest
    if rest.starts(with: "//".utf8), !(scheme.isEmpty && rest.starts(with: "///".utf8)) {
      let authority = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "/") }
      path = rest[authority.endIndex...]
      try takeAuthority(authority, problem)
    } else if scheme.isEmpty, rest.first != UInt8(ascii: "/") {
      if rest.prefix(while: { $0 != UInt8(ascii: "/") }).contains(UInt8(ascii: ":")) {
        throw problem("first path segment in URL cannot contain colon")
      }
    } else if !scheme.isEmpty, rest.first != UInt8(ascii: "/") {
      // Opaque: nobody looks at it.
      return
    }
    if let escape = Self.brokenEscape(path) { throw problem("invalid URL escape \(GoText.quoted(escape))") }
    if let escape = Self.brokenEscape(bytes[whole.count...]) {
      throw Problem(
        description: "parse \(GoText.quoted(text)): invalid URL escape \(GoText.quoted(escape))")
    }
  }

  /// Where the scheme and its colon end, 0 without one; nil where it is missing before its colon.
  private static func schemeEnd(_ bytes: [UInt8]) -> Int? {
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): continue
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
        if index == 0 { return 0 }
      case UInt8(ascii: ":"): return index == 0 ? nil : index + 1
      default: return 0
      }
    }
    return 0
  }

  private mutating func takeAuthority(
    _ authority: ArraySlice<UInt8>, _ problem: (String) -> Problem
  ) throws(Problem) {
    var host = authority
    if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
      let user = authority[..<at]
      host = authority[(at + 1)...]
      let allowed = Set("-._:~!$&'()*+,;=%@".utf8)
      guard user.allSatisfy({ Self.isAlphanumeric($0) || allowed.contains($0) }) else {
        throw problem("net/url: invalid userinfo")
      }
      if let escape = Self.brokenEscape(user) { throw problem("invalid URL escape \(GoText.quoted(escape))") }
      if let colon = user.firstIndex(of: UInt8(ascii: ":")) { password = colon + 1..<at }
    }
    self.host = String(decoding: host, as: UTF8.self)
    let port: ArraySlice<UInt8>
    if host.first == UInt8(ascii: "[") {
      guard let close = host.lastIndex(of: UInt8(ascii: "]")) else { throw problem("missing ']' in host") }
      port = host[(close + 1)...]
      host = host[..<close]
    } else {
      port = host.lastIndex(of: UInt8(ascii: ":")).map { host[$0...] } ?? []
      host = host.dropLast(port.count)
    }
    let isPort =
      port.isEmpty || (port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(Self.isDigit))
    guard isPort else {
      throw problem("invalid port \(GoText.quoted(String(decoding: port, as: UTF8.self))) after host")
    }
    // Percent escapes of ASCII are refused in hosts; other bytes below 128 that are no letters have a list.
    let allowed = Set("-_.~!$&'()*+,;=:[]<>\"%".utf8)
    if let wrong = host.first(where: { $0 < 0x80 && !Self.isAlphanumeric($0) && !allowed.contains($0) }) {
      let shown = String(decoding: [wrong], as: UTF8.self)
      throw problem("invalid character \(GoText.quoted(shown)) in host name")
    }
    if let escape = Self.brokenEscape(host) { throw problem("invalid URL escape \(GoText.quoted(escape))") }
    let hex = host.firstIndex(of: UInt8(ascii: "%")).map { host[$0...].prefix(3) }
    if let hex, host.first != UInt8(ascii: "["),
      hex.dropFirst().first.map({ $0 < UInt8(ascii: "8") }) ?? false,
      !hex.elementsEqual("%25".utf8)
    {
      throw problem("invalid URL escape \(GoText.quoted(String(decoding: hex, as: UTF8.self)))")
    }
  }

  /// The first escape that is none: `%`, `%z1`.
  private static func brokenEscape(_ bytes: ArraySlice<UInt8>) -> String? {
    var rest = bytes
    while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
      let escape = rest[percent...].prefix(3)
      guard escape.count == 3, escape.dropFirst().allSatisfy(isHexadecimal) else {
        return String(decoding: escape, as: UTF8.self)
      }
      rest = rest[(percent + 3)...]
    }
    return nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
  }
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
  }
}
