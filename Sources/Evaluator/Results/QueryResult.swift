public import TimeSeries

/// What a query answered, with everything that was noted on the way.
public struct QueryResult: Sendable {
  public var value: QueryValue
  /// Warnings and infos, each once (promql.md §5).
  public var annotations: [Annotation]

  public init(value: QueryValue, annotations: [Annotation] = []) {
    self.value = value
    self.annotations = annotations
  }
}

/// The answer by its type. Timestamps are milliseconds since the epoch.
public enum QueryValue: Sendable {
  case scalar(timestamp: Int64, Double)
  case string(timestamp: Int64, String)
  /// An instant vector, in the order that the root node made (promql-evaluation.md §8).
  case vector(timestamp: Int64, [VectorSample])
  /// A range query's result, or a range vector: sorted by labels.
  case matrix([MatrixSeries])
}

/// One element of an instant vector.
public struct VectorSample: Sendable {
  public enum Value: Sendable {
    case float(Double)
    case histogram(NativeHistogram)
  }

  public var labels: Labels
  public var value: Value

  public init(labels: Labels, value: Value) {
    self.labels = labels
    self.value = value
  }
}

/// One series of a matrix: a column of floats and, rarely, one of native histograms.
public struct MatrixSeries: Sendable {
  public var labels: Labels
  /// Times of `values`, milliseconds, ascending.
  public var timestamps: [Int64]
  public var values: [Double]
  /// Times of `histograms`, milliseconds, ascending.
  public var histogramTimestamps: [Int64]
  public var histograms: [NativeHistogram]

  public init(
    labels: Labels, timestamps: [Int64] = [], values: [Double] = [],
    histogramTimestamps: [Int64] = [], histograms: [NativeHistogram] = []
  ) {
    self.labels = labels
    self.timestamps = timestamps
    self.values = values
    self.histogramTimestamps = histogramTimestamps
    self.histograms = histograms
  }

  public var isEmpty: Bool { values.isEmpty && histograms.isEmpty }
}
