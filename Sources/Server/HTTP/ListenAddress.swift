/// Where a server listens: `HOST:PORT`, `[IPv6]:PORT`, or `:PORT` for every interface.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// A name or a numeric address without brackets.
  public var host: String
  /// 0 lets the system choose.
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Loopback with a port that the system chooses.
  public static let anyLoopbackPort = ListenAddress(host: "127.0.0.1", port: 0)

  /// Why a text is no address, and what one looks like.
  public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
  }

  /// Reads `127.0.0.1:9090`, `localhost:9090`, `[::1]:9090`, `:9090`.
  public init(parsing text: String) throws(Problem) {
    let hint = "an address looks like 127.0.0.1:9090, [::1]:9090 or :9090 (every interface)"
    guard let colon = text.lastIndex(of: ":") else {
      throw Problem(description: "\"\(text)\" has no port: \(hint)")
    }
    let digits = text[text.index(after: colon)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = Int(digits), port <= 65535
    else {
      throw Problem(description: "\"\(digits)\" is no port from 0 to 65535: \(hint)")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw Problem(description: "\"\(host)\" needs brackets if it is an IPv6 address: \(hint)")
    }
    guard !host.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") }) else {
      throw Problem(description: "\"\(host)\" is no host: \(hint)")
    }
    self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
  }

  /// `127.0.0.1:9090`, `[::1]:9090`
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
