/// SHA-256 (FIPS 180-4): names the page that a list of rule groups goes on with. Nothing secret depends on
/// it, and it is the only use: no library is worth its weight here.
enum SHA256 {
  private static let constants: [UInt32] = primes(64).map { fraction(of: Double($0), root: 1.0 / 3) }

  /// The digest in lower-case hexadecimal digits.
  static func hex(_ message: [UInt8]) -> String {
    var state = primes(8).map { fraction(of: Double($0), root: 0.5) }
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    let length = UInt64(message.count) * 8
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: length >> UInt64(shift)))
    }
    for start in stride(from: 0, to: bytes.count, by: 64) { mix(bytes[start..<start + 64], into: &state) }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words: [UInt32] = []
    for start in stride(from: block.startIndex, to: block.endIndex, by: 4) {
      words.append(block[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) })
    }
    for i in 16..<64 {
      let (a, b) = (words[i - 15], words[i - 2])
      let low = rotated(a, 7) ^ rotated(a, 18) ^ a >> 3
      let high = rotated(b, 17) ^ rotated(b, 19) ^ b >> 10
      words.append(words[i - 16] &+ low &+ words[i - 7] &+ high)
    }
    var s = state
    for i in 0..<64 {
      let choice = (s[4] & s[5]) ^ (~s[4] & s[6])
      let majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2])
      let one =
        s[7] &+ (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)) &+ choice
        &+ constants[i] &+ words[i]
      let two = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)) &+ majority
      s = [one &+ two, s[0], s[1], s[2], s[3] &+ one, s[4], s[5], s[6]]
    }
    for i in 0..<8 { state[i] &+= s[i] }
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  private static func primes(_ count: Int) -> [Int] {
    var primes: [Int] = []
    var number = 2
    while primes.count < count {
      if primes.allSatisfy({ number % $0 != 0 }) { primes.append(number) }
      number += 1
    }
    return primes
  }

  /// The first 32 bits of the fraction of a number's root, by bisection on whole numbers.
  private static func fraction(of number: Double, root: Double) -> UInt32 {
    let power = root == 0.5 ? 2 : 3
    // The largest x with x^power <= number × 2^(32 × power).
    var (low, high) = (UInt64(0), UInt64(32) << 32)
    while low < high {
      let middle = (low + high + 1) / 2
      if isAtMost(middle, power, UInt64(number)) { low = middle } else { high = middle - 1 }
    }
    return UInt32(truncatingIfNeeded: low)
  }

  private static func isAtMost(_ value: UInt64, _ power: Int, _ number: UInt64) -> Bool {
    let bound = UInt128(number) << UInt128(32 * (power - 1))
    // value^power <= number × 2^(32 power), one factor of 2^32 taken out on both sides, rounded up.
    var product = UInt128(value)
    for _ in 1..<power { product *= UInt128(value) }
    return product >> 32 < bound || (product >> 32 == bound && product & 0xFFFF_FFFF == 0)
  }
}
