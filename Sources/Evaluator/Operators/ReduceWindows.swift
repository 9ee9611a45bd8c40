import PromQL
import TimeSeries

/// A function of windows: one output row for each row of the range vector.
final class WindowRows: RowSource {
  let keys: RowKeys
  let mayHoldHistograms: Bool
  let hasDistinctRows: Bool
  private let source: any WindowSource
  private let sourceKeys: RowKeys
  private let reduction: WindowReduction
  private let evaluation: Evaluation
  private var windows: FloatWindows

  init(_ source: any WindowSource, keys: RowKeys, _ reduction: WindowReduction, hasDistinctRows: Bool) {
    self.source = source
    self.keys = keys
    self.reduction = reduction
    evaluation = reduction.evaluation
    self.hasDistinctRows = hasDistinctRows
    sourceKeys = source.keys
    windows = FloatWindows(
      locator: source.locator, range: reduction.range, cancellation: reduction.evaluation.cancellation)
    mayHoldHistograms = source.mayHoldHistograms
  }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    tile.clear()
    try source.read(row, into: &windows.samples)
    guard windows.samples.count > 0 else { return }
    windows.locate()
    try reduction.apply(to: windows, sourceKeys, row, into: &tile)
    // The functions that take long leave off when they are told to.
    try evaluation.checkCancellation()
  }
}

/// What is done to each window, and what has to be known for it.
struct WindowReduction {
  let function: WindowFunction
  let arguments: [ScalarColumn]
  /// Where annotations about the arguments point.
  let argumentSites: [SourceRange]
  /// Where annotations about the range vector point.
  let site: SourceRange
  let grid: Grid
  /// The length of the window, milliseconds.
  let range: Int64
  let edges: SelectorPlan.Extension
  let evaluation: Evaluation
  /// Whether all series have a name as counters have.
  private let selectsCounter: Bool

  init(
    _ function: WindowFunction, _ arguments: [ScalarColumn], argumentSites: [SourceRange], plan: WindowsPlan,
    grid: Grid, evaluation: Evaluation
  ) {
    self.function = function
    self.arguments = arguments
    self.argumentSites = argumentSites
    self.grid = grid
    self.evaluation = evaluation
    site = plan.annotationSite
    range = plan.range
    edges = plan.edges
    selectsCounter =
      !evaluation.options.usesTypeAndUnitLabels && plan.metricName.map(Labels.isNamedLikeCounter) ?? false
  }

  /// Reduces the windows of a row.
  func apply(
    to windows: borrowing FloatWindows, _ keys: RowKeys, _ row: Int, into tile: inout Row
  ) throws(EvaluationError) {
    try checkArguments(windows)
    if windows.samples.areFloats, edges == .none {
      windows.apply(
        evaluation.options.mutation == .counterReset && function == .increase ? .delta : function,
        arguments, grid: grid, into: &tile)
    } else {
      let mixed = MixedWindows(
        windows.samples, bounds: windows.bounds, ends: windows.ends, key: keys[row], reduction: self)
      mixed.apply(into: &tile)
    }
    switch function {
    case .quantileOverTime:
      // Windows without floats are left before the quantile is looked at.
      tile.presence.forEachStep { evaluation.warnQuantile(arguments[0][$0], at: argumentSites[0]) }
    case .rate, .increase: if !selectsCounter, !tile.presence.isEmpty { noteSuspectCounter(keys[row].labels) }
    default: break
    }
  }

  /// Errors about arguments, raised only where some window holds a sample.
  private func checkArguments(_ windows: borrowing FloatWindows) throws(EvaluationError) {
    guard function == .doubleExponentialSmoothing else { return }
    for step in 0..<grid.count where !windows.bounds.window(step, in: windows.samples).isEmpty {
      let (smoothing, trend) = (arguments[0][step], arguments[1][step])
      if smoothing <= 0 || smoothing >= 1 { throw .invalidSmoothingFactor(smoothing) }
      if trend <= 0 || trend >= 1 { throw .invalidTrendFactor(trend) }
    }
  }

  /// I1 and I2: a rate of what may be no counter.
  private func noteSuspectCounter(_ labels: Labels) {
    if !evaluation.options.usesTypeAndUnitLabels, labels.nameEndsLikeCounter { return }
    if !evaluation.options.usesTypeAndUnitLabels,
      evaluation.notes.isRepeatedSuspect(labels.nameBytes, at: site)
    {
      return
    }
    guard let name = labels.metricName else { return }
    if evaluation.options.usesTypeAndUnitLabels {
      let type = labels[LabelName.type] ?? ""
      if type == "counter" || type == "histogram" { return }
      evaluation.notes.add(.suspectCounterType, GoText.quoted(type), GoText.quoted(name), at: site)
      return
    }
    evaluation.notes.add(.suspectCounter, GoText.quoted(name), at: site)
  }
}

extension Labels {
  private static let counterSuffixes = ["_total", "_sum", "_count", "_bucket"].map { Array($0.utf8) }
  private static let nameLabel = Array(LabelName.metric.utf8)

  fileprivate var nameBytes: ArraySlice<UInt8> {
    valueRange(of: Self.nameLabel).map { bytes[$0] } ?? []
  }

  /// Whether the metric's name ends as names of counters do.
  fileprivate var nameEndsLikeCounter: Bool { Self.endsLikeCounter(nameBytes) }

  fileprivate static func isNamedLikeCounter(_ name: String) -> Bool { endsLikeCounter(name.utf8) }

  private static func endsLikeCounter(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    counterSuffixes.contains { name.suffix($0.count).elementsEqual($0) }
  }
}
