import Evaluator
import TimeSeries

/// Compares the samples of an expression with those of a unit test (config.md §11): exactly, or but for
/// the last bit; histograms by their notation, hints included.
struct SampleComparison {
  let isFuzzy: Bool

  /// Nil when both are the same multiset.
  func mismatch(_ expected: [UnitTest.Sample], _ got: [VectorSample]) -> ResultComparison.Mismatch? {
    var rest = got.sorted { $0.labels < $1.labels }
    var rows: [Failure.Row] = []
    var problem: String?
    for sample in expected.sorted(by: { $0.labels < $1.labels }) {
      let agreeing = rest.firstIndex {
        sample.canMatch && $0.labels == sample.labels && agrees(sample, $0.value)
      }
      let place = agreeing ?? rest.firstIndex { $0.labels == sample.labels }
      let other = place.map { rest.remove(at: $0) }
      if agreeing == nil, problem == nil {
        problem =
          !sample.canMatch
          ? "no series has labels as written for \(sample.labels): one without a value, or one twice"
          : other == nil
            ? "\(sample.labels) is missing in the result" : "\(sample.labels) has another value"
      }
      rows.append(
        Failure.Row(
          series: sample.labels.description, expected: Self.text(sample),
          got: other.map { Self.text($0.value) }, agrees: agreeing != nil))
    }
    for sample in rest {
      problem = problem ?? "\(sample.labels) is not expected"
      rows.append(
        Failure.Row(
          series: sample.labels.description, expected: nil, got: Self.text(sample.value),
          agrees: false))
    }
    return problem.map { ResultComparison.Mismatch(problem: $0, rows: rows) }
  }

  private func agrees(_ expected: UnitTest.Sample, _ got: VectorSample.Value) -> Bool {
    switch got {
    case .float(let value):
      guard expected.histogram == nil else { return false }
      return value == expected.value || (isFuzzy && Self.areNeighbours(value, expected.value))
    case .histogram(let histogram):
      guard let wanted = expected.histogram else { return false }
      return expected.value == 0 && Self.text(histogram) == Self.text(wanted)
    }
  }

  private static func areNeighbours(_ lhs: Double, _ rhs: Double) -> Bool {
    lhs.nextUp == rhs || lhs.nextDown == rhs
  }

  private static func text(_ histogram: NativeHistogram) -> String {
    histogram.compacted().testExpression ?? histogram.description
  }

  private static func text(_ sample: UnitTest.Sample) -> String {
    sample.histogram.map { text($0) } ?? ValueText.float(sample.value)
  }

  private static func text(_ value: VectorSample.Value) -> String {
    switch value {
    case .float(let number): ValueText.float(number)
    case .histogram(let histogram): text(histogram)
    }
  }
}
