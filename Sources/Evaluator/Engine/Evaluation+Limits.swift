import PromQL
import TimeSeries

/// Memory and samples that are held.
struct Holding {
  var bytes = 0
  var samples = 0
}

extension Evaluation {
  /// Asks for bytes before they are allocated.
  func hold(_ bytes: Int) throws(EvaluationError) {
    do { try memory.take(bytes) } catch { throw .tooMuchMemory(error) }
  }

  /// The same for `count` things of some bytes each, beside others; both from outside.
  func hold(_ bytes: Int = 0, plus each: Int = 0, times count: Int) throws(EvaluationError) {
    let (unit, base) = each == 0 ? (bytes, 0) : (each, bytes)
    let (product, overflow) = unit.multipliedReportingOverflow(by: max(0, count))
    let (sum, overflows) = product.addingReportingOverflow(base)
    try hold(overflow || overflows ? .max : sum)
  }

  /// Gives back what was asked for.
  func release(_ bytes: Int) { memory.giveBack(bytes) }

  /// Counts samples that stay in memory; throws beyond the limit.
  func charge(_ samples: Int) throws(EvaluationError) {
    let (sum, overflow) = heldSamples.addingReportingOverflow(samples)
    if overflow || sum > options.maximumSamples { throw .tooManySamples }
    heldSamples = sum
    try checkCancellation()
  }

  /// Takes a row in that stays in memory.
  func charge(_ row: Row) throws(EvaluationError) {
    try hold(row.bytes)
    try charge(row.sampleWeight)
  }

  /// Counts samples and asks for bytes that outlive the stretch of a subquery that is being evaluated.
  func keep(_ holding: Holding) throws(EvaluationError) {
    try hold(holding.bytes)
    try charge(holding.samples)
    surviving.bytes += holding.bytes
    surviving.samples += holding.samples
  }

  func checkCancellation() throws(EvaluationError) { try cancellation?.check(.evaluation) }

  func append(_ key: RowKey, _ row: Row, to table: inout RowTable) throws(EvaluationError) {
    try charge(row)
    table.append(key, row)
  }
}

extension Row {
  /// What a row of floats takes, about.
  static func bytes(steps: Int) -> Int { 8 * steps + Presence.bytes(count: steps) + 160 }

  /// What the row takes, about.
  var bytes: Int {
    let base = Self.bytes(steps: steps)
    return histograms.isEmpty ? base : histograms.histograms.reduce(base) { $0 + $1.heldBytes }
  }

  /// How many samples it has, as Prometheus counts them.
  var sampleWeight: Int {
    let floats = presence.population
    return histograms.isEmpty ? floats : histograms.histograms.reduce(floats) { $0 + $1.sampleWeight }
  }
}

extension Presence {
  /// What the presence at so many steps takes, about.
  static func bytes(count: Int) -> Int { count / 8 + 56 }
}

extension NativeHistogram {
  /// Its memory in Prometheus, with its time, in samples of 16 bytes (promql-evaluation.md §9).
  var sampleWeight: Int {
    let spans = [positive, negative].reduce(0) { count, side in
      count + zip(side, side.dropFirst()).count { $1.index != $0.index + 1 } + (side.isEmpty ? 0 : 1)
    }
    return (176 + 8 * (spans + positive.count + negative.count + customBounds.count)) / 16
  }

  /// Its memory here, with its step.
  var heldBytes: Int {
    MemoryLayout<NativeHistogram>.stride + 8 + 96
      + MemoryLayout<Bucket>.stride * (positive.count + negative.count) + 8 * customBounds.count
  }
}
