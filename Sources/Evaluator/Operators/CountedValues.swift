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
          counts.add(naming.row(of: histogram.description), step)
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
  private let label: [UInt8]
  private let project: (Labels) -> Labels
  private var rowOfLabels: [Labels: Int] = [:]
  /// What members of a group have alike: the labels of a row but for the value.
  private var groups: [Labels: Int] = [:]
  private var rowOfValue: [Value: Int] = [:]
  private var member = Labels.none
  private var group = 0
  /// Values stay as they are from step to step, often.
  private var last: (value: Value, row: Int)?

  private struct Value: Hashable {
    var group: Int
    var bits: UInt64
  }

  init(label: [UInt8], _ grouping: AggregationPlan.Grouping) {
    self.label = label
    switch grouping {
    case .by(let names):
      let kept = LabelNames(names + [String(decoding: label, as: UTF8.self)])
      project = { $0.keeping(kept) }
    case .without(let names):
      let dropped = LabelNames(names + [LabelName.metric])
      project = { $0.dropping(dropped) }
    }
  }

  /// The most that one more value of a member can take, about.
  func mostBytes(_ labels: Labels) -> Int { 2 * (labels.bytes.count + label.count + Self.valueBytes) + 384 }

  /// The longest text of a float, about.
  private static let valueBytes = 32

  /// Goes on to another member.
  mutating func start(_ labels: Labels) {
    member = labels
    let rest = self.labels("")
    group = groups[rest] ?? groups.count
    if group == groups.count { groups[rest] = group }
  }

  @inline(__always)
  mutating func row(of number: Double) -> Int {
    let value = Value(group: group, bits: number.bitPattern)
    if let last, last.value == value { return last.row }
    let row = rowOfValue[value] ?? self.row(of: GoText.plain(number))
    rowOfValue[value] = row
    last = (value, row)
    return row
  }

  mutating func row(of text: String) -> Int {
    let labels = labels(text)
    if let row = rowOfLabels[labels] { return row }
    rowOfLabels[labels] = keys.count
    bytes += 2 * labels.bytes.count + 384
    keys.append(RowKey(labels))
    return keys.count - 1
  }

  private func labels(_ text: String) -> Labels {
    var builder = LabelsBuilder(member)
    builder.set(label, Array(text.utf8))
    return project(builder.labels())
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
