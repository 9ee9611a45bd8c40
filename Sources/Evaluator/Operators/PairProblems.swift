import PromQL
import TimeSeries

/// What can be wrong with two samples that meet in a binary operator.
enum PairProblem: Hashable {
  /// I4.
  case incompatible(SamplePairs.Kind, SamplePairs.Kind)
  /// W10.
  case bucketLayout
  /// W12.
  case conflictingResets
  /// I10.
  case reconciledBounds
}

/// The problems that a binary operator met: of each step, Prometheus keeps the last one
/// (promql-evaluation.md §6.2).
final class PairProblems {
  private let operation: BinaryOperation
  private let site: SourceRange
  private let steps: Int
  /// Of each step; empty as long as there is no problem.
  private var last: [(pair: Int, problem: PairProblem)?] = []

  init(_ operation: BinaryOperation, site: SourceRange, steps: Int) {
    self.operation = operation
    self.site = site
    self.steps = steps
  }

  func note(_ problem: PairProblem, at place: SamplePairs.Place) {
    if last.isEmpty { last = [(pair: Int, problem: PairProblem)?](repeating: nil, count: steps) }
    // Pairs are read in any order.
    if let known = last[place.step], known.pair > place.pair { return }
    last[place.step] = (place.pair, problem)
  }

  func report(to notes: Notes) {
    var told: Set<PairProblem> = []
    for case let (_, problem)? in last where told.insert(problem).inserted {
      let noun = operation.name == "-" ? "subtraction" : "addition"
      switch problem {
      case .incompatible(let left, let right):
        notes.add(
          .incompatibleTypes, GoText.quoted(operation.name), left.rawValue, operation.name, right.rawValue,
          at: site)
      case .bucketLayout: notes.add(.bucketLayout, operation.name, at: site)
      case .conflictingResets: notes.add(.conflictingResets, noun, at: site)
      case .reconciledBounds: notes.add(.reconciledBounds, noun, at: site)
      }
    }
  }
}
