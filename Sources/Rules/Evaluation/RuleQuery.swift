public import Evaluator
public import TimeSeries

/// Why a rule could not be evaluated, in Prometheus' words.
public struct RuleFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// As Prometheus shows it as the rule's last error.
  public var message: String

  public init(_ message: String) { self.message = message }

  public var description: String { message }
}

/// Asks what rules ask: the samples of an expression at one time.
public struct RuleQuery: Sendable {
  private let engine: QueryEngine
  private let guarding: @Sendable (Cancellation) -> Void

  /// - Parameter guarding: is handed a flag before each query; who has a clock raises it when the
  ///   query takes too long.
  public init(engine: QueryEngine, guarding: @escaping @Sendable (Cancellation) -> Void = { _ in }) {
    self.engine = engine
    self.guarding = guarding
  }

  /// The vector that an expression has at a time; a scalar is one sample without labels. Throws for
  /// other types and for whatever the engine refuses.
  public func samples(
    of text: [UInt8], at time: Int64, over source: StoreSnapshot
  ) throws(RuleFailure) -> [VectorSample] {
    let cancellation = Cancellation()
    guarding(cancellation)
    let result: QueryResult
    do {
      result = try engine.instant(text, at: time, over: source, cancellation: cancellation)
    } catch { throw RuleFailure(error.description) }
    switch result.value {
    case .vector(_, let samples): return samples
    case .scalar(_, let value): return [VectorSample(labels: .none, value: .float(value))]
    case .string, .matrix: throw RuleFailure("rule result is not a vector or scalar")
    }
  }
}
