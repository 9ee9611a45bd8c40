public import PromQL
import TimeSeries

/// Something that the evaluation noticed (promql.md §5). Data; `text` is Prometheus' wording.
public struct Annotation: Sendable, Hashable {
  public enum Level: String, Sendable, Hashable { case warning, info }

  /// What kind it is.
  public var code: AnnotationCode
  /// Prometheus' text without the prefix's place: `PromQL info: metric might not be a counter, …`,
  /// details of accumulated occurrences included.
  public var message: String
  /// The place in the query's text; only the start is shown.
  public var range: SourceRange

  public var level: Level { code.facts.level }

  public init(code: AnnotationCode, message: String, range: SourceRange) {
    self.code = code
    self.message = message
    self.range = range
  }

  /// The full rendering: the message and ` (line:column)` of the start of the range.
  public func rendered(in text: some Collection<UInt8>) -> String {
    guard !text.isEmpty else { return message }
    guard let place = SourcePlace(offset: range.start, in: text) else {
      return "\(message) (invalid position)"
    }
    return "\(message) (\(place))"
  }
}
