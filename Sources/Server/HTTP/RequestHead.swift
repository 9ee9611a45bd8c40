import NIOHTTP1

/// What a request's head must be like beyond what the parser sees to, as Go's server wants it, which
/// Prometheus has. Two servers that read one head differently are how requests are smuggled: where it can be
/// read in two ways it is refused.
enum RequestHead {
  /// What is wrong, to stand behind `400 Bad Request`; nil for a good one.
  static func problem(_ head: HTTPRequestHead) -> String? {
    let hosts = head.headers["host"]
    if hosts.count > 1 { return ": too many Host headers" }
    if hosts.isEmpty, head.version.minor > 0 || head.version.major > 1 {
      return ": missing required Host header"
    }
    if let host = hosts.first, !host.utf8.allSatisfy(isHostByte) { return ": malformed Host header" }
    let lengths = head.headers["content-length"]
    if lengths.contains(where: { Int($0) == nil }) || lengths.count > 1 { return "" }
    if head.headers.contains(name: "transfer-encoding"), !lengths.isEmpty || head.version.minor == 0 {
      return ""
    }
    return nil
  }

  /// The bytes of hosts in golang.org/x/net/http/httpguts.
  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "!$%&'()*+,-.:;=[]_~".utf8.contains(byte)
    }
  }
}
