package import TimeSeries

/// A label as exposed: bytes, escapes undone.
package struct ExposedLabel: Sendable, Hashable {
  package var name: [UInt8]
  package var value: [UInt8]
}

/// The labels of a sample as exposed: the metric name first, then in the order of the text, empty
/// values and repeated names included.
package struct ExposedLabels: Sendable {
  package var all: [ExposedLabel]

  /// The value of the first label with this name; nil when there is none.
  func first(_ name: [UInt8]) -> [UInt8]? { all.first { $0.name == name }?.value }

  /// The label set, or why it is none (exposition.md §2.3, §8.5): a name twice, no metric name, an
  /// invalid name, more bytes than a label set can hold.
  ///
  /// A name that has an empty value anywhere is absent.
  package func checked() throws(LabelProblem) -> Labels {
    var sorted = all
    sorted.sort { $0.name.lexicographicallyPrecedes($1.name) }
    var builder = LabelsBuilder()
    var index = 0
    while index < sorted.count {
      var end = index + 1
      while end < sorted.count, sorted[end].name == sorted[index].name { end += 1 }
      let group = sorted[index..<end]
      index = end
      if group.contains(where: \.value.isEmpty) { continue }
      guard let label = group.first, group.count == 1 else {
        throw .repeated(String(decoding: sorted[end - 1].name, as: UTF8.self))
      }
      guard max(label.name.count, label.value.count) < 1 << 24 else { throw .tooLong }
      builder.set(label.name, label.value)
    }
    let labels = builder.labels()
    guard labels.valueRange(of: Self.metricName) != nil else { throw .nameless }
    // A name is any text, but text it must be (exposition.md §5).
    let isText = sorted.allSatisfy { label in
      label.value.isEmpty || (!label.name.isEmpty && Self.isText(label.name))
    }
    guard isText, all.first.map({ Self.isText($0.value) }) ?? true else { throw .invalid(labels) }
    return labels
  }

  static let metricName = Array(LabelName.metric.utf8)

  private static func isText(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
  }
}

/// Why labels are no label set; the text is Prometheus'.
package enum LabelProblem: Error, Sendable {
  case repeated(String)
  case nameless
  case invalid(Labels)
  case tooLong

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
    guard let nameRange else { return ExposedLabels(all: []) }
    var all: [ExposedLabel] = []
    all.reserveCapacity(1 + labelRanges.count / 2)
    all.append(
      ExposedLabel(name: ExposedLabels.metricName, value: unescaped(window, nameRange, quotes: true)))
    let numeric = type.numericLabel.map { Array($0.utf8) }
    for index in stride(from: 0, to: labelRanges.count - 1, by: 2) {
      let name = unescaped(window, labelRanges[index], quotes: true)
      var value = unescaped(window, labelRanges[index + 1], quotes: true)
      if let numeric, name == numeric, let number = try? GoNumber.float(value) {
        value = Array(GoText.openMetrics(number).utf8)
      }
      all.append(ExposedLabel(name: name, value: value))
    }
    return ExposedLabels(all: all)
  }

  /// The labels of the last sample's exemplar; escapes stay, as in the reference (§3.1).
  func exemplarLabels(_ window: Span<UInt8>, _ exemplar: ExemplarText) -> ExposedLabels {
    var all: [ExposedLabel] = []
    for index in stride(from: 0, to: exemplar.labels.count - 1, by: 2) {
      let name = Array(copying: window.extracting(exemplar.labels[index]))
      let value = Array(copying: window.extracting(exemplar.labels[index + 1]))
      all.append(ExposedLabel(name: name, value: value))
    }
    return ExposedLabels(all: all)
  }

  /// What a metadata line says, escapes undone.
  package func metadataText(_ window: Span<UInt8>) -> [UInt8] {
    unescaped(window, text, quotes: format == .openMetrics)
  }

  /// The metric that a metadata line is about; escapes stay, as in the reference.
  package func metadataName(_ window: Span<UInt8>) -> [UInt8] {
    Array(copying: window.extracting(name))
  }

  /// Undoes `\\`, `\n` and, if asked, `\"`; other backslashes stay.
  private func unescaped(_ window: Span<UInt8>, _ range: Range<Int>, quotes: Bool) -> [UInt8] {
    let bytes = Array(copying: window.extracting(range))
    guard bytes.contains(UInt8(ascii: "\\")) else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      let isEscape = bytes[index] == UInt8(ascii: "\\")
        && (next == UInt8(ascii: "\\") || next == UInt8(ascii: "n")
          || (quotes && next == UInt8(ascii: "\"")))
      guard isEscape else {
        result.append(bytes[index])
        index += 1
        continue
      }
      result.append(next == UInt8(ascii: "n") ? UInt8(ascii: "\n") : next)
      index += 2
    }
    return result
  }
}
