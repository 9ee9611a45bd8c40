import PromQL
import TimeSeries

/// `count_values`: a row for each value of a group, and at each step how many members have it
/// (promql-evaluation.md §5.7).
///
/// Values may be as many as samples are: a row takes what its samples do, not what its steps would.
final class CountedValues: RowSource {
  let keys: RowKeys
  private let counts: StepCounts

  var mayHoldHistograms: Bool { false }
  /// One row for each set of labels.
  var hasDistinctRows: Bool { true }

  /// Reads all rows of the source. Throws for a label that cannot be one, and when there are too many
  /// samples.
  init(
    of source: any RowSource, label: [UInt8], _ grouping: AggregationPlan.Grouping, _ grid: Grid,
    _ evaluation: Evaluation
  ) throws(EvaluationError) {
    guard LabelName.isValid(label) else { throw .invalidLabelName(label) }
    var naming = ValueNaming(label: label, grouping)
    var counts = StepCounts()
    var member = Row(steps: grid.count)
    var held = 0
    /// Asks for what settling takes, and gives it back.
    func settle() throws(EvaluationError) {
      let working = counts.workingBytes
      try evaluation.hold(working)
      try evaluation.charge(counts.settle(naming.keys.count, steps: grid.count))
      evaluation.release(working)
    }
    for row in source.keys.indices {
      try evaluation.checkCancellation()
      // Each step of the member may bring a value of its own.
      let most = naming.mostBytes(source.keys[row].labels) + StepCounts.bytesOfOne
      try evaluation.hold(plus: most, times: grid.count)
      try source.read(row, into: &member)
      naming.start(source.keys[row].labels)
      for step in 0..<grid.count {
        if member.presence[step] {
          counts.add(naming.row(of: member.values[step]), step)
        } else if let histogram = member.histograms[step] {
          counts.add(naming.row(of: histogram), step)
        }
      }
      evaluation.release(most * grid.count)
      if counts.isCrowded { try settle() }
      let bytes = naming.bytes + counts.bytes
      if bytes > held { try evaluation.hold(bytes - held) } else { evaluation.release(held - bytes) }
      held = bytes
    }
    try settle()
    keys = RowKeys(naming.keys)
    self.counts = counts
  }

  func read(_ row: Int, into tile: inout Row) {
    tile.clear()
    counts.forEachStep(of: row) { tile.set($0, Double($1)) }
  }
}

/// Which row stands for a value of a member.
private struct ValueNaming {
  private(set) var keys: [RowKey] = []
  /// What rows and their names take, about.
  private(set) var bytes = 0
  private let label: String
  private let project: (Labels) -> Labels
  /// Whether the grouping leaves the label that is set: else a group has one row.
  private let keepsLabel: Bool
  /// The labels of each group but for the value, and its number.
  private var groups: [Labels: Int] = [:]
  private var rest = Labels.none
  private var group = 0
  /// Two numbers with the same text are the same, NaNs apart; and no text of a histogram is one of a number.
  private var rowOfNumber: [Number: Int] = [:]
  private var rowOfHistogram: [Histogram: Int] = [:]
  /// Values stay as they are from step to step, often.
  private var last: (number: Number, row: Int)?

  private struct Number: Hashable {
    var group: Int
    var bits: UInt64
  }

  private struct Histogram: Hashable {
    var group: Int
    var text: String
  }

  init(label: [UInt8], _ grouping: AggregationPlan.Grouping) {
    let label = String(decoding: label, as: UTF8.self)
    self.label = label
    switch grouping {
    case .by(let names):
      let kept = LabelNames(names)
      project = { $0.keeping(kept) }
      keepsLabel = true
    case .without(let names):
      let dropped = LabelNames(names + [LabelName.metric])
      project = { $0.dropping(dropped) }
      keepsLabel = label != LabelName.metric && !names.contains(label)
    }
  }

  /// The most that one more value of a member can take, about.
  func mostBytes(_ labels: Labels) -> Int {
    2 * (labels.bytes.count + label.utf8.count + Self.valueBytes) + 384
  }

  /// The longest text of a float, about.
  private static let valueBytes = 32

  /// Goes on to another member.
  mutating func start(_ labels: Labels) {
    var builder = LabelsBuilder(labels)
    builder.set(label, "")
    rest = project(builder.labels())
    group = groups[rest] ?? groups.count
    if group == groups.count { groups[rest] = group }
  }

  @inline(__always)
  mutating func row(of value: Double) -> Int {
    let bits = !keepsLabel ? 0 : value.isNaN ? Double.nan.bitPattern : value.bitPattern
    let number = Number(group: group, bits: bits)
    if let last, last.number == number { return last.row }
    let row = rowOfNumber[number] ?? add(GoText.plain(value))
    rowOfNumber[number] = row
    last = (number, row)
    return row
  }

  mutating func row(of histogram: NativeHistogram) -> Int {
    if !keepsLabel { return row(of: 0) }
    let key = Histogram(group: group, text: histogram.description)
    let row = rowOfHistogram[key] ?? add(key.text)
    rowOfHistogram[key] = row
    return row
  }

  private mutating func add(_ text: String) -> Int {
    var labels = rest
    if keepsLabel {
      var builder = LabelsBuilder(rest)
      builder.set(label, text)
      labels = builder.labels()
    }
    bytes += 2 * labels.bytes.count + text.utf8.count + 384
    keys.append(RowKey(labels))
    return keys.count - 1
  }
}

/// How often something was counted at the steps of each row; only steps at which it was.
private struct StepCounts {
  /// Settled ones first: by row, each step of a row once.
  private var rows: [Int32] = []
  private var steps: [Int32] = []
  private var counts: [UInt32] = []
  /// Where the settled ones of each row begin, and where the last ones end.
  private var starts: [Int] = [0]
  private static let least = 1 << 20
  /// A count in arrays that may be half empty.
  static let bytesOfOne = 24

  /// What the counts take, about.
  var bytes: Int { Self.bytesOfOne * rows.count }
  /// What settling takes beside them.
  var workingBytes: Int { Self.bytesOfOne * rows.count + 4 * rows.count }

  private var settled: Int { starts[starts.count - 1] }

  mutating func add(_ row: Int, _ step: Int) {
    rows.append(Int32(row))
    steps.append(Int32(step))
    counts.append(1)
  }

  /// Whether settling may make it much smaller.
  var isCrowded: Bool { rows.count - settled > max(Self.least, settled) }

  /// Adds up what is at the same step of a row. Returns how many more steps of rows there are than before.
  /// O(counts + rows).
  mutating func settle(_ rowCount: Int, steps stepCount: Int) -> Int {
    let before = settled
    var next = [Int](repeating: 0, count: rowCount + 1)
    for row in rows { next[Int(row) + 1] += 1 }
    for row in 0..<rowCount { next[row + 1] += next[row] }
    let ends = next
    var order = [Int32](repeating: 0, count: rows.count)
    for (place, row) in rows.enumerated() {
      order[next[Int(row)]] = Int32(place)
      next[Int(row)] += 1
    }
    var merged = StepCounts()
    merged.starts = [0]
    merged.starts.reserveCapacity(rowCount + 1)
    var sums = [UInt32](repeating: 0, count: stepCount)
    for row in 0..<rowCount {
      let start = merged.steps.count
      for place in order[ends[row]..<ends[row + 1]] {
        let step = Int(steps[Int(place)])
        if sums[step] == 0 { merged.steps.append(Int32(step)) }
        sums[step] += counts[Int(place)]
      }
      for place in start..<merged.steps.count {
        let step = Int(merged.steps[place])
        merged.rows.append(Int32(row))
        merged.counts.append(sums[step])
        sums[step] = 0
      }
      merged.starts.append(merged.steps.count)
    }
    self = merged
    return settled - before
  }

  /// The steps of a settled row, in no order, with their counts.
  func forEachStep(of row: Int, _ body: (Int, UInt32) -> Void) {
    for place in starts[row]..<starts[row + 1] { body(Int(steps[place]), counts[place]) }
  }
}
