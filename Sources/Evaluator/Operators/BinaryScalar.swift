import PromQL
import TimeSeries

/// What a binary operator does with two samples.
enum BinaryOperation {
  case arithmetic(ArithmeticOperator)
  case comparison(ComparisonOperator, returnsBool: Bool)
  case trim(TrimOperator)

  var name: String {
    switch self {
    case .arithmetic(let operation): operation.rawValue
    case .comparison(let operation, _): operation.rawValue
    case .trim(let operation): operation.rawValue
    }
  }

  var isArithmetic: Bool { if case .arithmetic = self { true } else { false } }

  /// Whether the result has lost its name for good, or at the end.
  var computesNewValue: Bool {
    switch self {
    case .arithmetic: true
    case .comparison(_, let returnsBool): returnsBool
    case .trim: false
    }
  }
}

/// A vector and a scalar (promql-evaluation.md §6.4).
struct BinaryScalarRows: RowSource {
  let source: any RowSource
  let keys: RowKeys
  let operation: BinaryOperation
  let scalar: ScalarColumn
  let scalarSide: Side
  let pairs: SamplePairs

  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(row, into: &tile)
    if !tile.histograms.isEmpty {
      var results: [(Int, SamplePairs.Outcome)] = []
      for (step, histogram) in zip(tile.histograms.steps, tile.histograms.histograms) {
        let vector = SamplePairs.Sample.histogram(histogram)
        let number = SamplePairs.Sample.float(scalar[step])
        let outcome =
          scalarSide == .right
          ? pairs.combine(operation, vector, number) : pairs.combine(operation, number, vector)
        results.append((step, outcome))
      }
      floats(&tile)
      tile.histograms.removeAll()
      for (step, outcome) in results { outcome.store(in: &tile, at: step) }
      return
    }
    floats(&tile)
  }

  private func floats(_ tile: inout Row) {
    switch operation {
    case .arithmetic(let operation):
      PointKernels.arithmetic(operation, &tile.values, scalar, scalarSide: scalarSide)
    case .comparison(let comparison, let returnsBool):
      let holds = { [scalar, scalarSide] (step: Int, value: Double) in
        scalarSide == .right
          ? Arithmetic.holds(comparison, value, scalar[step])
          : Arithmetic.holds(comparison, scalar[step], value)
      }
      if returnsBool {
        for step in 0..<tile.steps { tile.values[step] = holds(step, tile.values[step]) ? 1 : 0 }
      } else {
        let values = tile.values
        tile.presence.filter { holds($0, values[$0]) }
      }
    case .trim(let trim):
      if !tile.presence.isEmpty { pairs.noteIncompatible(trim.rawValue, .float, .float) }
      tile.presence.clear()
    }
  }
}

/// Two samples of which at least one is a native histogram (promql-evaluation.md §6.2).
struct SamplePairs {
  let notes: Notes
  /// The whole binary expression.
  let site: SourceRange

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
  func noteIncompatible(_ operation: String, _ left: Kind, _ right: Kind) {
    notes.add(
      .incompatibleTypes, GoText.quoted(operation), left.rawValue, operation, right.rawValue, at: site)
  }

  func combine(_ operation: BinaryOperation, _ left: Sample, _ right: Sample) -> Outcome {
    switch (left, right) {
    case (.float(let a), .float(let b)): floats(operation, a, b)
    case (.histogram(let a), .float(let b)): histogramAndFloat(operation, a, b)
    case (.float(let a), .histogram(let b)): floatAndHistogram(operation, a, b)
    case (.histogram(let a), .histogram(let b)): histograms(operation, a, b)
    }
  }

  private func floats(_ operation: BinaryOperation, _ a: Double, _ b: Double) -> Outcome {
    switch operation {
    case .arithmetic(let operation): return .float(Arithmetic.compute(operation, a, b))
    case .comparison(let comparison, let returnsBool):
      let holds = Arithmetic.holds(comparison, a, b)
      return returnsBool ? .float(holds ? 1 : 0) : holds ? .float(a) : .filtered
    case .trim(let trim):
      noteIncompatible(trim.rawValue, .float, .float)
      return .failed
    }
  }

  private func histogramAndFloat(
    _ operation: BinaryOperation, _ a: NativeHistogram, _ b: Double
  ) -> Outcome {
    switch operation {
    case .arithmetic(.multiply): return .histogram(a.multiplied(by: b).compacted())
    case .arithmetic(.divide): return .histogram(a.divided(by: b).compacted())
    case .trim(.upper): return .histogram(a.trimmed(keepingBelow: b))
    case .trim(.lower): return .histogram(a.trimmed(keepingAbove: b))
    case .arithmetic, .comparison:
      noteIncompatible(operation.name, .histogram, .float)
      return .failed
    }
  }

  private func floatAndHistogram(
    _ operation: BinaryOperation, _ a: Double, _ b: NativeHistogram
  ) -> Outcome {
    if case .arithmetic(.multiply) = operation {
      return .histogram(b.multiplied(by: a).compacted())
    }
    noteIncompatible(operation.name, .float, .histogram)
    return .failed
  }

  private func histograms(
    _ operation: BinaryOperation, _ a: NativeHistogram, _ b: NativeHistogram
  ) -> Outcome {
    switch operation {
    case .arithmetic(.add): return merged(a.adding(b), "+", "addition")
    case .arithmetic(.subtract): return merged(a.subtracting(b), "-", "subtraction")
    case .comparison(.equal, let returnsBool):
      return compared(a, a.isExactlyEqual(to: b), returnsBool)
    case .comparison(.notEqual, let returnsBool):
      return compared(a, !a.isExactlyEqual(to: b), returnsBool)
    case .arithmetic, .comparison, .trim:
      noteIncompatible(operation.name, .histogram, .histogram)
      return .failed
    }
  }

  private func compared(_ a: NativeHistogram, _ holds: Bool, _ returnsBool: Bool) -> Outcome {
    returnsBool ? .float(holds ? 1 : 0) : holds ? .histogram(a) : .filtered
  }

  private func merged(
    _ result: NativeHistogram.Merge?, _ operation: String, _ noun: String
  ) -> Outcome {
    guard let result else {
      notes.add(.bucketLayout, operation, at: site)
      return .failed
    }
    if result.collided {
      notes.add(.conflictingResets, noun, at: site)
      return .failed
    }
    if result.reconciled {
      notes.add(.reconciledBounds, noun, at: site)
    }
    var histogram = result.histogram
    if operation == "-" { histogram.hint = .gauge }
    return .histogram(histogram.compacted())
  }
}
