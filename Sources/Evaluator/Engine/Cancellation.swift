import Synchronization

/// A flag that ends an evaluation from outside. The evaluator knows no clock: whoever has one raises
/// the flag. Checked at every node and every few rows.
public final class Cancellation: Sendable {
  public enum Reason: Int, Sendable { case timedOut = 1, canceled = 2 }

  private let raised = Atomic<Int>(0)

  public init() {}

  /// Ends the evaluation soon; the first reason stays.
  public func raise(_ reason: Reason) {
    _ = raised.compareExchange(expected: 0, desired: reason.rawValue, ordering: .relaxed)
  }

  /// Why the evaluation has to end; nil while it may go on.
  public var reason: Reason? { Reason(rawValue: raised.load(ordering: .relaxed)) }

  func check(_ phase: EvaluationError.Phase) throws(EvaluationError) {
    switch reason {
    case nil: break
    case .timedOut: throw .timedOut(phase)
    case .canceled: throw .canceled(phase)
    }
  }
}
