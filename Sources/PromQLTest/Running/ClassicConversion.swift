import TimeSeries

/// Builds native histograms with custom buckets out of the classic ones of a load (promqltest.md §2.6).
struct ClassicConversion {
  /// What the classic series say about one histogram at one time.
  private struct Parts {
    /// Cumulative counts by upper bound.
    var buckets: [Double: Double] = [:]
    var count: Double?
    var sum = 0.0
  }

  private var parts: [Labels: [Int64: Parts]] = [:]
  private var firstLine: [Labels: Int] = [:]

  init(_ load: ScriptLoad) {
    for loaded in load.series {
      let labels = loaded.series.labels
      guard let name = labels.metricName else { continue }
      if let base = Self.base(name, without: "_bucket") {
        guard let text = labels[LabelName.upperBound], let bound = try? GoNumber.float(text.utf8),
          !bound.isNaN
        else { continue }
        add(loaded, of: load, to: base) { parts, value in
          if parts.buckets[bound] == nil { parts.buckets[bound] = value }
        }
      } else if let base = Self.base(name, without: "_count") {
        add(loaded, of: load, to: base) { $0.count = $1 }
      } else if let base = Self.base(name, without: "_sum") {
        add(loaded, of: load, to: base) { $0.sum = $1 }
      }
    }
  }

  /// The histograms of each series in time order. Throws when the classic buckets contradict
  /// themselves.
  func histograms() throws(ScriptError) -> [(Labels, [(Int64, NativeHistogram)])] {
    var result: [(Labels, [(Int64, NativeHistogram)])] = []
    for (labels, times) in parts.sorted(by: { $0.key < $1.key }) {
      var samples: [(Int64, NativeHistogram)] = []
      for (time, parts) in times.sorted(by: { $0.key < $1.key }) {
        do throws(HistogramSeriesProblem) { samples.append((time, try Self.histogram(parts))) } catch {
          throw ScriptError(line: firstLine[labels] ?? 1, "\(labels): \(error.message)")
        }
      }
      result.append((labels, samples))
    }
    return result
  }

  private static func base(_ name: String, without suffix: String) -> [UInt8]? {
    let name = Array(name.utf8)
    let suffix = Array(suffix.utf8)
    return name.suffix(suffix.count).elementsEqual(suffix) ? name.dropLast(suffix.count) : nil
  }

  private mutating func add(
    _ loaded: ScriptLoad.LoadedSeries, of load: ScriptLoad, to name: [UInt8],
    _ note: (inout Parts, Double) -> Void
  ) {
    var builder = LabelsBuilder(loaded.series.labels)
    builder.set(Array(LabelName.metric.utf8), name)
    builder.remove(LabelName.upperBound)
    let labels = builder.labels()
    firstLine[labels] = firstLine[labels] ?? loaded.line
    for (index, value) in loaded.series.values.enumerated() {
      guard case .float(let value) = value, let time = load.time(of: index) else { continue }
      note(&parts[labels, default: [:]][time, default: Parts()], value)
    }
  }

  private static func histogram(
    _ parts: Parts
  ) throws(HistogramSeriesProblem) -> NativeHistogram {
    var buckets = parts.buckets.sorted { $0.key < $1.key }
    if let count = parts.count, count < 0 {
      throw HistogramSeriesProblem(
        message: "count must be non-negative: count=\(GoText.general(count))")
    }
    var previous = 0.0
    for (bound, count) in buckets {
      if count < 0 {
        throw HistogramSeriesProblem(
          message: "bucket count must be non-negative: le=\(GoText.general(bound)), "
            + "count=\(GoText.general(count))")
      }
      if count < previous {
        throw HistogramSeriesProblem(
          message: "count is not cumulative: \(GoText.general(count)) < \(GoText.general(previous))")
      }
      previous = count
    }
    let count = parts.count ?? buckets.last?.value ?? 0
    if buckets.last?.key != .infinity { buckets.append((.infinity, count)) }
    if let highest = buckets.last?.value, highest != count, !(highest.isNaN && count.isNaN) {
      throw HistogramSeriesProblem(
        message: "count mismatch: count=\(GoText.general(count)), "
          + "+Inf bucket=\(GoText.general(highest))")
    }
    var histogram = NativeHistogram()
    histogram.schema = NativeHistogram.customSchema
    histogram.count = count
    histogram.sum = parts.sum
    histogram.customBounds = buckets.dropLast().map(\.key)
    previous = 0
    for (index, bucket) in buckets.enumerated() {
      let own = bucket.value - previous
      if own != 0 { histogram.positive.append(.init(index: Int32(index), count: own)) }
      previous = bucket.value
    }
    return histogram
  }
}
