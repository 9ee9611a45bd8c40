/// What a cluster lets objects, namespaces and labels be called.
public enum KubernetesName {
  private static let longest = 253
  private static let longestLabel = 63

  /// Of an object, a subdomain in the sense of RFC 1123: lower-case letters, digits, `-` and `.`; each part
  /// between dots begins and ends with a letter or digit.
  public static func isValid(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= longest else { return false }
    return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
      isPart($0)
    }
  }

  /// Of a namespace, a label in the sense of RFC 1123: without dots, and at most 63 long.
  public static func isNamespace(_ name: String) -> Bool {
    name.utf8.count <= longestLabel && isPart(name.utf8[...])
  }

  /// Of a service, a label in the sense of RFC 1035: as a namespace, and a letter first.
  public static func isService(_ name: String) -> Bool {
    isNamespace(name)
      && name.utf8.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  /// Of `generateName`: the beginning of a name, which may end in `-`.
  public static func isBeginning(_ name: String) -> Bool {
    name.hasSuffix("-") && name != "-" ? isValid(String(name.dropLast(2)) + "a") : isValid(name)
  }

  /// The key of a label or an annotation: `app.kubernetes.io/name`, a subdomain in front or none.
  ///
  /// Of annotations a cluster takes the prefix in capitals, too.
  public static func isQualified(_ key: String) -> Bool {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.last, !name.isEmpty else { return false }
    return isLabelValue(String(name)) && (parts.count == 1 || isValid(String(parts[0])))
  }

  /// The value of a label: empty, or letters, digits, `-`, `_` and `.`, the first and the last no sign.
  public static func isLabelValue(_ value: String) -> Bool {
    guard let first = value.utf8.first, let last = value.utf8.last else { return true }
    return value.utf8.count <= longestLabel && isLetterOrDigit(first) && isLetterOrDigit(last)
      && value.utf8.allSatisfy {
        isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
      }
  }

  private static func isPart(_ part: Substring.UTF8View) -> Bool {
    guard let first = part.first, let last = part.last else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && part.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
