import Testing
import TimeSeries

@Suite struct HistogramResetTests {
  private typealias Case = (what: String, previous: NativeHistogram, current: NativeHistogram, reset: Bool)

  private func check(_ cases: [Case]) {
    for (what, previous, current, reset) in cases {
      #expect(current.showsReset(after: previous) == reset, "\(what)")
    }
  }

  @Test func `the later histogram's hint decides where it can`() {
    let more = exponential(count: 9, offset: 1, [9])
    func hinted(_ hint: NativeHistogram.ResetHint, _ count: Double) -> NativeHistogram {
      exponential(count: count, offset: 1, [count], hint: hint)
    }
    check([
      ("reset", more, hinted(.reset, 10), true), ("not reset", more, hinted(.notReset, 1), false),
      ("unknown, fewer", more, hinted(.unknown, 1), true),
      ("unknown, more", more, hinted(.unknown, 10), false),
      ("gauge, fewer", more, hinted(.gauge, 1), true),
      ("the earlier one's hint", hinted(.reset, 1), more, false),
    ])
  }

  @Test func `counts that shrink show a reset`() {
    let base = exponential(count: 9, zero: 2, width: 0.5, offset: 1, [3, 0, 4], negative: [2])
    func changed(_ change: (inout NativeHistogram) -> Void) -> NativeHistogram {
      var histogram = base
      histogram.count = 100
      change(&histogram)
      return histogram
    }
    check([
      ("nothing", base, base, false),
      ("the sum alone", base, changed { $0.sum = -50 }, false),
      ("count", base, changed { $0.count = 8 }, true),
      ("zero bucket", base, changed { $0.zeroCount = 1 }, true),
      ("bucket", base, changed { $0.positive[2].count = 3 }, true),
      ("last bucket gone", base, changed { $0.positive.removeLast() }, true),
      ("empty bucket gone", base, changed { $0.positive.remove(at: 1) }, false),
      ("negative bucket gone", base, changed { $0.negative = [] }, true),
      ("new bucket", base, changed { $0.positive.append(.init(index: 9, count: 1)) }, false),
      ("narrower zero bucket", base, changed { $0.zeroThreshold = 0.25 }, true),
    ])
  }

  @Test func `a lower resolution is no reset, a higher one is`() {
    // Buckets 1 and 2 of schema 1 are bucket 1 of schema 0.
    let fine = exponential(schema: 1, count: 6, offset: 1, [1, 2, 3])
    check([
      ("same counts", fine, exponential(count: 6, offset: 1, [3, 3]), false),
      ("fewer", fine, exponential(count: 6, offset: 1, [2, 4]), true),
      ("higher", exponential(count: 6, offset: 1, [3, 3]), fine, true),
      ("exponential after custom", custom(bounds: [1], count: 1, [1]), fine, true),
      ("custom after exponential", fine, custom(bounds: [1], count: 9, [9]), true),
    ])
  }

  @Test func `a wider zero bucket takes buckets in`() {
    let narrow = exponential(count: 6, zero: 1, width: 0.25, offset: 0, [2, 3])
    check([
      ("taken in", narrow, exponential(count: 6, zero: 3, width: 1, offset: 1, [3]), false),
      ("lost", narrow, exponential(count: 6, zero: 2, width: 1, offset: 1, [4]), true),
      ("cuts a bucket", narrow, exponential(count: 6, zero: 6, width: 1.5, offset: 1, [6]), true),
      (
        "leftovers inside it do not matter", exponential(count: 3, zero: 1, width: 1, offset: 0, [2]),
        exponential(count: 3, zero: 1, width: 1, offset: 1, [2]), false
      ),
    ])
  }

  @Test func `custom buckets are compared between shared bounds`() {
    let previous = custom(bounds: [-4, 1, 2, 3], count: 15, [1, 2, 4, 8, 0])
    check([
      ("same", previous, previous, false),
      ("negative bounds shrink", previous, custom(bounds: [-4, 1, 2, 3], count: 15, [0, 7, 8]), true),
      // Shared: −4 and 2. Earlier: 1, 6 and 8 observations.
      ("as many", previous, custom(bounds: [-4, 2, 9], count: 15, [1, 6, 5, 3]), false),
      ("fewer in the middle", previous, custom(bounds: [-4, 2, 9], count: 15, [2, 5, 8]), true),
      ("fewer above", previous, custom(bounds: [-4, 2, 9], count: 15, [2, 6, 7]), true),
      ("nothing shared", previous, custom(bounds: [7], count: 15, [0, 15]), false),
    ])
  }

  @Test func `the search for a wider zero bucket ends at a threshold that is no number`() {
    let odd = exponential(count: 1, width: .nan, offset: 1, [1])
    let even = exponential(count: 1, width: 1, offset: 1, [1])
    check([("now", even, odd, true), ("before", odd, even, false), ("both", odd, odd, true)])
  }
}
