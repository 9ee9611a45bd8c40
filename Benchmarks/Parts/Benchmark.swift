import Glibc

/// Something that is measured, with what it must answer and what the hardware would allow.
struct Benchmark {
  var name: String
  /// What one run does: so many of these.
  var items: Int
  var unit: String
  /// Bytes that a run cannot do without touching; 0 where that is no measure of it.
  var bytes = 0
  /// Does it once. Throws when the answer is wrong.
  var run: () throws -> Void

  struct WrongAnswer: Error, CustomStringConvertible { var description: String }

  static func check(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw WrongAnswer(description: what()) }
  }
}

/// How long a benchmark took.
struct Measurement {
  /// Nanoseconds of CPU, the median of the runs and the least.
  var median: Double
  var least: Double

  /// Runs for a third of a second, five times at least. The first run warms up.
  init(_ benchmark: Benchmark) throws {
    try benchmark.run()
    var times: [Double] = []
    var sum = 0.0
    while times.count < 5 || (sum < 3e8 && times.count < 1000) {
      let before = Self.now()
      try benchmark.run()
      times.append(Self.now() - before)
      sum += times[times.count - 1]
    }
    times.sort()
    median = times[times.count / 2]
    least = times[0]
  }

  /// The process' CPU time, nanoseconds.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  /// Bytes that a core sums up in a nanosecond, from memory.
  static func bandwidth() -> Double {
    let values = [Double](repeating: 1, count: 8 << 20)
    var best = 0.0
    for _ in 0..<5 {
      let before = now()
      var sums = SIMD8<Double>(repeating: 0)
      values.withUnsafeBytes { bytes in
        for place in stride(from: 0, to: bytes.count, by: 64) {
          sums += bytes.loadUnaligned(fromByteOffset: place, as: SIMD8<Double>.self)
        }
      }
      precondition(sums.sum() == Double(values.count))
      best = max(best, Double(values.count * 8) / (now() - before))
    }
    return best
  }
}
