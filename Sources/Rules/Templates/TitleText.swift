/// Text with its words in title case, as Go's `cases.Title` for English writes it where it leaves capitals
/// alone: the first letter that has a case in every word.
enum TitleText {
  static func of(_ text: [UInt8]) -> [UInt8] {
    var result = String.UnicodeScalarView()
    var isInWord = false
    var followsJoint = false
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let isJoint = joints.contains(scalar.value)
      if followsJoint, isJoint { isInWord = false }
      if scalar.properties.isCased {
        if isInWord {
          result.append(scalar)
        } else {
          result.append(contentsOf: scalar.properties.titlecaseMapping.unicodeScalars)
        }
        isInWord = true
      } else {
        result.append(scalar)
        if !isJoint, ends(word: scalar) { isInWord = false }
      }
      followsJoint = isJoint
    }
    return Array(String(result).utf8)
  }

  /// What joins two letters to a word (UAX 29: MidLetter, MidNumLet, Single_Quote); two of them part words.
  private static let joints: Set<UInt32> = [
    0x27, 0x2E, 0x3A, 0xB7, 0x387, 0x55F, 0x5F4, 0x2018, 0x2019, 0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55,
    0xFF07,
    0xFF0E, 0xFF1A,
  ]

  private static func ends(word scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return false
    // A zero width joiner and a zero width space do, other signs of format do not.
    case .format: return scalar.value == 0x200D || scalar.value == 0x200B
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      // Scripts without blanks between words: ideographs and Hiragana.
      return scalar.properties.isIdeographic || (0x3041...0x309F).contains(scalar.value)
    default: return true
    }
  }
}
