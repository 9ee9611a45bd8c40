/// What objects of a cluster may be called: subdomains in the sense of RFC 1123.
public enum KubernetesName {
  private static let longest = 253

  /// Lower-case letters, digits, `-` and `.`; each part between dots begins and ends with a letter or digit.
  public static func isValid(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= longest else { return false }
    return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
      part in
      guard let first = part.first, let last = part.last else { return false }
      return isAlphanumeric(first) && isAlphanumeric(last)
        && part.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }
}
