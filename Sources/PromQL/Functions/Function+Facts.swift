/// All that is to be known of a function (promql-functions.md §1, promql-evaluation.md §4).
public struct FunctionFacts: Sendable, Hashable {
  /// The types of the arguments; the last one repeats where more are allowed.
  public var parameters: [ValueType]
  /// The least number of arguments.
  public var minimum: Int
  /// The greatest number of arguments; nil for no limit.
  public var maximum: Int?
  public var result: ValueType = .instantVector
  public var family: FunctionFamily
  /// Whether series keep their names.
  public var keepsName = false
  /// Whether the call may be evaluated once where its arguments do not depend on the step.
  public var isPinnable = true
  /// Whether Prometheus keeps it behind a switch.
  public var isExperimental = false
  /// The modifiers that a range vector argument may carry.
  public var edges: [SelectorPlan.Extension] = []
  /// What it yields, in a line.
  public var summary: String

  /// Whether the number of arguments is fixed.
  public var isFixed: Bool { minimum == maximum }

  /// The types as Prometheus lists them: one more than there have to be where there may be more.
  public var argumentTypes: [ValueType] {
    guard !isFixed, let last = parameters.last else { return parameters }
    return parameters + repeatElement(last, count: max(0, minimum + 1 - parameters.count))
  }

  /// A function of a fixed number of arguments.
  fileprivate init(_ family: FunctionFamily, _ parameters: ValueType..., summary: String) {
    self.family = family
    self.parameters = parameters
    minimum = parameters.count
    maximum = parameters.count
    self.summary = summary
  }

  fileprivate func taking(_ minimum: Int, upTo maximum: Int?) -> FunctionFacts {
    changed { ($0.minimum, $0.maximum) = (minimum, maximum) }
  }

  fileprivate func yielding(_ type: ValueType) -> FunctionFacts { changed { $0.result = type } }

  fileprivate func keepingName() -> FunctionFacts { changed { $0.keepsName = true } }

  fileprivate func unpinnable() -> FunctionFacts { changed { $0.isPinnable = false } }

  fileprivate func experimental() -> FunctionFacts { changed { $0.isExperimental = true } }

  fileprivate func allowing(_ edges: SelectorPlan.Extension...) -> FunctionFacts {
    changed { $0.edges = edges }
  }

  private func changed(_ change: (inout FunctionFacts) -> Void) -> FunctionFacts {
    var copy = self
    change(&copy)
    return copy
  }
}

extension Function {
  /// `rate(range-vector)`; what may be left out stands in brackets.
  public var signature: String {
    var arguments = facts.parameters.enumerated().map { index, type in
      let word = type.name.split(separator: " ").joined(separator: "-")
      return index >= facts.minimum ? "[\(word)]" : word
    }
    if facts.maximum == nil || facts.maximum ?? 0 > facts.parameters.count { arguments.append("…") }
    return "\(rawValue)(\(arguments.joined(separator: ", ")))"
  }

  /// The table of functions.
  public var facts: FunctionFacts {
    switch self {
    case .abs: FunctionFacts(.point(.abs), .instantVector, summary: "Absolute value")
    case .absent: FunctionFacts(.absent, .instantVector, summary: "1 when the vector is empty")
    case .absentOverTime:
      FunctionFacts(.absentOverTime, .rangeVector, summary: "1 when no series has a sample in the window")
    case .acos: FunctionFacts(.point(.acos), .instantVector, summary: "Arccosine in radians")
    case .acosh: FunctionFacts(.point(.acosh), .instantVector, summary: "Inverse hyperbolic cosine")
    case .asin: FunctionFacts(.point(.asin), .instantVector, summary: "Arcsine in radians")
    case .asinh: FunctionFacts(.point(.asinh), .instantVector, summary: "Inverse hyperbolic sine")
    case .atan: FunctionFacts(.point(.atan), .instantVector, summary: "Arctangent in radians")
    case .atanh: FunctionFacts(.point(.atanh), .instantVector, summary: "Inverse hyperbolic tangent")
    case .avgOverTime:
      FunctionFacts(.window(.avgOverTime), .rangeVector, summary: "Mean of the values in the window")
    case .ceil: FunctionFacts(.point(.ceil), .instantVector, summary: "Next integer above")
    case .changes:
      FunctionFacts(.window(.changes), .rangeVector, summary: "Number of times that the value changed")
        .allowing(.anchored)
    case .clamp:
      FunctionFacts(
        .bounded(.clamp), .instantVector, .scalar, .scalar,
        summary: "Value limited to a lower and an upper bound")

    case .clampMax:
      FunctionFacts(.bounded(.clampMax), .instantVector, .scalar, summary: "Value limited from above")
    case .clampMin:
      FunctionFacts(.bounded(.clampMin), .instantVector, .scalar, summary: "Value limited from below")
    case .cos: FunctionFacts(.point(.cos), .instantVector, summary: "Cosine of radians")
    case .cosh: FunctionFacts(.point(.cosh), .instantVector, summary: "Hyperbolic cosine")
    case .countOverTime:
      FunctionFacts(.window(.countOverTime), .rangeVector, summary: "Number of samples in the window")
    case .dayOfMonth:
      FunctionFacts(.date(.dayOfMonth), .instantVector, summary: "Day of the month")
        .taking(0, upTo: 1).unpinnable()
    case .dayOfWeek:
      FunctionFacts(.date(.dayOfWeek), .instantVector, summary: "Day of the week, Sunday is 0")
        .taking(0, upTo: 1).unpinnable()
    case .dayOfYear:
      FunctionFacts(.date(.dayOfYear), .instantVector, summary: "Day of the year")
        .taking(0, upTo: 1).unpinnable()
    case .daysInMonth:
      FunctionFacts(.date(.daysInMonth), .instantVector, summary: "Number of days of the month")
        .taking(0, upTo: 1).unpinnable()
    case .deg: FunctionFacts(.point(.deg), .instantVector, summary: "Degrees of radians")
    case .delta:
      FunctionFacts(.window(.delta), .rangeVector, summary: "Difference of a gauge over the window")
        .allowing(.anchored, .smoothed)
    case .deriv:
      FunctionFacts(.window(.deriv), .rangeVector, summary: "Slope per second by linear regression")
    case .doubleExponentialSmoothing:
      FunctionFacts(
        .window(.doubleExponentialSmoothing), .rangeVector, .scalar, .scalar,
        summary: "Value smoothed by Holt and Winters, with a smoothing and a trend factor"
      )
      .experimental()
    case .end:
      FunctionFacts(.query(.end), summary: "End of the query in seconds since the epoch")
        .yielding(.scalar).unpinnable().experimental()
    case .exp: FunctionFacts(.point(.exp), .instantVector, summary: "e to the power of the value")
    case .firstOverTime:
      FunctionFacts(.window(.firstOverTime), .rangeVector, summary: "Oldest sample in the window")
        .keepingName()
    case .floor: FunctionFacts(.point(.floor), .instantVector, summary: "Next integer below")
    case .histogramAvg:
      FunctionFacts(.reading(.avg), .instantVector, summary: "Mean of observations of native histograms")
    case .histogramCount:
      FunctionFacts(.reading(.count), .instantVector, summary: "Number of observations of native histograms")
    case .histogramFraction:
      FunctionFacts(
        .histogramFraction, .scalar, .scalar, .instantVector,
        summary: "Estimated share of observations between two bounds")

    case .histogramQuantile:
      FunctionFacts(
        .histogramQuantile, .scalar, .instantVector,
        summary: "φ-quantile of classic or native histograms")

    case .histogramQuantiles:
      FunctionFacts(
        .histogramQuantiles, .instantVector, .string, .scalar,
        summary: "Several quantiles of histograms at once, φ as a label"
      )
      .taking(3, upTo: 12).experimental()
    case .histogramStddev:
      FunctionFacts(
        .reading(.stddev), .instantVector,
        summary: "Estimated standard deviation of observations of native histograms")

    case .histogramStdvar:
      FunctionFacts(
        .reading(.stdvar), .instantVector,
        summary: "Estimated variance of observations of native histograms")

    case .histogramSum:
      FunctionFacts(.reading(.sum), .instantVector, summary: "Sum of observations of native histograms")
    case .hour:
      FunctionFacts(.date(.hour), .instantVector, summary: "Hour of the day").taking(0, upTo: 1).unpinnable()
    case .idelta: FunctionFacts(.window(.idelta), .rangeVector, summary: "Difference of the last two samples")
    case .increase:
      FunctionFacts(.window(.increase), .rangeVector, summary: "Increase of a counter over the window")
        .allowing(.anchored, .smoothed)
    case .info:
      FunctionFacts(.info, .instantVector, .instantVector, summary: "Labels of info metrics added")
        .taking(1, upTo: 2).keepingName().experimental()
    case .irate:
      FunctionFacts(
        .window(.irate), .rangeVector,
        summary: "Increase of a counter per second between its last two samples")

    case .labelJoin:
      FunctionFacts(
        .labelJoin, .instantVector, .string, .string, .string,
        summary: "Label set from other labels joined with a separator"
      )
      .taking(3, upTo: nil).keepingName()
    case .labelReplace:
      FunctionFacts(
        .labelReplace, .instantVector, .string, .string, .string, .string,
        summary: "Label set from the match of a pattern in another label"
      )
      .keepingName()
    case .lastOverTime:
      FunctionFacts(.window(.lastOverTime), .rangeVector, summary: "Newest sample in the window")
        .keepingName()
    case .ln: FunctionFacts(.point(.ln), .instantVector, summary: "Natural logarithm")
    case .log10: FunctionFacts(.point(.log10), .instantVector, summary: "Logarithm to base 10")
    case .log2: FunctionFacts(.point(.log2), .instantVector, summary: "Logarithm to base 2")
    case .madOverTime:
      FunctionFacts(
        .window(.madOverTime), .rangeVector,
        summary: "Median absolute deviation of the values in the window"
      )
      .experimental()
    case .maxOf:
      FunctionFacts(.larger, .scalar, .scalar, summary: "Larger of two scalars")
        .yielding(.scalar).experimental()
    case .maxOverTime:
      FunctionFacts(.window(.maxOverTime), .rangeVector, summary: "Largest value in the window")
    case .minOf:
      FunctionFacts(.smaller, .scalar, .scalar, summary: "Smaller of two scalars")
        .yielding(.scalar).experimental()
    case .minOverTime:
      FunctionFacts(.window(.minOverTime), .rangeVector, summary: "Smallest value in the window")
    case .minute:
      FunctionFacts(
        .date(.minute), .instantVector,
        summary: "Minute of the hour, of seconds since the epoch (UTC)"
      )
      .taking(0, upTo: 1).unpinnable()
    case .month:
      FunctionFacts(.date(.month), .instantVector, summary: "Month of the year")
        .taking(0, upTo: 1).unpinnable()
    case .pi: FunctionFacts(.pi, summary: "The number π").yielding(.scalar)
    case .predictLinear:
      FunctionFacts(
        .window(.predictLinear), .rangeVector, .scalar,
        summary: "Value in so many seconds by linear regression"
      )
      .unpinnable()
    case .presentOverTime:
      FunctionFacts(
        .window(.presentOverTime), .rangeVector,
        summary: "1 for every series with a sample in the window")

    case .quantileOverTime:
      FunctionFacts(
        .window(.quantileOverTime), .scalar, .rangeVector,
        summary: "φ-quantile of the values in the window")

    case .rad: FunctionFacts(.point(.rad), .instantVector, summary: "Radians of degrees")
    case .range:
      FunctionFacts(.query(.range), summary: "Seconds between start and end of the query")
        .yielding(.scalar).unpinnable().experimental()
    case .rate:
      FunctionFacts(.window(.rate), .rangeVector, summary: "Increase of a counter per second")
        .allowing(.anchored, .smoothed)
    case .resets:
      FunctionFacts(.window(.resets), .rangeVector, summary: "Number of times that a counter was reset")
        .allowing(.anchored)
    case .round:
      FunctionFacts(
        .bounded(.round), .instantVector, .scalar,
        summary: "Nearest multiple of the second argument, 1 by default"
      )
      .taking(1, upTo: 2)
    case .scalar:
      FunctionFacts(
        .scalar, .instantVector,
        summary: "Value of the only series, NaN when there is not exactly one"
      )
      .yielding(.scalar)
    case .sgn: FunctionFacts(.point(.sgn), .instantVector, summary: "1, 0 or -1 by the sign")
    case .sin: FunctionFacts(.point(.sin), .instantVector, summary: "Sine of radians")
    case .sinh: FunctionFacts(.point(.sinh), .instantVector, summary: "Hyperbolic sine")
    case .sort:
      FunctionFacts(.sort(descending: false), .instantVector, summary: "Ascending by value (instant queries)")
        .keepingName()
    case .sortByLabel:
      FunctionFacts(
        .sortByLabel(descending: false), .instantVector, .string,
        summary: "Ascending by labels (instant queries)"
      )
      .taking(1, upTo: nil).keepingName().experimental()
    case .sortByLabelDesc:
      FunctionFacts(
        .sortByLabel(descending: true), .instantVector, .string,
        summary: "Descending by labels (instant queries)"
      )
      .taking(1, upTo: nil).keepingName().experimental()
    case .sortDesc:
      FunctionFacts(.sort(descending: true), .instantVector, summary: "Descending by value (instant queries)")
        .keepingName()
    case .sqrt: FunctionFacts(.point(.sqrt), .instantVector, summary: "Square root")
    case .start:
      FunctionFacts(.query(.start), summary: "Start of the query in seconds since the epoch")
        .yielding(.scalar).unpinnable().experimental()
    case .startTimestamp:
      FunctionFacts(
        .startTimestamp, .instantVector,
        summary: "Start time of the samples in seconds since the epoch"
      )
      .experimental()
    case .stddevOverTime:
      FunctionFacts(
        .window(.stddevOverTime), .rangeVector,
        summary: "Population standard deviation of the values in the window")

    case .stdvarOverTime:
      FunctionFacts(
        .window(.stdvarOverTime), .rangeVector,
        summary: "Population variance of the values in the window")

    case .step:
      FunctionFacts(.query(.step), summary: "Step of the query in seconds, 0 for an instant query")
        .yielding(.scalar).unpinnable().experimental()
    case .sumOverTime:
      FunctionFacts(.window(.sumOverTime), .rangeVector, summary: "Sum of the values in the window")
    case .tan: FunctionFacts(.point(.tan), .instantVector, summary: "Tangent of radians")
    case .tanh: FunctionFacts(.point(.tanh), .instantVector, summary: "Hyperbolic tangent")
    case .time:
      FunctionFacts(.time, summary: "Time of the evaluation in seconds since the epoch")
        .yielding(.scalar).unpinnable()
    case .timestamp:
      FunctionFacts(.timestamp, .instantVector, summary: "Time of the samples in seconds since the epoch")
        .unpinnable()
    case .tsOfFirstOverTime:
      FunctionFacts(
        .window(.tsOfFirstOverTime), .rangeVector,
        summary: "Time of the oldest sample in the window"
      )
      .experimental()
    case .tsOfLastOverTime:
      FunctionFacts(
        .window(.tsOfLastOverTime), .rangeVector,
        summary: "Time of the newest sample in the window"
      )
      .experimental()
    case .tsOfMaxOverTime:
      FunctionFacts(
        .window(.tsOfMaxOverTime), .rangeVector,
        summary: "Time of the last largest value in the window"
      )
      .experimental()
    case .tsOfMinOverTime:
      FunctionFacts(
        .window(.tsOfMinOverTime), .rangeVector,
        summary: "Time of the last smallest value in the window"
      )
      .experimental()
    case .vector: FunctionFacts(.vector, .scalar, summary: "Scalar as a vector of one series without labels")
    case .year: FunctionFacts(.date(.year), .instantVector, summary: "Year").taking(0, upTo: 1).unpinnable()
    }
  }
}
