public import TimeSeries

/// What a query answered, with everything that was noted on the way.
public struct QueryResult: Sendable {
  public var value: QueryValue
  /// Warnings and infos, each once (promql.md §5).
  public var annotations: [Annotation]
  /// The memory that the answer takes, given back when the last copy goes; nil for one that was made
  /// elsewhere.
  package var memory: MemoryAccount?

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

extension QueryValue {
  /// What the value takes, about.
  var heldBytes: Int {
    switch self {
    case .scalar: 0
    case .string(_, let text): text.utf8.count
    case .vector(_, let samples):
      samples.reduce(0) { sum, sample in
        let bytes = sample.labels.bytes.count + MemoryLayout<VectorSample>.stride + 32
        if case .histogram(let histogram) = sample.value { return sum + bytes + histogram.heldBytes }
        return sum + bytes
      }
    case .matrix(let series):
      series.reduce(0) { sum, series in
        // Series that are present at the same steps share their times.
        let bytes = series.labels.bytes.count + MemoryLayout<MatrixSeries>.stride + 12 * series.values.count
        return series.histograms.reduce(sum + bytes) { $0 + $1.heldBytes }
      }
    }
  }
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
