internal import TimeSeries

/// Labels of a remote write 2.0 series or exemplar: names and values, by name, as they were written.
struct WrittenLabels: Sendable {
  private var pairs: [(name: [UInt8], value: [UInt8])] = []

  init() {}

  /// - Parameter references: places of names and values in the table of symbols, in turn.
  init(_ references: [Int], _ symbols: [[UInt8]]) throws(WriteRequest.Problem) {
    guard references.count % 2 == 0 else {
      throw WriteRequest.Problem("invalid labelRefs length \(references.count)")
    }
    for i in stride(from: 0, to: references.count, by: 2) {
      let (name, value) = (references[i], references[i + 1])
      guard max(name, value) < symbols.count else {
        throw WriteRequest.Problem(
          "labelRefs \(name) (name) = \(value) (value) outside of symbols table (size \(symbols.count))")
      }
      pairs.append((symbols[name], symbols[value]))
    }
    if !zip(pairs, pairs.dropFirst()).allSatisfy({ $0.name.lexicographicallyPrecedes($1.name) }) {
      pairs.sort { $0.name.lexicographicallyPrecedes($1.name) }
    }
  }

  /// What they take in memory, bytes.
  var byteCount: Int { pairs.reduce(0) { $0 + $1.name.count + $1.value.count + 16 } }

  /// Go's words for the labels, those without a value among them; of very many the first ones.
  var text: String {
    var text = "{"
    for (index, pair) in pairs.enumerated() {
      guard text.utf8.count < Self.textLimit else { return text + ", …}" }
      text += (index == 0 ? "" : ", ") + "\(Self.shown(pair.name))=\(GoText.quoted(pair.value))"
    }
    return text + "}"
  }

  private static let textLimit = 1 << 16

  private static func shown(_ name: [UInt8]) -> String {
    let text = String(decoding: name, as: UTF8.self)
    return LabelName.isLegacy(name) ? text : GoText.quoted(name)
  }

  /// The labels that have values, or why a series cannot have them, in Prometheus' words.
  func labels() -> Result<Labels, WriteRequest.Problem> {
    let isValid = pairs.allSatisfy { pair in
      !pair.name.isEmpty && Self.isText(pair.name) && Self.isText(pair.value)
        && !(pair.name.elementsEqual(LabelName.metric.utf8) && pair.value.isEmpty)
    }
    guard isValid, pairs.contains(where: { $0.name.elementsEqual(LabelName.metric.utf8) }) else {
      return .failure(WriteRequest.Problem("invalid metric name or labels, got \(text)"))
    }
    for (one, next) in zip(pairs, pairs.dropFirst()) where one.name == next.name {
      return .failure(
        WriteRequest.Problem(
          "invalid labels for series, labels \(text), duplicated label \(Self.plain(one.name))"))
    }
    return .success(Labels(inOrder: pairs.filter { !$0.value.isEmpty }))
  }

  private static func plain(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func isText(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
  }
}
