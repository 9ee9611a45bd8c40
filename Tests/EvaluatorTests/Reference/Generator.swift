import PromQL
import TimeSeries

/// A small generator of pseudo-random numbers (SplitMix64): the same seed, the same case.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: choices.indices, using: &self)]
  }
}

/// Random series, from tame to hostile.
enum SeriesGenerator {
  /// Appends the samples that a store takes.
  static func load(_ series: ReferenceEvaluator.Series, into store: Store) {
    for (time, value) in series.samples {
      let stored: StoredSample.Value =
        switch value {
        case .float(let number): .float(number)
        case .histogram(let histogram): .histogram(histogram)
        case .stale: .float(StaleMarker.value)
        }
      try? store.append(series.labels, StoredSample(timestamp: time, stored))
    }
  }

  static let names = ["m0", "m1_total", "m2", "h_bucket"]

  static func series(_ random: inout Seeded) -> [ReferenceEvaluator.Series] {
    var all: [Labels: ReferenceEvaluator.Series] = [:]
    let isHostile = random.chance(30)
    // Sums of histograms need groups without floats.
    let holdsHistogramsOnly = random.chance(12)
    for _ in 0..<Int.random(in: 1...9, using: &random) {
      let name = random.pick(names + ["m0", "m0"])
      var pairs = [(name: LabelName.metric, value: name)]
      for label in ["a", "b"] where random.chance(70) {
        pairs.append((label, random.pick(["x", "y", "z1"])))
      }
      if name == "h_bucket" { pairs.append(("le", random.pick(["0.1", "1", "5", "+Inf", "bad"]))) }
      let labels = Labels(pairs)
      all[labels] = ReferenceEvaluator.Series(
        labels: labels, samples: samples(&random, isHostile, holdsHistogramsOnly))
    }
    return Array(all.values)
  }

  private static func samples(
    _ random: inout Seeded, _ isHostile: Bool, _ holdsHistogramsOnly: Bool
  ) -> [(time: Int64, value: ReferenceEvaluator.Sample)] {
    let interval = random.pick([10_000, 15_000, 30_000, 60_000, 299_000, 300_000, 301_000] as [Int64])
    let jitters = random.chance(30)
    let kind =
      holdsHistogramsOnly ? 6 : random.pick(isHostile ? [0, 2, 4, 4, 4, 4, 4, 4, 5, 6, 7] : [0, 1, 2, 3, 6])
    var time = Int64.random(in: -2...2, using: &random) * interval
    if random.chance(20) { time += Int64.random(in: 0..<interval, using: &random) }
    var value = random.pick([0, 1, 100, 0x1p53])
    var samples: [(time: Int64, value: ReferenceEvaluator.Sample)] = []
    for _ in 0..<Int.random(in: 1...40, using: &random) {
      let roll = Int.random(in: 0..<100, using: &random)
      if roll < 6 {
        // A gap.
      } else if roll < 9 {
        samples.append((time, .stale))
      } else {
        samples.append((time, sample(&random, kind, &value)))
      }
      time += interval + (jitters ? Int64.random(in: -interval / 3...interval / 3, using: &random) : 0)
    }
    return samples
  }

  private static func sample(
    _ random: inout Seeded, _ kind: Int, _ value: inout Double
  ) -> ReferenceEvaluator.Sample {
    switch kind {
    case 0, 1:
      // A counter, with resets.
      value = random.chance(6) ? 0 : value + Double(Int.random(in: 0...20, using: &random))
      return .float(value)
    case 2: return .float(Double(Int.random(in: -50...50, using: &random)) / 4)
    case 3: return .float(Double.random(in: 0...1, using: &random))
    case 4:
      return .float(
        random.pick([.nan, .infinity, -.infinity, 0, -0.0, 1, .leastNonzeroMagnitude, 1e308, -1e308, 0x1p53]))
    case 5: return .float(random.pick([0, 1e16, 1, -1e16, 0.1]))
    case 6: return .histogram(histogram(&random, &value))
    default: return random.chance(80) ? .histogram(histogram(&random, &value)) : .float(value)
    }
  }

  private static func histogram(_ random: inout Seeded, _ value: inout Double) -> NativeHistogram {
    var histogram = NativeHistogram()
    if random.chance(5) { value = 0 }
    value = (value > 1e6 ? 0 : value) + Double(Int.random(in: 0...3, using: &random))
    if random.chance(8) {
      histogram.schema = -53
      histogram.customBounds = random.pick([[1, 2, 5], [1, 5]])
      histogram.positive = [.init(index: 0, count: value), .init(index: 1, count: 2 * value)]
      histogram.count = 3 * value
    } else {
      histogram.schema = random.pick([0, 0, 0, 1, 2])
      histogram.zeroThreshold = 0.001
      histogram.zeroCount = value
      // Some lists are dense, others have holes, so that lists of different schemas interleave.
      let indexes =
        random.chance(50) ? Array(1...3) : (-4...9).filter { _ in random.chance(35) }
      histogram.positive = indexes.map { .init(index: Int32($0), count: value + Double(abs($0))) }
      if random.chance(30) { histogram.negative = [.init(index: 1, count: value)] }
      histogram.count =
        histogram.zeroCount + (histogram.positive + histogram.negative).reduce(0) { $0 + $1.count }
    }
    histogram.sum = value * 1.5
    if random.chance(10) { histogram.hint = .gauge }
    return histogram
  }
}

/// Random queries that pass the checks of types.
struct QueryGenerator {
  var random: Seeded

  init(seed: UInt64) { random = Seeded(seed) }

  /// What the reference knows.
  private static let functions = Function.allCases.filter { function in
    switch function.facts.family {
    case .startTimestamp, .histogramQuantiles, .info: false
    default: true
    }
  }

  mutating func query() -> String {
    random.chance(85) ? expression(.instantVector, 3) : expression(.scalar, 3)
  }

  mutating func expression(_ type: ValueType, _ depth: Int) -> String {
    switch type {
    case .string: return "\"\(random.pick(["a", "b", "x", "$1", "(.*)", "z(.)", "__name__", "new"]))\""
    case .rangeVector: return range(depth)
    case .scalar: return scalar(depth)
    case .instantVector: return vector(depth)
    }
  }

  private mutating func number() -> String {
    random.pick(["0", "1", "2", "0.5", "-1", "10", "0.9", "1.5", "NaN", "Inf", "-Inf", "3"])
  }

  private mutating func scalar(_ depth: Int) -> String {
    if depth <= 0 || random.chance(40) { return random.chance(70) ? number() : "time()" }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return call(returning: .scalar, depth)
    case 1: return "scalar(\(vector(depth - 1)))"
    case 2:
      let operation = random.pick(["+", "-", "*", "/", "%", "^", "atan2"])
      return "(\(scalar(depth - 1)) \(operation) \(scalar(depth - 1)))"
    default:
      let operation = random.pick(["==", "!=", "<", ">", "<=", ">="])
      return "(\(scalar(depth - 1)) \(operation) bool \(scalar(depth - 1)))"
    }
  }

  private mutating func selector() -> String {
    var matchers: [String] = []
    if random.chance(30) {
      let operation = random.pick(["=", "!=", "=~", "!~"])
      let value =
        operation.contains("~")
        ? random.pick(["x|y", ".*", "z.+", "[xy]", ""]) : random.pick(["x", "y", ""])
      matchers.append("\(random.pick(["a", "b"]))\(operation)\"\(value)\"")
    }
    if random.chance(15) {
      matchers.append("__name__=~\"\(random.pick(["m.*", "m0|m2", "h_bucket"]))\"")
      return "{\(matchers.joined(separator: ","))}"
    }
    let name = random.pick(SeriesGenerator.names)
    return matchers.isEmpty ? name : "\(name){\(matchers.joined(separator: ","))}"
  }

  private mutating func modifiers() -> String {
    var text = ""
    if random.chance(12) { text += " offset \(random.pick(["1m", "-1m", "5m", "30s"]))" }
    if random.chance(10) { text += " @ \(random.pick(["0", "120", "start()", "end()", "600"]))" }
    return text
  }

  private mutating func range(_ depth: Int) -> String {
    if depth <= 1 || random.chance(65) {
      return "\(selector())[\(random.pick(["30s", "1m", "2m", "5m", "10m", "301s"]))]\(modifiers())"
    }
    let step = random.pick(["", "30s", "1m", "45s"])
    return "(\(vector(depth - 1)))[\(random.pick(["2m", "5m", "90s"])):\(step)]\(modifiers())"
  }

  private mutating func vector(_ depth: Int) -> String {
    if depth <= 0 || random.chance(20) { return selector() + modifiers() }
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4: return call(returning: .instantVector, depth)
    case 4..<6: return aggregation(depth)
    case 6: return "(\(vector(depth - 1)) \(operatorWithScalar()) \(scalar(depth - 1)))"
    case 7: return "(\(scalar(depth - 1)) \(operatorWithScalar()) \(vector(depth - 1)))"
    case 8: return "(\(vector(depth - 1)) \(binary()) \(vector(depth - 1)))"
    default: return "-\(vector(depth - 1))"
    }
  }

  private mutating func operatorWithScalar() -> String {
    random.pick([
      "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", ">", "<=", ">=", "> bool", "== bool",
    ])
  }

  private mutating func binary() -> String {
    let operation = random.pick(
      ["+", "-", "*", "/", "==", "!=", "<", ">", "> bool", "and", "or", "unless", "or", "and"])
    var text = operation
    if random.chance(60) {
      text += random.pick([
        " on ()", " on (a)", " on (a, b)", " ignoring (a)", " ignoring (b)", " ignoring (a, b, le)",
        " on (a, __name__)",
      ])
      if !["and", "or", "unless"].contains(operation) {
        if random.chance(35) {
          text += random.pick([" group_left ()", " group_right ()", " group_left (b)", " group_right (b)"])
        }
        if random.chance(15) { text += random.pick([" fill (0)", " fill_left (1)", " fill_right (2)"]) }
      }
    }
    // A label in `on` must not be copied as well.
    return text.contains("on (a, b) group") ? text.replacing("(b)", with: "(le)") : text
  }

  private mutating func aggregation(_ depth: Int) -> String {
    let operation = random.pick(AggregationOperator.allCases)
    let grouping = random.pick([
      "", "", " by (a)", " by (a, b)", " by (le)", " without (a)", " without (le, b)", " by (__name__)",
    ])
    let parameter: String =
      switch operation.facts.parameter {
      case nil: ""
      case .string: "\"v\", "
      case .scalar, .instantVector, .rangeVector:
        operation == .limitRatio
          ? random.pick(["0.5, ", "-0.3, ", "1, "])
          : operation == .quantile
            ? random.pick(["0.5, ", "0.9, ", "2, ", "0, "]) : random.pick(["1, ", "2, ", "0, ", "5, "])
      }
    // `count_values` shows all digits: of samples as they are, not of results that are rounded.
    let argument = operation == .countValues ? selector() + modifiers() : vector(depth - 1)
    return "\(operation.rawValue)\(grouping) (\(parameter)\(argument))"
  }

  private mutating func call(returning type: ValueType, _ depth: Int) -> String {
    let function = random.pick(Self.functions.filter { $0.facts.result == type })
    let facts = function.facts
    switch facts.family {
    case .labelReplace:
      let texts = [
        random.pick(["a", "new", "__name__"]), random.pick(["$1", "k", "", "m0"]),
        random.pick(["a", "b"]), random.pick(["(.*)", "z(.)", "x"]),
      ].map { "\"\($0)\"" }
      return "label_replace(\(vector(depth - 1)), \(texts.joined(separator: ", ")))"
    case .labelJoin:
      return
        "label_join(\(vector(depth - 1)), \"\(random.pick(["a", "new", "__name__"]))\", \"-\", \"a\", \"b\")"
    case .sortByLabel: return "\(function.rawValue)(\(vector(depth - 1)), \"a\")"
    default: break
    }
    let count = Int.random(in: facts.minimum...(facts.maximum ?? facts.minimum), using: &random)
    let arguments = (0..<count).map { index in
      let parameter = facts.parameters[min(index, facts.parameters.count - 1)]
      if parameter == .scalar, random.chance(80) {
        return random.pick(["0.1", "0.5", "0.9", "1", "2", "60"])
      }
      return expression(parameter, depth - 1)
    }
    return "\(function.rawValue)(\(arguments.joined(separator: ", ")))"
  }
}
