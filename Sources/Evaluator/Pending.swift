import PromQL
import TimeSeries

extension NativeHistogram {
  struct Merge { var histogram: NativeHistogram; var collided: Bool; var reconciled: Bool }
  enum Skew { case resultIsNaN, skewedHigher }
  func multiplied(by: Double) -> NativeHistogram { self }
  func divided(by: Double) -> NativeHistogram { self }
  func compacted() -> NativeHistogram { self }
  func adding(_ o: NativeHistogram) -> Merge? { nil }
  func subtracting(_ o: NativeHistogram) -> Merge? { nil }
  func trimmed(keepingBelow: Double) -> NativeHistogram { self }
  func trimmed(keepingAbove: Double) -> NativeHistogram { self }
  func quantile(_ p: Double) -> (Double, Skew?) { (0, nil) }
  func fraction(_ a: Double, _ b: Double) -> (Double, Bool) { (0, false) }
  var description: String { "" }
}
extension HistogramReading { func value(of h: NativeHistogram) -> Double { 0 } }
struct HistogramFold {
  init(averages: Bool) {}
  var isEmpty: Bool { true }
  mutating func add(_ h: HistogramColumn, name: () -> String, site: SourceRange, notes: Notes) {}
  func finish(into: inout Row, site: SourceRange, notes: Notes) {}
}
struct MixedWindows {
  init(_ s: Samples, bounds: WindowBounds, ends: [Int64], key: RowKey, reduction: WindowReduction) {}
  func apply(into: inout Row) {}
}
struct SmoothedRows: RowSource {
  let keys: [RowKey]
  init(_ s: any Selected, _ l: WindowLocator, keys: [RowKey], notes: Notes) { self.keys = keys }
  var mayHoldHistograms: Bool { true }
  func read(_ row: Int, into tile: inout Row) {}
}
extension MatrixSeries {
  mutating func takeExtended(_ s: Samples, _ w: Range<Int>, plan: WindowsPlan, end: Int64) throws(EvaluationError) {}
}
enum InfoRows {
  static func open(_ s: any RowSource, _ i: InfoPlan, _ d: any Selected, evaluation: Evaluation, grid: Grid) throws(EvaluationError) -> any RowSource { s }
}
#if PENDING_PARSER
#endif
public struct LanguageFeatures: Sendable { public static let all = LanguageFeatures() }
public struct LoweringError: Error, Sendable {}
public struct Expression {}
public struct ParseFailure: Error { var diagnostics: [Diagnostic] }
enum PromQLParser { static func parse(_ t: [UInt8], features: LanguageFeatures) -> Result<Expression, ParseFailure> { fatalError() } }
enum Lowering { static func plan(_ e: Expression, in: QueryContext) throws(LoweringError) -> Plan { fatalError() } }
