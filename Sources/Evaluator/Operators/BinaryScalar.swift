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
        let place = SamplePairs.Place(pair: row, step: step)
        let outcome =
          scalarSide == .right
          ? pairs.combine(vector, number, at: place) : pairs.combine(number, vector, at: place)
        results.append((step, outcome))
      }
      floats(row, &tile)
      tile.histograms.removeAll()
      for (step, outcome) in results { outcome.store(in: &tile, at: step) }
      return
    }
    floats(row, &tile)
  }

  private func floats(_ row: Int, _ tile: inout Row) {
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
    case .trim:
      tile.presence.forEachStep { pairs.noteIncompatible(.float, .float, at: .init(pair: row, step: $0)) }
      tile.presence.clear()
    }
  }
}
