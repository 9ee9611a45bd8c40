/// A set of code points: ranges, ascending and apart. Surrogates are in none, as no text has them.
struct CodePoints: Hashable {
  private(set) var ranges: [ClosedRange<UInt32>]

  static let all = CodePoints([0...0xD7FF, 0xE000...0x10FFFF])
  static let digits = CodePoints([0x30...0x39])
  static let word = CodePoints([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  /// As RE2 has it: without the vertical tab.
  static let space = CodePoints([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])

  init(_ ranges: [ClosedRange<UInt32>]) {
    self.ranges = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = self.ranges.last, range.lowerBound <= last.upperBound.saturating(adding: 1) {
        self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        self.ranges.append(range)
      }
    }
  }

  init(_ one: UInt32) { ranges = [one...one] }

  func union(_ other: CodePoints) -> CodePoints { CodePoints(ranges + other.ranges) }

  var inverted: CodePoints {
    var gaps: [ClosedRange<UInt32>] = []
    for whole in Self.all.ranges {
      var next = whole.lowerBound
      for range in ranges where range.upperBound >= whole.lowerBound && range.lowerBound <= whole.upperBound {
        if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
        next = max(next, range.upperBound.saturating(adding: 1))
      }
      if next <= whole.upperBound { gaps.append(next...whole.upperBound) }
    }
    return CodePoints(gaps)
  }

  func contains(_ point: UInt32) -> Bool { ranges.contains { $0.contains(point) } }

  var isEmpty: Bool { ranges.isEmpty }

  /// With the other case of every letter; nil where that takes more than ASCII's letters and the two signs
  /// that fold to them (K for kelvin, the long s).
  var folded: CodePoints? {
    var found = ranges
    for range in ranges {
      let beyond = max(range.lowerBound, 0x80)
      if range.upperBound >= 0x80, range.upperBound != 0x10FFFF || beyond != 0x80,
        range != Self.longS...Self.longS, range != Self.kelvin...Self.kelvin
      {
        return nil
      }
      for (letters, other) in [(0x41...0x5A, 0x20), (0x61...0x7A, -0x20)] as [(ClosedRange<UInt32>, Int64)] {
        let low = max(range.lowerBound, letters.lowerBound)
        let high = min(range.upperBound, letters.upperBound)
        guard low <= high else { continue }
        found.append(UInt32(Int64(low) + other)...UInt32(Int64(high) + other))
      }
    }
    let plain = CodePoints(found)
    for (letter, sign) in [(0x6B, Self.kelvin), (0x73, Self.longS)] as [(UInt32, UInt32)]
    where plain.contains(letter) || plain.contains(sign) {
      found += [letter...letter, letter - 0x20...letter - 0x20, sign...sign]
    }
    return CodePoints(found)
  }

  private static let longS: UInt32 = 0x17F
  private static let kelvin: UInt32 = 0x212A
}

extension UInt32 {
  fileprivate func saturating(adding other: UInt32) -> UInt32 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
