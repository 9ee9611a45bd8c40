import Testing
import TimeSeries

@Suite("Packed columns")
struct PackedColumnTests {
  /// Kinds of values that metrics have, and the bytes a value that each may take.
  static let kinds: [(name: String, bytes: Double, value: @Sendable (Int, inout Lcg) -> Double)] = [
    ("constant", 0.2, { _, _ in 42 }),
    ("counter", 1, { i, random in Double(i * 40) + Double(random.next() % 16) }),
    ("counter with resets", 3.5, { i, random in Double((i % 97) * 1000) + Double(random.next() % 9) }),
    ("cents", 2, { _, random in Double(random.next() % 10_000) / 100 }),
    ("pages of memory", 2.5, { _, random in Double(random.next() % 60_000) * 4096 }),
    ("seconds summed", 6.6, { i, random in Double(i) * 0.1 + random.unit() }),
    ("anything", 8.3, { _, random in Double(bitPattern: random.next()) }),
    ("signed zeros", 8.3, { i, _ in i % 3 == 0 ? -0.0 : 0 }),
    ("infinities and NaN", 8.3, { i, _ in [.infinity, -.infinity, .nan, 1.5][i % 4] }),
    ("denormals", 8.3, { i, _ in Double(i % 5) * .leastNonzeroMagnitude }),
    ("stale at the end", 8.3, { i, _ in i % 300 == 299 ? StaleMarker.value : Double(i) }),
    ("beyond 2^53", 8.3, { i, _ in 0x1p60 + Double(i) * 4096 }),
    ("negative", 1.5, { _, random in -Double(random.next() % 1000) }),
  ]

  @Test("give back every bit, in no more bytes than the kind of values needs")
  func roundTrip() {
    var random = Lcg(state: 7)
    for kind in Self.kinds {
      for count in [0, 1, 2, 127, 128, 129, 1440] {
        let values = (0..<count).map { kind.value($0, &random) }
        let column = PackedColumn(values)
        #expect(
          column.values(0..<count).map(\.bitPattern) == values.map(\.bitPattern),
          "\(kind.name), \(count) values")
        guard count == 1440 else { continue }
        let bytes = Double(column.byteCount - 100) / Double(count)
        #expect(bytes < kind.bytes, "\(kind.name) takes \(bytes) bytes a value")
      }
    }
  }

  @Test("decode any range")
  func ranges() {
    let values = (0..<1000).map { Double($0) / 4 }
    let column = PackedColumn(values)
    for range in [0..<1, 127..<129, 128..<256, 500..<700, 999..<1000, 0..<1000, 300..<300] {
      #expect(column.values(range) == Array(values[range]), "\(range)")
    }
  }

  @Test("whole numbers and decimals of every width, rising and falling, from either side of zero")
  func wholeNumbers() {
    var random = Lcg(state: 11)
    for width in 0..<53 {
      for (scale, divisor) in [(1.0, 1.0), (1, 1000), (64, 1)] where width < 40 || divisor == 1 {
        for base in [0.0, -7, 0x1p49, -0x1p50] where width < 50 || base == 0 {
          for count in [1, 2, 8, 9, 10, 17, 128, 131] {
            var rising = base
            let top = UInt64(1) << UInt64(width)
            let offsets = (0..<count).map { _ in base + Double(random.next() % top) * scale }
            let sums = (0..<count).map { _ -> Double in
              rising += Double(random.next() % max(1, top >> 8)) * scale
              return rising
            }
            for values in [offsets, sums, sums.reversed()].map({ $0.map { $0 / divisor } }) {
              #expect(
                PackedColumn(values).values(0..<count).map(\.bitPattern) == values.map(\.bitPattern),
                "width \(width), scale \(scale), divisor \(divisor), base \(base), \(count) values")
            }
          }
        }
      }
    }
  }

  @Test("survive every width")
  func widths() {
    for width in 0..<64 {
      let top = UInt64(1) << UInt64(width)
      let values = (0..<200).map { i -> Double in
        Double(bitPattern: 0x3ff0_0000_0000_0001 &+ (i % 3 == 0 ? top : UInt64(i % 2)))
      }
      let column = PackedColumn(values)
      let decoded = column.values(0..<200)
      #expect(decoded.map(\.bitPattern) == values.map(\.bitPattern), "width \(width)")
    }
  }
}

/// A small generator of numbers, the same at every run.
struct Lcg {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }

  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
