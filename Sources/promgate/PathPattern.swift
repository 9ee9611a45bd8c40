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
    let status = unsafe glob(whole, 0, nil, &found)
    guard status == 0, let names = unsafe found.gl_pathv else { return [] }
    return (0..<Int(unsafe found.gl_pathc)).compactMap { index in
      unsafe names[index].map { unsafe String(cString: $0) }
    }
  }
}
