import TimeSeries

/// A Prometheus base address, read as Flagger reads it (flagger.md §4.1, §4.2): its query and fragment
/// are dropped, its path is cleaned, its userinfo stays.
public struct PrometheusAddress: Sendable, Hashable {
  public var scheme: String
  /// `user:password@host:port`, as written.
  public var authority: String
  /// Cleaned; empty, or with a leading and without a trailing slash.
  public var path: String

  /// Why an address is unusable; Flagger's words where it has some.
  public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
  }

  public init(_ text: String) throws(Problem) {
    let invalid = Problem(description: "prometheus address \(text) is not a valid URL")
    let bytes = text.utf8
    guard !bytes.isEmpty, !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { throw invalid }
    guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { throw invalid }
    scheme = text[..<colon].lowercased()
    guard let first = scheme.utf8.first, (0x61...0x7A).contains(first),
      scheme.utf8.allSatisfy(Self.isSchemeByte)
    else { throw invalid }
    let rest = text[text.index(after: colon)...]
    guard rest.hasPrefix("//"), scheme == "http" || scheme == "https" else {
      throw Problem(description: "unsupported protocol scheme \"\(scheme)\" in \(text)")
    }
    let hierarchy = rest.dropFirst(2)
    let end = hierarchy.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? hierarchy.endIndex
    authority = String(hierarchy[..<end])
    guard !authority.isEmpty else { throw Problem(description: "no host in the address \(text)") }
    let tail = hierarchy[end...]
    path = Self.cleaned(tail[..<(tail.firstIndex { $0 == "?" || $0 == "#" } ?? tail.endIndex)])
  }

  /// `<base>/api/v1/query?query=<form-encoded>`
  /// - Parameter time: milliseconds since the epoch; nil, as Flagger asks: the server's own now.
  public func queryURL(_ query: String, at time: Int64? = nil) -> String {
    let url = "\(scheme)://\(authority)\(path)/api/v1/query?query=\(Self.formEncoded(query))"
    guard let time else { return url }
    return url + "&time=\(GoText.plain(Double(time) / 1000))"
  }

  /// Go's `path.Clean` of an absolute path: no empty, `.` or `..` segments.
  private static func cleaned(_ path: Substring) -> String {
    var segments: [Substring] = []
    for segment in path.split(separator: "/") {
      switch segment {
      case ".": break
      case "..": _ = segments.popLast()
      default: segments.append(segment)
      }
    }
    return segments.map { "/" + $0 }.joined()
  }

  /// Go's `url.QueryEscape`: a blank is `+`; all but letters, digits and `-_.~` is `%XX`.
  private static func formEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: " "): result += "+"
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  private static func isSchemeByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
      || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }
}
