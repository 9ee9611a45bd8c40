import TimeSeries

/// `host:port` taken apart as Go's `net.SplitHostPort` does.
enum HostText {
  static func withoutPort(_ text: [UInt8]) -> [UInt8] { split(text)?.host ?? text }

  /// `web.example.org:80` without the domain: `web:80`. Addresses are left as they are.
  static func withoutDomain(_ text: [UInt8]) -> [UInt8] {
    let parts = split(text)
    let host = parts?.host ?? text
    if isAddress(host) { return text }
    let short = Array(host.prefix { $0 != UInt8(ascii: ".") })
    guard let port = parts?.port, !port.isEmpty else { return short }
    return short + [UInt8(ascii: ":")] + port
  }

  private static func split(_ text: [UInt8]) -> (host: [UInt8], port: [UInt8])? {
    guard let colon = text.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let port = Array(text[(colon + 1)...])
    var host = Array(text[..<colon])
    if host.first == UInt8(ascii: "[") {
      guard host.last == UInt8(ascii: "]") else { return nil }
      host = Array(host.dropFirst().dropLast())
    } else if host.contains(UInt8(ascii: ":")) {
      return nil
    }
    let brackets = [UInt8(ascii: "["), UInt8(ascii: "]")]
    guard !host.contains(where: brackets.contains), !port.contains(where: brackets.contains) else {
      return nil
    }
    return (host, port)
  }

  private static func isAddress(_ host: [UInt8]) -> Bool {
    if host.contains(UInt8(ascii: ":")) { return true }
    let parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8(String(decoding: $0, as: UTF8.self)) != nil }
  }
}

extension RE2 {
  /// Go's `ReplaceAll`: every match, from left to right; an empty match directly behind another match
  /// does not count.
  func replacingAll(in text: [UInt8], with replacement: ReplacementText) -> [UInt8] {
    var result: [UInt8] = []
    var copied = 0
    var search = 0
    while search <= text.count, let groups = firstMatch(in: text, from: search),
      let whole = groups.first.flatMap({ $0 })
    {
      result += text[copied..<whole.lowerBound]
      if whole.upperBound > copied || whole.lowerBound == 0 {
        result += replacement.expand(text, groups)
      }
      copied = whole.upperBound
      search = max(whole.upperBound, search + 1)
      if whole.isEmpty, whole.lowerBound < text.count {
        search = whole.lowerBound + GoQuote.decode(text, at: whole.lowerBound).1
      }
    }
    return result + text[min(copied, text.count)...]
  }
}
