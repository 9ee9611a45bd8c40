import Evaluator
import PromQL
import Testing
import TimeSeries

/// Windows that share their work answer what each would alone, to twelve digits.
@Suite struct SlidingVarianceTests {
  @Test(arguments: [0.0, 1, 1000, 1e7], [60, 200, 300, 700, 2000])
  func `a deviation does not depend on how windows are put together`(_ trend: Double, _ length: Int) throws {
    var state: UInt64 = 88_172_645_463_325_252
    let store = Store()
    var values: [Double] = []
    for position in 0..<4000 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      // A part of it does not vary at all.
      let noise = (1000..<1500).contains(position) ? 0 : Double(state % 1000) / 100
      values.append(Double(position) * trend + noise)
      try store.append(
        Labels([("__name__", "m")]), StoredSample(timestamp: Int64(position) * 1000, .float(values[position]))
      )
    }
    let grid = Grid(start: Int64(length) * 1000, end: 3_999_000, step: 7000)
    let query = "stdvar_over_time(m[\(length)s])"
    let result = try QueryEngine().range(Array(query.utf8), over: grid, in: store.snapshot())
    guard case .matrix(let rows) = result.value, let row = rows.first else { return #expect(Bool(false)) }
    #expect(row.values.count == grid.count)
    for (time, value) in zip(row.timestamps, row.values) {
      // The window is open on its left.
      let last = Int(time / 1000)
      let window = values[(last - length + 1)...last]
      // Differences are exact enough about a value of the window itself.
      let distances = window.map { $0 - window[window.startIndex + length / 2] }
      let mean = distances.reduce(0, +) / Double(length)
      let expected = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
      let isClose = abs(value - expected) <= 2e-12 * expected + 1e-18
      #expect(isClose, "\(query) at \(time): \(value), \(expected)")
      if !isClose { return }
    }
  }
}
