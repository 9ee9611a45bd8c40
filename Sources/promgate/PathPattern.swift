import Glibc

/// Names of files with `*`, `?` and `[…]`.
enum PathPattern {
  /// The files that a pattern matches, in order; a relative one begins in the folder of `path`.
  static func paths(matching pattern: String, beside path: String = "") -> [String] {
    var whole = pattern
    if !pattern.hasPrefix("/"), let slash = path.lastIndex(of: "/") {
      whole = path[...slash] + pattern
    }
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    // As in Go, a star stands for a leading point too.
    let status = unsafe glob(whole, GLOB_PERIOD, nil, &found)
    guard status == 0, let names = unsafe found.gl_pathv else { return [] }
    return (0..<Int(unsafe found.gl_pathc)).compactMap { index in
      unsafe names[index].map { unsafe String(cString: $0) }
    }.filter { path in whole == path || !(path.hasSuffix("/.") || path.hasSuffix("/..")) }
  }

  /// Whether Go takes it for a pattern: brackets hold something and are closed, a backslash escapes
  /// something.
  static func isWellFormed(_ pattern: String) -> Bool {
    var rest = Array(pattern.utf8)[...]
    func takeCharacter() -> Bool {
      guard let first = rest.popFirst(), first != UInt8(ascii: "-"), first != UInt8(ascii: "]") else {
        return false
      }
      if first == UInt8(ascii: "\\"), rest.popFirst() == nil { return false }
      return !rest.isEmpty
    }
    while let next = rest.popFirst() {
      if next == UInt8(ascii: "\\"), rest.popFirst() == nil { return false }
      guard next == UInt8(ascii: "[") else { continue }
      if rest.first == UInt8(ascii: "^") { rest.removeFirst() }
      var count = 0
      while count == 0 || rest.first != UInt8(ascii: "]") {
        guard takeCharacter() else { return false }
        if rest.first == UInt8(ascii: "-") {
          rest.removeFirst()
          guard takeCharacter() else { return false }
        }
        count += 1
      }
      rest.removeFirst()
    }
    return true
  }
}
