import PromQL
import TimeSeries

/// Classic and native histograms in one vector, a group at a time (promql-functions.md §3.10).
///
/// The rows of a classic histogram share their labels but `le`. A native histogram stands alone; its
/// row is that of the group with its labels, or, when it carries an `le` itself, a row of its own.
final class HistogramRows: RowSource {
  /// What is asked of each histogram, at a step.
  enum Question {
    case quantiles([ScalarColumn])
    case fraction(lower: ScalarColumn, upper: ScalarColumn)
  }

  private(set) var keys: RowKeys = []
  private let source: any RowSource
  private let question: Question
  /// The vector argument, where annotations point.
  private let site: SourceRange
  private let evaluation: Evaluation
  private let grid: Grid
  private var groups: [Group] = []
  /// Where each output row comes from.
  private var outputs: [Output] = []
  private var answers: [Int: [Row]] = [:]
  /// Memory that one group has after another: the rows of its buckets, those buckets at a step, its answer.
  private var bucketRows: [Row] = []
  private var present = ClassicBuckets()
  private var single: [Row]

  private struct Group {
    /// The rows with a valid bound, by ascending bound.
    var buckets: [(row: Int, bound: Double)] = []
    /// The rows whose labels are the group's own: native histograms.
    var natives: [Int] = []
    /// Rows whose `le` is missing or no number: floats among them are W3.
    var malformed: [Int] = []
    var labels: Labels
    /// How many output rows take their values from this group.
    var readers = 0
  }

  /// A group's answer to one of the questions.
  private struct Output {
    var group: Int
    var question: Int
    /// The steps at which the question is this one; nil: all.
    var steps: [Int]?
  }

  /// For `histogram_quantiles`: the label, and what each question writes into it. A quantile that varies is
  /// another value at other steps.
  struct QuantileLabel {
    struct Value {
      var question: Int
      var text: String
      /// Nil: all.
      var steps: [Int]?
    }

    let name: String
    private(set) var values: [Value] = []

    init(_ name: String, _ quantiles: [ScalarColumn], steps: Int) {
      self.name = name
      for (question, column) in quantiles.enumerated() {
        if case .constant(let value) = column {
          values.append(Value(question: question, text: GoText.openMetrics(value)))
          continue
        }
        // By bits: every NaN is one value.
        var stepsOf: [UInt64: [Int]] = [:]
        var order: [Double] = []
        for step in 0..<steps {
          let value = column[step].isNaN ? Double.nan : column[step]
          if stepsOf[value.bitPattern] == nil { order.append(value) }
          stepsOf[value.bitPattern, default: []].append(step)
        }
        for value in order {
          values.append(
            Value(
              question: question, text: GoText.openMetrics(value),
              steps: order.count == 1 ? nil : stepsOf[value.bitPattern]))
        }
      }
    }
  }

  init(
    _ source: any RowSource, _ question: Question, label: QuantileLabel?,
    site: SourceRange, evaluation: Evaluation, grid: Grid
  ) throws(EvaluationError) {
    self.source = source
    self.question = question
    self.site = site
    self.evaluation = evaluation
    self.grid = grid
    single = [Row(steps: grid.count)]
    try evaluation.hold(160, times: source.keys.count)
    gather()
    for index in groups.indices {
      let group = groups[index]
      let rows = group.buckets.map(\.row) + group.natives + group.malformed
      let drops = source.keys.dropsName(rows)
      guard let label else {
        add(group.labels, dropsName: drops, Output(group: index, question: 0))
        continue
      }
      for value in label.values {
        try evaluation.hold(group.labels.bytes.count + label.name.utf8.count + 320)
        var builder = LabelsBuilder(group.labels)
        builder.set(label.name, value.text)
        add(
          builder.labels(), dropsName: drops,
          Output(group: index, question: value.question, steps: value.steps))
      }
    }
  }

  private func add(_ labels: Labels, dropsName: Bool, _ output: Output) {
    keys.append(evaluation.key(labels, dropsName: dropsName, computes: true))
    outputs.append(output)
    groups[output.group].readers += 1
  }

  var mayHoldHistograms: Bool { false }

  private func gather() {
    let bound = Array(LabelName.upperBound.utf8)
    // Labels with an `le` and labels without one are never the same.
    var classic = ProjectedLabels(.dropping([LabelName.upperBound]))
    var groupOfClassic: [Int] = []
    var groupOfLabels: [Labels: Int] = [:]
    func group(of key: RowKey) -> Int {
      let index = classic.index(of: key)
      if index == groupOfClassic.count {
        groupOfClassic.append(groups.count)
        groups.append(Group(labels: classic.labels[index]))
      }
      return groupOfClassic[index]
    }
    func group(with labels: Labels) -> Int {
      if let found = groupOfLabels[labels] { return found }
      groupOfLabels[labels] = groups.count
      groups.append(Group(labels: labels))
      return groups.count - 1
    }
    for (row, key) in source.keys.enumerated() {
      let labels = key.labels
      let text = labels.valueRange(of: bound).map { labels.bytes[$0] }
      if let text, let value = try? GoNumber.float(text) {
        groups[group(of: key)].buckets.append((row, value))
        // A native histogram may carry an `le` as well: its answer needs a row with all labels.
        if source.mayHoldHistograms { groups[group(with: labels)].natives.append(row) }
      } else {
        let index = text == nil ? group(of: key) : group(with: labels)
        groups[index].malformed.append(row)
        groups[index].natives.append(row)
      }
    }
    for index in groups.indices { groups[index].buckets.sort { $0.bound < $1.bound } }
  }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    let output = outputs[row]
    let index = output.group
    groups[index].readers -= 1
    if answers[index] == nil, groups[index].readers == 0 {
      // Nobody else asks: the answer is made in the tile.
      swap(&tile, &single[0])
      defer { swap(&tile, &single[0]) }
      return try answer(index, into: &single)
    }
    if answers[index] == nil {
      let count = if case .quantiles(let phis) = question { phis.count } else { 1 }
      try evaluation.hold(Row.bytes(steps: grid.count), times: count)
      var rows = [Row](repeating: Row(steps: grid.count), count: count)
      try answer(index, into: &rows)
      answers[index] = rows
    }
    if let rows = answers[index] { take(rows[output.question], at: output.steps, into: &tile) }
    if groups[index].readers == 0, let rows = answers.removeValue(forKey: index) {
      evaluation.release(rows.count * Row.bytes(steps: grid.count))
    }
  }

  private func take(_ answer: Row, at steps: [Int]?, into tile: inout Row) {
    guard let steps else {
      tile = answer
      return
    }
    tile.clear()
    for step in steps where answer.presence[step] { tile.set(step, answer.values[step]) }
  }

  // MARK: One group

  /// Rows that two groups need: a row with an `le` is a bucket of one and maybe a native of another.
  private var shared: [Int: Row] = [:]

  private func read(_ row: Int, asShared tile: inout Row) throws(EvaluationError) {
    if let known = shared[row] {
      tile = known
      return
    }
    try source.read(row, into: &tile)
    if source.mayHoldHistograms {
      try evaluation.hold(tile.bytes)
      shared[row] = tile
    }
  }

  /// Reads rows over others, in their memory.
  private func read(_ rows: [Int], into tiles: inout [Row]) throws(EvaluationError) {
    if tiles.count < rows.count {
      try evaluation.hold(Row.bytes(steps: grid.count), times: rows.count - tiles.count)
    }
    while tiles.count < rows.count { tiles.append(Row(steps: grid.count)) }
    for (position, row) in rows.enumerated() { try read(row, asShared: &tiles[position]) }
  }

  /// Answers a group: one row for each question.
  private func answer(_ index: Int, into result: inout [Row]) throws(EvaluationError) {
    let group = groups[index]
    for number in result.indices { result[number].clear() }
    var buckets: [Row] = []
    swap(&buckets, &bucketRows)
    defer { swap(&buckets, &bucketRows) }
    try read(group.buckets.map(\.row), into: &buckets)
    var natives: [Row] = []
    try read(group.natives, into: &natives)
    defer { evaluation.release(natives.count * Row.bytes(steps: grid.count)) }
    noteMalformed(group, natives)
    let bounds = group.buckets.map(\.bound)
    for step in 0..<grid.count {
      present.removeAll()
      for position in bounds.indices where buckets[position].presence[step] {
        present.append(bound: bounds[position], count: buckets[position].values[step])
      }
      let native = natives.isEmpty ? nil : natives.lazy.compactMap { $0.histograms[step] }.first
      if present.isEmpty, native == nil { continue }
      if !present.isEmpty, native != nil {
        evaluation.notes.add(.mixedBuckets, metric: notedName(group), at: site)
        continue
      }
      if let native {
        answer(native, group, step, into: &result)
      } else {
        answer(&present, group, step, into: &result)
      }
    }
  }

  private func answer(
    _ classic: inout ClassicBuckets, _ group: Group, _ step: Int, into result: inout [Row]
  ) {
    switch question {
    case .quantiles(let phis):
      // A quantile outside [0, 1] needs no buckets.
      let isAsked = phis.contains { $0[step] >= 0 && $0[step] <= 1 }
      if isAsked, let forced = classic.forceMonotonicity() {
        let time = grid.time(step)
        evaluation.notes.informForced(
          ForcedMonotonicity(
            firstBucket: forced.first, lastBucket: forced.last,
            largestDifference: forced.largestDifference, firstTime: time, lastTime: time),
          metricName: evaluation.options.delaysNameRemoval ? group.labels.metricName : nil, at: site)
      }
      for (number, phi) in phis.enumerated() { result[number].set(step, classic.quantile(phi[step])) }
    case .fraction(let lower, let upper):
      result[0].set(step, classic.fraction(lower[step], upper[step]))
    }
  }

  private func answer(
    _ native: NativeHistogram, _ group: Group, _ step: Int, into result: inout [Row]
  ) {
    switch question {
    case .quantiles(let phis):
      for (number, phi) in phis.enumerated() {
        let estimate = native.quantile(phi[step])
        note(estimate.nanObservations, group)
        result[number].set(step, estimate.value)
      }
    case .fraction(let lower, let upper):
      let estimate = native.fraction(from: lower[step], to: upper[step])
      note(estimate.nanObservations, group)
      result[0].set(step, estimate.value)
    }
  }

  /// I7, I8, I9.
  private func note(_ effect: HistogramEstimate.NaNEffect?, _ group: Group) {
    let code: AnnotationCode
    switch effect {
    case nil: return
    case .resultIsNaN: code = .nanQuantile
    case .skewedHigher: code = .skewedQuantile
    case .excludedFromFractions: code = .nanFraction
    }
    evaluation.notes.add(code, metric: notedName(group), at: site)
  }

  /// W3: floats without a valid bound.
  private func noteMalformed(_ group: Group, _ natives: [Row]) {
    for row in group.malformed {
      guard let position = group.natives.firstIndex(of: row), !natives[position].presence.isEmpty else {
        continue
      }
      let text = source.keys[row].labels[LabelName.upperBound] ?? ""
      evaluation.notes.add(
        .bucketLabel, GoText.quoted(text), metric: notedName(group), at: site)
    }
  }

  private func notedName(_ group: Group) -> String? {
    evaluation.options.delaysNameRemoval ? group.labels.metricName : nil
  }
}
