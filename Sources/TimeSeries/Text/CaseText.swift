/// Go's `strings.ToUpper` and `ToLower`: character by character, never longer mappings.
package enum CaseText {
  package static func upper(_ text: [UInt8]) -> [UInt8] {
    mapped(text) { simple($0.properties.uppercaseMapping, $0) }
  }
  package static func lower(_ text: [UInt8]) -> [UInt8] {
    mapped(text) { simple($0.properties.lowercaseMapping, $0) }
  }

  private static func mapped(_ text: [UInt8], _ map: (Unicode.Scalar) -> Unicode.Scalar) -> [UInt8] {
    var result = String.UnicodeScalarView()
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars { result.append(map(scalar)) }
    return Array(String(result).utf8)
  }

  private static func simple(_ mapping: String, _ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let scalars = mapping.unicodeScalars
    if scalars.count == 1, let only = scalars.first { return only }
    // Those that have one character beside the longer text: İ, and small Greek letters with ι below.
    switch scalar.value {
    case 0x130: return "i"
    case 0x1F80...0x1F87, 0x1F90...0x1F97, 0x1FA0...0x1FA7:
      return Unicode.Scalar(scalar.value + 8) ?? scalar
    case 0x1FB3, 0x1FC3, 0x1FF3: return Unicode.Scalar(scalar.value + 9) ?? scalar
    default: return scalar
    }
  }
}
