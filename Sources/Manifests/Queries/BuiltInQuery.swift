/// One of the queries that Flagger brings along: its template, and how its number is meant
/// (flagger.md §3.2, §3.3).
public struct BuiltInQuery: Sendable, Hashable {
  public var metric: BuiltInMetric
  public var observer: Observer
  /// A Go text/template, rendered by the same engine as everybody's.
  public var template: String
  public var answer: Answer

  /// What the query's number means, and what is done to it before it is compared.
  public enum Answer: Sendable, Hashable {
    /// Percent of requests, 0 to 100, compared as it is.
    case percent
    /// A time, cut to whole milliseconds towards zero before it is compared.
    case duration(unit: DurationUnit, statistic: DurationStatistic)
  }

  /// The unit of the number that the query yields.
  public enum DurationUnit: Sendable, Hashable {
    case milliseconds
    /// Multiplied by 1000 after the query.
    case seconds

    /// What to multiply the number with to have milliseconds.
    public var millisecondsPerUnit: Double {
      switch self {
      case .milliseconds: 1
      case .seconds: 1000
      }
    }
  }

  public enum DurationStatistic: Sendable, Hashable {
    case average
    case percentile99
  }

  public init(_ metric: BuiltInMetric, of observer: Observer) {
    self.metric = metric
    self.observer = observer
    let row = observer.queries
    switch metric {
    case .requestSuccessRate:
      template = row.successRate
      answer = .percent
    case .requestDuration:
      template = row.duration
      answer = .duration(unit: row.unit, statistic: row.statistic)
    }
  }

  /// The values to render it with: Skipper's observer first replaces whatever is no letter of ASCII,
  /// digit or underscore in all names.
  public func values(_ values: TemplateValues) -> TemplateValues {
    guard observer == .skipper else { return values }
    var mangled = values
    mangled.name = Self.word(values.name)
    mangled.namespace = Self.word(values.namespace)
    mangled.target = Self.word(values.target)
    mangled.service = Self.word(values.service)
    mangled.ingress = Self.word(values.ingress)
    return mangled
  }

  private static func word(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "0"..."9", "A"..."Z", "a"..."z", "_": result.unicodeScalars.append(scalar)
      default: result += "_"
      }
    }
    return result
  }
}
