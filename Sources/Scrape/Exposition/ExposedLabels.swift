package import TimeSeries

/// The labels of a sample as exposed: the metric name first, then in the order of the text, escapes
/// undone, empty values and repeated names included.
package struct ExposedLabels: Sendable {
  /// One label, as ranges of `bytes`.
  struct Label: Sendable {
    var name: Range<Int>
    var value: Range<Int>
  }

  private(set) var bytes: [UInt8] = []
  private(set) var labels: [Label] = []

  static let metricName = Array(LabelName.metric.utf8)

  /// Names and values are in `bytes` already.
  mutating func append(_ label: Label) { labels.append(label) }

  mutating func append(name: [UInt8], value: [UInt8]) {
    let label = Label(name: add(name.span), value: add(value.span))
    labels.append(label)
  }

  /// Adds bytes for a name or a value.
  mutating func add(_ text: Span<UInt8>) -> Range<Int> {
    let begin = bytes.count
    unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    return begin..<bytes.count
  }

  mutating func reserve(bytes: Int, labels: Int) {
    self.bytes.reserveCapacity(bytes)
    self.labels.reserveCapacity(labels)
  }

  /// The value of the first label with this name; nil when there is none.
  func first(_ name: [UInt8]) -> Range<Int>? {
    labels.first { $0.name.count == name.count && bytes[$0.name].elementsEqual(name) }?.value
  }

  /// Takes out a label that another takes the place of. Of one that is there several times, all with
  /// values, only the first goes, as in the reference: what is left is a name twice.
  mutating func removeReplaced(_ name: [UInt8]) {
    let places = labels.indices.filter { bytes[labels[$0].name].elementsEqual(name) }
    guard let first = places.first else { return }
    if places.contains(where: { labels[$0].value.isEmpty }) {
      labels.removeAll { bytes[$0.name].elementsEqual(name) }
    } else {
      labels.remove(at: first)
    }
  }

  /// The label set, or why it is none (exposition.md §2.3, §8.5): no metric name, an invalid name, a name
  /// twice, more bytes than a label set can hold.
  ///
  /// A name that has an empty value anywhere is absent.
  package func checked() throws(LabelProblem) -> Labels {
    let (labels, repeated) = try examined()
    if let repeated { throw .repeated(repeated) }
    return labels
  }

  /// As `checked`, but a name that comes twice is told: it is a fault only of samples that are stored.
  func examined() throws(LabelProblem) -> (labels: Labels, repeated: String?) {
    let sorted = labels.sorted { bytes[$0.name].lexicographicallyPrecedes(bytes[$1.name]) }
    let all = bytes.span
    var encoder = LabelsEncoder(capacity: bytes.count + 2 * labels.count)
    var isValid = true
    var hasName = false
    var repeated: Label?
    var index = 0
    while index < sorted.count {
      let label = sorted[index]
      var hasEmpty = label.value.isEmpty
      var end = index + 1
      while end < sorted.count, bytes[sorted[end].name].elementsEqual(bytes[label.name]) {
        hasEmpty = hasEmpty || sorted[end].value.isEmpty
        end += 1
      }
      let count = end - index
      index = end
      if hasEmpty { continue }
      if count > 1, repeated == nil { repeated = label }
      guard max(label.name.count, label.value.count) < 1 << 24 else { throw .tooLong }
      if bytes[label.name].elementsEqual(Self.metricName) {
        hasName = true
        isValid = isValid && isText(label.value)
      }
      isValid = isValid && !label.name.isEmpty && isText(label.name)
      encoder.append(name: all.extracting(label.name), value: all.extracting(label.value))
    }
    guard hasName else { throw .nameless }
    let result = encoder.labels()
    // A name is any text, but text it must be (exposition.md §5).
    guard isValid else { throw .invalid(result) }
    return (result, repeated.map { String(decoding: bytes[$0.name], as: UTF8.self) })
  }

  private func isText(_ range: Range<Int>) -> Bool {
    bytes[range].allSatisfy { $0 < 0x80 } || String(validating: bytes[range], as: UTF8.self) != nil
  }
}

/// Why labels are no label set; the text is Prometheus'.
package enum LabelProblem: Error, Sendable {
  case repeated(String)
  case nameless
  case invalid(Labels)
  case tooLong

  /// Prometheus' text.
  package var reason: String {
    switch self {
    case .repeated(let name): "label name \"\(name)\" is not unique: invalid sample"
    case .nameless: "missing metric name (__name__ label)"
    case .invalid(let labels): "invalid metric name or label names: \(labels)"
    case .tooLong: "a label is longer than 16777215 bytes"
    }
  }
}

extension ExpositionReader {
  /// The labels of the sample that was read last; not to be asked for when `isKnown`.
  package func exposedLabels(_ window: Span<UInt8>) -> ExposedLabels {
    var result = ExposedLabels()
    guard let nameRange else { return result }
    result.reserve(bytes: series.count + 8, labels: 1 + labelRanges.count / 2)
    let metric = ExposedLabels.metricName.span
    let name = result.add(metric)
    let value = unescape(window, nameRange, quotes: true, into: &result)
    result.append(ExposedLabels.Label(name: name, value: value))
    let numeric = type.numericLabel.name
    for index in stride(from: 0, to: labelRanges.count - 1, by: 2) {
      let name = unescape(window, labelRanges[index], quotes: true, into: &result)
      var value = unescape(window, labelRanges[index + 1], quotes: true, into: &result)
      if let numeric, result.bytes[name].elementsEqual(numeric.utf8),
        let number = try? GoNumber.float(result.bytes[value])
      {
        value = result.add(Array(GoText.openMetrics(number).utf8).span)
      }
      result.append(ExposedLabels.Label(name: name, value: value))
    }
    return result
  }

  /// The labels of the last sample's exemplar; escapes stay, as in the reference (§3.1).
  func exemplarLabels(_ window: Span<UInt8>, _ exemplar: ExemplarText) -> Labels {
    var builder = LabelsBuilder()
    for index in stride(from: 0, to: exemplar.labels.count - 1, by: 2) {
      builder.set(
        Array(copying: window.extracting(exemplar.labels[index])),
        Array(copying: window.extracting(exemplar.labels[index + 1])))
    }
    return builder.labels()
  }

  /// What a metadata line says, escapes undone.
  package func metadataText(_ window: Span<UInt8>) -> [UInt8] {
    var result = ExposedLabels()
    let range = unescape(window, text, quotes: format == .openMetrics, into: &result)
    return Array(result.bytes[range])
  }

  /// The metric that a metadata line is about; escapes stay, as in the reference.
  package func metadataName(_ window: Span<UInt8>) -> [UInt8] {
    Array(copying: window.extracting(name))
  }

  /// Copies a text and undoes `\\`, `\n` and, if asked, `\"`; other backslashes stay.
  private func unescape(
    _ window: Span<UInt8>, _ range: Range<Int>, quotes: Bool, into result: inout ExposedLabels
  ) -> Range<Int> {
    let text = window.extracting(range)
    guard text.indices.contains(where: { text[$0] == UInt8(ascii: "\\") }) else {
      return result.add(text)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let next = index + 1 < text.count ? text[index + 1] : 0
      let isEscape =
        text[index] == UInt8(ascii: "\\")
        && (next == UInt8(ascii: "\\") || next == UInt8(ascii: "n")
          || (quotes && next == UInt8(ascii: "\"")))
      bytes.append(isEscape ? (next == UInt8(ascii: "n") ? UInt8(ascii: "\n") : next) : text[index])
      index += isEscape ? 2 : 1
    }
    return result.add(bytes.span)
  }
}
