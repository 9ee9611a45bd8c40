/// The figures of docs/sequential.md, from simulated rollouts.
package enum SequentialFigures {
  /// One row: traffic, what it is judged with, and what a reader reads.
  package struct Row: Sendable {
    package var traffic: SimulatedTraffic
    package var settings: SequentialSettings
    package var words: String
    package var leavesPodsOut = true
    /// Rows of a table stand together.
    package var table: Table
  }

  package enum Table: String, Sendable, CaseIterable {
    case errors = "Errors"
    case latency = "Latency: five bounds from 0.1 s to 2.5 s, r0 = 1, `p99 ≤ 0.5 s` for the threshold"
    case alarms = "False alarms: the same on both sides, 0.5 %, 100 requests/s"
    case pods = "Canary pods told apart: errors of 0.5 % at the primary, 100 requests/s"
  }

  private static func named(_ pods: Int) -> String { pods == 1 ? "1 pod" : "\(pods) pods" }

  private static func row(
    _ table: Table, _ words: String, tolerance: Double = 1, overdispersion: Double = 1,
    leavesPodsOut: Bool = true, _ change: (inout SimulatedTraffic) -> Void
  ) -> Row {
    var traffic = SimulatedTraffic()
    change(&traffic)
    let settings = try? SequentialSettings(tolerance: tolerance, overdispersion: overdispersion)
    return Row(
      traffic: traffic, settings: settings ?? .standard, words: words, leavesPodsOut: leavesPodsOut,
      table: table)
  }

  package static let rows: [Row] =
    errors + latency + alarms
    + [1, 2, 3, 10].flatMap { pods in
      [
        row(.pods, "\(named(pods)), same, r0 1.25", tolerance: 1.25) { $0.pods = pods },
        row(.pods, "\(named(pods)), ×2, r0 1") {
          $0.pods = pods
          $0.ratio = 2
        },
        row(.pods, "\(named(pods)), ×2, r0 1.25", tolerance: 1.25) {
          $0.pods = pods
          $0.ratio = 2
        },
        row(.pods, "\(named(pods)), ×4, r0 1.25", tolerance: 1.25) {
          $0.pods = pods
          $0.ratio = 4
        },
      ]
    }
    + [5.0, 20].flatMap { factor in
      [true, false].map { leavesOut in
        row(
          .pods, "10 pods, one with ×\(Int(factor)), r0 1.25" + (leavesOut ? "" : ", pods not left out"),
          tolerance: 1.25, leavesPodsOut: leavesOut
        ) {
          $0.pods = 10
          $0.badPod = factor
        }
      }
    }

  private static let errors = [
    row(.errors, "0.5 %, same, 100/s, r0 1") { _ in },
    row(.errors, "0.5 %, same, 100/s, r0 1.25", tolerance: 1.25) { _ in },
    row(.errors, "0.5 %, same, 10/s, r0 1") { $0.requestsPerSecond = 10 },
    row(.errors, "0.5 %, ×2, 100/s, r0 1") { $0.ratio = 2 },
    row(.errors, "0.5 %, ×2, 100/s, r0 1.25", tolerance: 1.25) { $0.ratio = 2 },
    row(.errors, "0.5 %, ×4, 100/s, r0 1") { $0.ratio = 4 },
    row(.errors, "0.5 %, ×4, 10/s, r0 1") {
      $0.ratio = 4
      $0.requestsPerSecond = 10
    },
    row(.errors, "0.05 %, ×10, 100/s, r0 1") {
      $0.primaryRate = 0.0005
      $0.ratio = 10
    },
    row(.errors, "both 5 % in minutes 2 to 6, same, 100/s, r0 1") { $0.outage = 2...6 },
    row(.errors, "0.5 %, ×1.2, 1,000/s, r0 1.25", tolerance: 1.25) {
      $0.ratio = 1.2
      $0.requestsPerSecond = 1000
    },
    row(.errors, "0.5 %, same, bursts of φ = 5, 100/s, r0 1, φ taken as 1") { $0.overdispersion = 5 },
    row(.errors, "0.5 %, same, bursts of φ = 5, 100/s, r0 1, φ = 5", overdispersion: 5) {
      $0.overdispersion = 5
    },
    row(.errors, "0.5 %, ×4, bursts of φ = 5, 100/s, r0 1, φ = 5", overdispersion: 5) {
      $0.overdispersion = 5
      $0.ratio = 4
    },
  ]

  /// φ of bursts as a recording of 300 minutes would give it, not as they were made.
  package static let calibratedBursts: Double = {
    var bursts = SimulatedTraffic()
    bursts.overdispersion = 5
    return calibrated(bursts, splits: 100, ticks: 300, seed: 7) ?? 1
  }()

  private static let alarms = [1, 1.25].flatMap { tolerance in
    let named = "r0 \(tolerance == 1 ? "1" : "1.25")"
    let phi = (calibratedBursts * 100).rounded() / 100
    return [
      row(.alarms, "independent requests, \(named)", tolerance: tolerance) { _ in },
      row(
        .alarms, "bursts of φ = 5, φ calibrated to \(phi), \(named)", tolerance: tolerance,
        overdispersion: calibratedBursts
      ) { $0.overdispersion = 5 },
      row(.alarms, "one bad node (×20) among ten pods, \(named)", tolerance: tolerance) {
        $0.pods = 10
        $0.badPod = 20
      },
    ]
  }

  private static let latency = [100.0, 10].flatMap { requests in
    let traffic = "\(Int(requests))/s"
    return [
      latencyRow("same, \(traffic)", requests) { _ in },
      latencyRow("30 % slower, \(traffic)", requests) { $0.factor = 1.3 },
      latencyRow("0.5 % of the requests at 1.5 s, \(traffic)", requests) { $0.tail = 0.005 },
    ]
  }

  private static func latencyRow(
    _ words: String, _ requests: Double, _ change: (inout SimulatedTraffic.Latency) -> Void
  ) -> Row {
    var latency = SimulatedTraffic.Latency()
    change(&latency)
    return row(.latency, words) {
      $0.latency = latency
      $0.requestsPerSecond = requests
    }
  }

  /// φ of a traffic: splits of so many ticks at even shares, and what to judge with.
  package static func calibrated(
    _ traffic: SimulatedTraffic, splits: Int, ticks: Int, seed: UInt64
  ) -> Double? {
    let values = (0..<splits).compactMap { number in
      var random = SeededNumbers(seed: seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
      var split = Overdispersion()
      for tick in 0..<ticks {
        let counts = traffic.counts(at: tick, weight: 50, &random)[0]
        split.add(counts.canary, counts.primary)
      }
      return split.value
    }
    return Overdispersion.calibrated(values)
  }

  /// The tables as Markdown. `simulate` answers for a row; whoever calls may divide rollouts among threads.
  package static func markdown(_ simulate: (Row) -> SimulatedRollouts) -> String {
    let heads = [
      "worse", "not worse", "undecided", "at tick", "failed requests", "fixed threshold, same weights",
      "fixed threshold that keeps the weight",
    ]
    return Table.allCases.map { table in
      cells([table.rawValue] + heads) + cells(Array(repeating: "---", count: heads.count + 1))
        + rows.filter { $0.table == table }.map { line($0, simulate($0)) }.joined()
    }.joined(separator: "\n")
  }

  private static func cells(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }

  private static func line(_ row: Row, _ sums: SimulatedRollouts) -> String {
    let all = Double(max(1, sums.count))
    func share(_ count: Int) -> String { "\((Double(count) / all * 1000).rounded() / 10) %" }
    let (worse, notWorse) = (sums.worse.reduce(0, +), sums.notWorse.reduce(0, +))
    // The commoner verdict's, unless it is a rarity.
    let isTold = Double(max(worse, notWorse)) >= all / 100
    let median = isTold ? SimulatedRollouts.median(worse > notWorse ? sums.worse : sums.notWorse) : nil
    let mean = (sums.failedUntilWorse / Double(max(1, worse))).rounded()
    let failed = isTold && worse > notWorse ? "\(Int(mean))" : ""
    func words(_ threshold: SimulatedRollouts.Threshold) -> String {
      let back = threshold.rolledBack.reduce(0, +)
      guard let tick = SimulatedRollouts.median(threshold.rolledBack) else { return "0 %" }
      return share(back) + " at \(tick), \(Int((threshold.failed / Double(back)).rounded())) failed"
    }
    return cells([
      row.words, share(worse), share(notWorse), share(sums.undecided), median.map { "\($0)" } ?? "", failed,
      words(sums.threshold), words(sums.halting),
    ])
  }
}
