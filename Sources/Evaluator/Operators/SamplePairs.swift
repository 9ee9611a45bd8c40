import PromQL
import TimeSeries

/// Two samples of which at least one is a native histogram (promql-evaluation.md §6.2).
struct SamplePairs {
  let operation: BinaryOperation
  private let problems: PairProblems

  /// `site`: the whole binary expression. `steps`: of the node's grid.
  init(_ operation: BinaryOperation, site: SourceRange, steps: Int, notes: Notes) {
    self.operation = operation
    problems = PairProblems(operation, site: site, steps: steps)
    notes.add(problems)
  }

  /// Which pair of the node is combined at which step.
  struct Place {
    /// Pairs of a step are combined in this order.
    var pair: Int
    var step: Int
  }

  enum Sample {
    case float(Double)
    case histogram(NativeHistogram)
  }

  enum Kind: String { case float, histogram }

  enum Outcome {
    /// The pair cannot be computed and counts as not matched.
    case failed
    /// Matched, and filtered out by a comparison.
    case filtered
    case float(Double)
    case histogram(NativeHistogram)

    var isMatched: Bool { if case .failed = self { false } else { true } }

    func store(in tile: inout Row, at step: Int) {
      switch self {
      case .failed, .filtered: break
      case .float(let value): tile.set(step, value)
      case .histogram(let histogram): tile.histograms.append(step, histogram)
      }
    }
  }

  /// I4.
  func noteIncompatible(_ left: Kind, _ right: Kind, at place: Place) {
    problems.note(.incompatible(left, right), at: place)
  }

  func combine(_ left: Sample, _ right: Sample, at place: Place) -> Outcome {
    let (outcome, problem) = combined(left, right)
    if let problem { problems.note(problem, at: place) }
    return outcome
  }

  private func combined(_ left: Sample, _ right: Sample) -> (Outcome, PairProblem?) {
    switch (left, right) {
    case (.float(let a), .float(let b)): floats(a, b)
    case (.histogram(let a), .float(let b)): histogramAndFloat(a, b)
    case (.float(let a), .histogram(let b)): floatAndHistogram(a, b)
    case (.histogram(let a), .histogram(let b)): histograms(a, b)
    }
  }

  private func floats(_ a: Double, _ b: Double) -> (Outcome, PairProblem?) {
    switch operation {
    case .arithmetic(let operation): return (.float(Arithmetic.compute(operation, a, b)), nil)
    case .comparison(let comparison, let returnsBool):
      let holds = Arithmetic.holds(comparison, a, b)
      return (returnsBool ? .float(holds ? 1 : 0) : holds ? .float(a) : .filtered, nil)
    case .trim: return (.failed, .incompatible(.float, .float))
    }
  }

  private func histogramAndFloat(_ a: NativeHistogram, _ b: Double) -> (Outcome, PairProblem?) {
    switch operation {
    case .arithmetic(.multiply): (.histogram(a.multiplied(by: b).compacted()), nil)
    case .arithmetic(.divide): (.histogram(a.divided(by: b).compacted()), nil)
    case .trim(.upper): (.histogram(a.trimmed(keepingBelow: b)), nil)
    case .trim(.lower): (.histogram(a.trimmed(keepingAbove: b)), nil)
    case .arithmetic, .comparison: (.failed, .incompatible(.histogram, .float))
    }
  }

  private func floatAndHistogram(_ a: Double, _ b: NativeHistogram) -> (Outcome, PairProblem?) {
    if case .arithmetic(.multiply) = operation { return (.histogram(b.multiplied(by: a).compacted()), nil) }
    return (.failed, .incompatible(.float, .histogram))
  }

  private func histograms(_ a: NativeHistogram, _ b: NativeHistogram) -> (Outcome, PairProblem?) {
    switch operation {
    case .arithmetic(.add): return merged(a.adding(b), isDifference: false)
    case .arithmetic(.subtract): return merged(a.subtracting(b), isDifference: true)
    case .comparison(.equal, let returnsBool):
      return (compared(a, a.isExactlyEqual(to: b), returnsBool), nil)
    case .comparison(.notEqual, let returnsBool):
      return (compared(a, !a.isExactlyEqual(to: b), returnsBool), nil)
    case .arithmetic, .comparison, .trim: return (.failed, .incompatible(.histogram, .histogram))
    }
  }

  private func compared(_ a: NativeHistogram, _ holds: Bool, _ returnsBool: Bool) -> Outcome {
    returnsBool ? .float(holds ? 1 : 0) : holds ? .histogram(a) : .filtered
  }

  private func merged(_ result: NativeHistogram.Merge?, isDifference: Bool) -> (Outcome, PairProblem?) {
    guard let result else { return (.failed, .bucketLayout) }
    if result.collided { return (.failed, .conflictingResets) }
    var histogram = result.histogram
    if isDifference { histogram.hint = .gauge }
    return (.histogram(histogram.compacted()), result.reconciled ? .reconciledBounds : nil)
  }
}
