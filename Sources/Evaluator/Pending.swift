import PromQL
import TimeSeries

extension NativeHistogram {
  enum Skew { case resultIsNaN, skewedHigher }
  func trimmed(keepingBelow: Double) -> NativeHistogram { self }
  func trimmed(keepingAbove: Double) -> NativeHistogram { self }
  func quantile(_ p: Double) -> (Double, Skew?) { (0, nil) }
  func fraction(_ a: Double, _ b: Double) -> (Double, Bool) { (0, false) }
  var standardVariance: Double { 0 }
  func showsReset(after: NativeHistogram) -> Bool { false }
}
#if PENDING_PARSER
#endif
public struct LanguageFeatures: Sendable { public static let all = LanguageFeatures() }
public struct LoweringError: Error, Sendable {}
public struct Expression {}
public struct ParseFailure: Error { var diagnostics: [Diagnostic] }
enum PromQLParser { static func parse(_ t: [UInt8], features: LanguageFeatures) -> Result<Expression, ParseFailure> { fatalError() } }
enum Lowering { static func plan(_ e: Expression, in: QueryContext) throws(LoweringError) -> Plan { fatalError() } }
