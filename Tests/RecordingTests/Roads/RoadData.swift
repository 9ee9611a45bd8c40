import TimeSeries

/// Series as several targets and some jobs of their own would bring them, for each road to carry.
struct RoadData {
  struct Series {
    var labels: Labels
    /// The target that is scraped for it; nil for samples with times of their own.
    var target: Int?
    var samples: [StoredSample]
  }

  /// In label order.
  var series: [Series] = []

  /// Milliseconds.
  static let start: Int64 = 1_700_000_000_000
  static let interval: Int64 = 15_000
  /// More than a block of the store, and two of Prometheus' chunks.
  static let rounds = 300
  static var end: Int64 { start + interval * Int64(rounds) }

  /// `isRich`: with exported NaNs and native histograms too, which not every road carries.
  init(isRich: Bool) {
    for target in 0..<4 { addTarget(target, isRich: isRich) }
    addIrregular(isRich: isRich)
    series = series.filter { !$0.samples.isEmpty }.sorted { $0.labels < $1.labels }
  }

  /// A number between 0 and 1 that looks like chance.
  private static func chance(_ seed: Int, _ round: Int) -> Double {
    var state = UInt64(seed &* 7919 &+ round) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 29
    state &*= 0xBF58_476D_1CE4_E5B9
    return Double(state >> 40) / Double(1 << 24)
  }

  private mutating func addTarget(_ target: Int, isRich: Bool) {
    let pod = ("pod", "pod-\(target)")
    let zone = ("zone", target % 2 == 0 ? "a" : "b")
    // The second comes late, the third ends, the fourth is missing for a while.
    func isThere(_ round: Int) -> Bool {
      switch target {
      case 1: round >= 90
      case 2: round <= 170
      case 3: !(100..<112).contains(round)
      default: true
      }
    }
    func add(_ name: String, _ labels: [(String, String)] = [], _ value: (Int) -> Double) {
      var samples: [StoredSample] = []
      for round in 0..<Self.rounds {
        let time = Self.start + Int64(round) * Self.interval + Int64(target) * 1300
        if isThere(round) {
          samples.append(StoredSample(timestamp: time, .float(value(round))))
        } else if round > 0, isThere(round - 1) {
          samples.append(StoredSample(timestamp: time, .float(StaleMarker.value)))
        }
      }
      series.append(
        Series(labels: Labels([("__name__", name), pod, zone] + labels), target: target, samples: samples))
    }
    for code in ["200", "500"] {
      var total = 0.0
      add("c", [("code", code)]) { round in
        // One of them begins anew.
        if round == 140, target == 0 { total = 0 }
        total += (Self.chance(target + (code == "200" ? 1 : 50), round) * 20).rounded(.down)
        return total
      }
    }
    add("g") { Self.chance(target + 9, $0) * 200 - 100 }
    add("few", [("job", "j")]) { Double($0 / 40 % 3) }
    for (bound, part) in [("0.1", 0.5), ("1", 0.8), ("+Inf", 1.0)] {
      add("h_bucket", [("le", bound)]) { (Double($0 * (3 + target)) * part).rounded() }
    }
    add("info", [("node", "n\(target % 3)")]) { _ in 1 }
    if isRich { add("nans") { $0 % 7 == 0 ? .nan : $0 % 11 == 0 ? .infinity : -Double($0) } }
  }

  private mutating func addIrregular(isRich: Bool) {
    var time = Self.start
    for number in 0..<3 {
      time = Self.start + Int64(number)
      var samples: [StoredSample] = []
      for round in 0..<200 {
        time += 3000 + Int64(Self.chance(77 + number, round) * 30_000)
        guard time < Self.end else { break }
        samples.append(StoredSample(timestamp: time, .float(Self.chance(5, round) * 10)))
      }
      series.append(
        Series(labels: Labels([("__name__", "own"), ("n", "\(number)")]), target: nil, samples: samples))
    }
    guard isRich else { return }
    for number in 0..<2 {
      let samples = (0..<250).map { round in
        var histogram = NativeHistogram()
        histogram.positive = [
          .init(index: 1, count: Double(round + 1)),
          .init(index: 4, count: Double(2 + round / 2 * (number + 1))),
        ]
        histogram.count = histogram.positive.reduce(0) { $0 + $1.count }
        histogram.sum = Double(round) * 1.5
        return StoredSample(timestamp: Self.start + Int64(round) * Self.interval + 7, .histogram(histogram))
      }
      series.append(
        Series(labels: Labels([("__name__", "native"), ("n", "\(number)")]), target: nil, samples: samples))
    }
  }
}

extension RoadData.Series {
  /// The samples in some rounds, decoded.
  func samples(_ range: Range<Int64>) -> Samples {
    var (times, values, stale) = ([Int64](), [Double](), [Int]())
    var histograms = HistogramSamples()
    for sample in samples where range.contains(sample.timestamp) {
      switch sample.value {
      case .float(let value):
        if StaleMarker.isStale(value) { stale.append(values.count) }
        values.append(value)
      case .histogram(let histogram):
        histograms.positions.append(values.count)
        histograms.histograms.append(histogram)
        values.append(0)
      }
      times.append(sample.timestamp)
    }
    guard !times.isEmpty else { return .none }
    return Samples(
      timeline: Timeline(times), values: values, staleMarkers: stale,
      histograms: histograms.positions.isEmpty ? nil : histograms)
  }
}
