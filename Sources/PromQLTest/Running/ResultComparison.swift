import Evaluator
import PromQL
import TimeSeries

/// Compares an answer with an expectation (promqltest.md §6).
struct ResultComparison {
  /// How far floats may differ, relative to their size.
  static let tolerance = 1e-6

  /// What differs: a sentence, and the series side by side.
  struct Mismatch {
    var problem: String
    var rows: [Failure.Row] = []
  }

  typealias Value = VectorSample.Value

  /// A series as both sides are brought to for the comparison.
  struct Series {
    var labels: Labels
    var floats: [(time: Int64, value: Double)] = []
    var histograms: [(time: Int64, value: NativeHistogram)] = []
    /// One for each of `histograms`: the expectation states the hint.
    var statesHint: [Bool] = []
  }

  let expectation: Expectation

  /// Compares the answer to an instant query, or to a range query over a grid.
  func mismatch(_ value: QueryValue, mode: ScriptEvaluation.Mode) -> Mismatch? {
    switch value {
    case .scalar(_, let scalar): compare(scalar: scalar)
    case .string(_, let text): compare(string: text)
    case .vector(let time, let samples): compare(vector: samples, at: time)
    case .matrix(let series): compare(matrix: series, mode: mode)
    }
  }

  // MARK: Scalars and strings

  func compare(scalar: Double) -> Mismatch? {
    guard case .scalar(let expected) = expectation.answer else {
      return Mismatch(
        problem: "expected \(expectation.answer.form), got a scalar",
        rows: [.init(series: "scalar", expected: nil, got: GoText.plain(scalar), agrees: false)])
    }
    if expected.isAlmostEqual(to: scalar, tolerance: Self.tolerance) { return nil }
    return Mismatch(
      problem: "the scalar differs",
      rows: [
        .init(
          series: "scalar", expected: ValueText.float(expected), got: ValueText.float(scalar),
          agrees: false)
      ])
  }

  private func compare(string: String) -> Mismatch? {
    guard case .string(let expected) = expectation.answer else {
      return Mismatch(problem: "expected \(expectation.answer.form), got a string")
    }
    if expected.utf8.elementsEqual(string.utf8) { return nil }
    return Mismatch(
      problem: "the string differs",
      rows: [
        .init(
          series: "string", expected: GoText.quoted(expected), got: GoText.quoted(string),
          agrees: false)
      ])
  }

  // MARK: Vectors

  /// Compares samples at one time, in the order given.
  func compare(vector samples: [VectorSample], at time: Int64) -> Mismatch? {
    guard case .series(let lines) = expectation.answer else {
      return Mismatch(
        problem: "expected \(expectation.answer.form), got an instant vector",
        rows: samples.map { sample in
          Failure.Row(
            series: sample.labels.description, expected: nil,
            got: ValueText.text(Series(sample, at: time)), agrees: false)
        })
    }
    let expected = lines.map { Series($0) { _ in time } }
    if let mismatch = compare(expected, samples.map { Series($0, at: time) }) { return mismatch }
    guard expectation.isOrdered else { return nil }
    let order = lines.sorted { $0.position < $1.position }.map(\.labels)
    if order == samples.map(\.labels) { return nil }
    return Mismatch(
      problem: "the order differs",
      rows: zip(order, samples).enumerated().map { index, pair in
        Failure.Row(
          series: "\(index + 1)", expected: pair.0.description, got: pair.1.labels.description,
          agrees: pair.0 == pair.1.labels)
      })
  }

  // MARK: Matrices

  private func compare(matrix: [MatrixSeries], mode: ScriptEvaluation.Mode) -> Mismatch? {
    let grid: Grid
    let lines: [ExpectedSeries]
    switch (expectation.answer, mode) {
    case (.series(let series), .range(let steps)): (grid, lines) = (steps, series)
    case (.rangeVector(let steps, let series), .instant): (grid, lines) = (steps, series)
    default:
      return Mismatch(
        problem: "expected \(expectation.answer.form), got a range vector",
        rows: matrix.map { series in
          Failure.Row(
            series: series.labels.description, expected: nil, got: ValueText.text(Series(series)),
            agrees: false)
        })
    }
    if let problem = Self.orderProblem(matrix) { return Mismatch(problem: problem) }
    for line in lines where line.values.count > grid.count {
      return Mismatch(
        problem: "expected \(line.values.count) points for \(line.labels), but the range has only "
          + "\(grid.count) steps")
    }
    return compare(lines.map { Series($0, time: grid.time) }, matrix.map { Series($0) })
  }

  /// Says which series of a matrix stands before one that sorts lower.
  static func orderProblem(_ matrix: [MatrixSeries]) -> String? {
    for (first, second) in zip(matrix, matrix.dropFirst()) where second.labels < first.labels {
      return "the result is not sorted by labels: \(second.labels) comes after \(first.labels)"
    }
    return nil
  }

  // MARK: Series

  private func compare(_ expected: [Series], _ got: [Series]) -> Mismatch? {
    var rows: [Failure.Row] = []
    var found: [Labels: Series] = [:]
    for series in got {
      if found.updateValue(series, forKey: series.labels) != nil {
        return Mismatch(problem: "the result has \(series.labels) twice")
      }
    }
    var problem: String?
    for line in expected {
      let other = found.removeValue(forKey: line.labels)
      let agrees = other.map { Self.agree(line, $0) } ?? false
      if !agrees, problem == nil {
        problem =
          other == nil
          ? "\(line.labels) is missing in the result" : "\(line.labels) has other values"
      }
      rows.append(
        Failure.Row(
          series: line.labels.description, expected: ValueText.text(line),
          got: other.map { ValueText.text($0) }, agrees: agrees))
    }
    for series in got where found[series.labels] != nil {
      problem = problem ?? "\(series.labels) is not expected"
      rows.append(
        Failure.Row(
          series: series.labels.description, expected: nil, got: ValueText.text(series),
          agrees: false))
    }
    return problem.map { Mismatch(problem: $0, rows: rows) }
  }

  private static func agree(_ expected: Series, _ got: Series) -> Bool {
    guard expected.floats.count == got.floats.count,
      expected.histograms.count == got.histograms.count
    else { return false }
    for (left, right) in zip(expected.floats, got.floats) {
      guard left.time == right.time,
        left.value.isAlmostEqual(to: right.value, tolerance: tolerance)
      else { return false }
    }
    for (index, (left, right)) in zip(expected.histograms, got.histograms).enumerated() {
      guard left.time == right.time,
        left.value.isAlmostEqual(to: right.value, tolerance: tolerance),
        !expected.statesHint[index] || left.value.hint == right.value.hint
      else { return false }
    }
    return true
  }
}

extension ResultComparison.Series {
  init(_ sample: VectorSample, at time: Int64) {
    labels = sample.labels
    switch sample.value {
    case .float(let value): floats = [(time, value)]
    case .histogram(let value): histograms = [(time, value)]
    }
  }

  init(_ series: MatrixSeries) {
    labels = series.labels
    floats = zip(series.timestamps, series.values).map { ($0, $1) }
    histograms = zip(series.histogramTimestamps, series.histograms).map { ($0, $1) }
  }

  /// An expected line; `time` gives the time of each position.
  init(_ line: ExpectedSeries, time: (Int) -> Int64) {
    labels = line.labels
    for (index, value) in line.values.enumerated() {
      switch value {
      case .omitted: break
      case .float(let value): floats.append((time(index), value))
      case .histogram(let value, let states):
        histograms.append((time(index), value))
        statesHint.append(states)
      }
    }
  }
}

extension Expectation.Answer {
  /// As messages name it.
  fileprivate var form: String {
    switch self {
    case .series(let series): series.isEmpty ? "an empty result" : "series"
    case .rangeVector: "a range vector"
    case .scalar: "a scalar"
    case .string: "a string"
    }
  }
}

/// Values as reports show them.
enum ValueText {
  static func float(_ value: Double) -> String {
    StaleMarker.isStale(value) ? "stale" : GoText.plain(value)
  }

  /// The points of a series in time order: `1 @60 2 @120`; a single point without its time.
  static func text(_ series: ResultComparison.Series) -> String {
    var points = series.floats.map { ($0.time, float($0.value)) }
    points += series.histograms.map { point in
      (point.time, point.value.compacted().testExpression ?? point.value.description)
    }
    points.sort { $0.0 < $1.0 }
    if points.count == 1 { return points[0].1 }
    return points.map { "\($0.1) @\(seconds($0.0))" }.joined(separator: " ")
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    GoText.plain(Double(milliseconds) / 1000)
  }
}
