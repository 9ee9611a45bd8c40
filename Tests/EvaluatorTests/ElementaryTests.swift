import Evaluator
import PromQL
import Testing
import TimeSeries

/// Elementary functions give Go's bits, with and without fused rounding, whatever this processor has.
@Suite struct ElementaryTests {
  private static let places = ElementaryTable.places.map { Double(bitPattern: $0) }
  private static let lefts = ElementaryTable.lefts.map { Double(bitPattern: $0) }
  private static let rights = ElementaryTable.rights.map { Double(bitPattern: $0) }

  private static func expected(_ function: ElementaryFunction, _ rounding: ExponentialRounding) -> [UInt64] {
    let fused = ElementaryTable.fused[function] ?? []
    return rounding == .fused ? fused : ElementaryTable.separate[function] ?? fused
  }

  private static func expected(
    _ function: ElementaryPairFunction, _ rounding: ExponentialRounding
  ) -> [UInt64] {
    let fused = ElementaryTable.fusedPairs[function] ?? []
    return rounding == .fused ? fused : ElementaryTable.separatePairs[function] ?? fused
  }

  /// Whether numbers have these bits; NaN is NaN, and never a stale marker.
  private static func expect(_ values: [Double], _ bits: [UInt64], _ what: (Int) -> String) {
    #expect(values.count == bits.count)
    for (index, (value, bits)) in zip(values, bits).enumerated() {
      let expected = Double(bitPattern: bits)
      let holds = expected.isNaN ? value.isNaN && !StaleMarker.isStale(value) : value.bitPattern == bits
      let place = what(index)
      #expect(holds, "\(place) is \(value), not \(expected)")
    }
  }

  @Test(arguments: ElementaryFunction.allCases, ExponentialRounding.allCases)
  func `a function of one number`(_ function: ElementaryFunction, _ rounding: ExponentialRounding) {
    let expected = Self.expected(function, rounding)
    let what = { "\(function)(\(Self.places[$0]))" }
    Self.expect(Self.places.map { function($0, rounding: rounding) }, expected, what)
    // Of every length, so that each place is computed beside others and at the end.
    for start in 0..<40 {
      var column = Array(Self.places[start...])
      function.apply(to: &column, rounding: rounding)
      Self.expect(column, Array(expected[start...])) { what(start + $0) }
    }
    if rounding == .native {
      for index in 1..<expected.count {
        let both = function.both(Self.places[index - 1], Self.places[index])
        Self.expect([both.0, both.1], Array(expected[index - 1...index])) { what(index - 1 + $0) }
      }
    }
    var none: [Double] = []
    function.apply(to: &none, rounding: rounding)
    #expect(none.isEmpty)
  }

  @Test(arguments: ElementaryPairFunction.allCases, ExponentialRounding.allCases)
  func `a function of two numbers`(_ function: ElementaryPairFunction, _ rounding: ExponentialRounding) {
    let (lefts, rights, expected) = (Self.lefts, Self.rights, Self.expected(function, rounding))
    let what = { "\(function)(\(lefts[$0]), \(rights[$0]))" }
    Self.expect(zip(lefts, rights).map { function($0, $1, rounding: rounding) }, expected, what)
    for start in 0..<40 {
      var column = Array(lefts[start...])
      function.apply(to: &column, Array(rights[start...]), rounding: rounding)
      Self.expect(column, Array(expected[start...])) { what(start + $0) }
      column = Array(rights[start...])
      function.apply(Array(lefts[start...]), to: &column, rounding: rounding)
      Self.expect(column, Array(expected[start...])) { what(start + $0) }
    }
    for index in lefts.indices {
      // A number on one side, whatever else is in the column.
      var column = lefts
      function.apply(to: &column, rights[index], rounding: rounding)
      Self.expect([column[index]], [expected[index]]) { _ in what(index) }
      column = rights
      function.apply(lefts[index], to: &column, rounding: rounding)
      Self.expect([column[index]], [expected[index]]) { _ in what(index) }
    }
  }

  /// Queries whose last digit the C library would get wrong, with the value on a processor with FMA and on one
  /// without.
  private static let queries: [(query: String, fused: Double, separate: Double)] = [
    ("10 * log10(optic)", -13.01029995663981, -13.01029995663981),
    ("1.1 ^ growth", 1.0339211986009054, 1.0339211986009054),
    ("exp(load)", 12.182493960703473, 12.182493960703473),
    ("exp(growth)", 1.4190675485932573, 1.4190675485932571),
    ("100 * (1 - 0.99 ^ 30)", 26.02996266117199, 26.02996266117199),
    ("sin(load)", 0.5984721441039564, 0.5984721441039564),
    ("sinh(growth)", 0.3571897294372719, 0.3571897294372719),
    ("log10(vector(1000))", 3, 3),
    ("ln(vector(5e-324))", -709.0895657128241, -709.0895657128241),
  ]

  @Test func `queries answer with Go's digits`() throws {
    let store = Store()
    for (name, value) in [("optic", 0.05), ("growth", 0.35), ("load", 2.5)] {
      try store.append(Labels([("__name__", name)]), StoredSample(timestamp: 0, .float(value)))
    }
    for (query, fused, separate) in Self.queries {
      let expected = ExponentialRounding.native == .fused ? fused : separate
      for steps: Int64 in [1, 7, 50] {
        let grid = Grid(start: 0, end: steps * 1000, step: 1000)
        let result = try QueryEngine().range(Array(query.utf8), over: grid, in: store.snapshot())
        guard case .matrix(let rows) = result.value, let row = rows.first else {
          Issue.record("\(query) has no row")
          continue
        }
        #expect(row.values.count == grid.count)
        #expect(row.values.allSatisfy { $0 == expected }, "\(query) is \(row.values), not \(expected)")
      }
    }
  }
}
