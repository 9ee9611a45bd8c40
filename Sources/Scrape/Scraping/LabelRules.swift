internal import TimeSeries

/// From exposed labels to a series' labels (exposition.md §8.3, §8.5).
struct LabelRules: Sendable {
  private let targetLabels: [(name: [UInt8], value: [UInt8])]
  private let honorsLabels: Bool
  private let limits: ScrapeLimits

  init(_ target: Target) {
    targetLabels = target.labels.pairs.map { (Array($0.name.utf8), Array($0.value.utf8)) }
    honorsLabels = target.honorsLabels
    limits = target.limits
  }

  /// The labels under which an exposed sample is stored; and a name that comes twice, with which it
  /// cannot be.
  func labels(
    for exposed: consuming ExposedLabels
  ) throws(LabelProblem) -> (labels: Labels, repeated: String?) {
    var result = exposed
    if honorsLabels {
      for label in targetLabels where result.first(label.name) == nil {
        result.append(name: label.name, value: label.value)
      }
    } else {
      replace(in: &result)
    }
    return try result.examined()
  }

  /// Target labels win; what they displace moves to `exported_…`.
  private func replace(in result: inout ExposedLabels) {
    var displaced: [(name: [UInt8], value: [UInt8])] = []
    for label in targetLabels {
      guard let value = result.first(label.name) else { continue }
      if !value.isEmpty { displaced.append((label.name, Array(result.bytes[value]))) }
      result.removeReplaced(label.name)
    }
    for label in targetLabels { result.append(name: label.name, value: label.value) }
    guard !displaced.isEmpty else { return }
    // Shorter names first, so that `job` finds its place before `exported_job` looks for one.
    for label in displaced.sorted(by: { $0.name.count < $1.name.count }) {
      var name = label.name
      repeat { name = Array("exported_".utf8) + name } while !(result.first(name)?.isEmpty ?? true)
      result.removeReplaced(name)
      result.append(name: name, value: label.value)
    }
  }

  /// The first limit that a label set breaks, with Prometheus' text.
  func brokenLimit(by labels: Labels) -> (limit: ScrapeLimit, reason: String)? {
    guard limits.labels > 0 || limits.labelNameLength > 0 || limits.labelValueLength > 0 else {
      return nil
    }
    let metric = (labels.metricName ?? "").prefix50
    let count = limits.labels > 0 ? labels.count : 0
    if count > limits.labels {
      return (
        .labels,
        "label_limit exceeded (metric: \(metric), number of labels: \(count), limit: \(limits.labels))"
      )
    }
    for (name, value) in labels.pairs {
      let sizes = (name: name.utf8.count, value: value.utf8.count)
      if limits.labelNameLength > 0, sizes.name > limits.labelNameLength {
        return (
          .labelNameLength,
          "label_name_length_limit exceeded (metric: \(metric), label name: \(name.prefix50), "
            + "length: \(sizes.name), limit: \(limits.labelNameLength))"
        )
      }
      if limits.labelValueLength > 0, sizes.value > limits.labelValueLength {
        return (
          .labelValueLength,
          "label_value_length_limit exceeded (metric: \(metric), label name: \(name.prefix50), "
            + "value: \(GoText.quoted(value.prefix50)), length: \(sizes.value), "
            + "limit: \(limits.labelValueLength))"
        )
      }
    }
    return nil
  }
}

extension String {
  /// At most fifty code points, as `%.50s` shows.
  fileprivate var prefix50: String {
    String(String.UnicodeScalarView(unicodeScalars.prefix(50)))
  }
}
