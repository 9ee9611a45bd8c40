import Evaluator
import PromQL
import Scrape
import TimeSeries

/// `/federate`: the newest sample of each selected series as an exposition (http-api.md §16).
struct Federation {
  private let selections: [[LabelMatcher]]
  /// Whether names that are not of the old form may stand in quotes; else they are written with underscores.
  private let quotesNames: Bool

  /// Why a selector was refused, in the parser's words.
  struct Problem: Error {
    var text: String
  }

  init(_ form: FormValues, accept: String?) throws(Problem) {
    var selections: [[LabelMatcher]] = []
    for text in form.all("match[]") {
      do { selections.append(try Expression.matchers(ofSelector: text)) } catch {
        throw Problem(text: error.description)
      }
    }
    self.selections = selections
    quotesNames = (accept ?? "").contains("escaping=allow-utf-8")
  }

  /// - Parameters:
  ///   - now: milliseconds since the epoch.
  ///   - lookback: how old a sample may be, milliseconds.
  ///   - memory: what is asked for all that is found. Throws `MemoryShortage`.
  ///   - cancellation: ends the work: throws an `APIError`.
  func text(
    _ source: any SeriesSource, now: Int64, lookback: Int64, memory: MemoryAccount,
    _ cancellation: Cancellation
  ) throws -> [UInt8] {
    var found: [Labels: (value: Double, time: Int64)] = [:]
    for matchers in selections {
      if let end = APIError(cancellation) { throw end }
      let all = try source.select(Selection(matchers: matchers, after: now - lookback, through: now))
      for (row, labels) in all.labels.enumerated() where found[labels] == nil && labels.metricName != nil {
        let samples = try all.samples(row)
        guard let last = samples.lastPosition(after: now - lookback, through: now),
          !samples.staleMarkers.contains(last), samples.histograms?.positions.contains(last) != true
        else { continue }
        // Its entry, and its line.
        try memory.take(512 + 6 * labels.bytes.count)
        found[labels] = (samples.values[last], samples.timestamp(last))
      }
    }
    let ordered = found.sorted { a, b in
      let (first, second) = (a.key.metricName ?? "", b.key.metricName ?? "")
      return first == second ? a.key < b.key : first.utf8.lexicographicallyPrecedes(second.utf8)
    }
    var writer = ByteWriter(capacity: 4096)
    var family = ""
    for (labels, sample) in ordered {
      let name = labels.metricName ?? ""
      if name != family {
        family = name
        writer.append("# TYPE \(written(name)) untyped\n")
      }
      append(labels, name, to: &writer)
      writer.append(" \(GoText.general(sample.value)) \(sample.time)\n")
    }
    return writer.finish()
  }

  private func append(_ labels: Labels, _ name: String, to writer: inout ByteWriter) {
    let inside = quotesNames && !Self.isLegacy(name, allowsColon: true)
    var parts = inside ? [written(name)] : []
    for pair in labels.pairs where pair.name != LabelName.metric {
      parts.append(written(pair.name, isLabel: true) + "=\"\(ExpositionText.escaped(pair.value))\"")
    }
    // So that honor_labels keeps it empty.
    if labels["instance"] == nil { parts.append("instance=\"\"") }
    writer.append((inside ? "" : written(name)) + "{\(parts.joined(separator: ","))}")
  }

  private func written(_ name: String, isLabel: Bool = false) -> String {
    if Self.isLegacy(name, allowsColon: !isLabel) { return name }
    if quotesNames { return "\"\(ExpositionText.escaped(name))\"" }
    return String(
      name.enumerated().map { index, character in
        Self.isLegacy(character, isFirst: index == 0, allowsColon: !isLabel) ? character : "_"
      })
  }

  private static func isLegacy(_ name: String, allowsColon: Bool) -> Bool {
    !name.isEmpty
      && name.enumerated().allSatisfy { isLegacy($1, isFirst: $0 == 0, allowsColon: allowsColon) }
  }

  private static func isLegacy(_ character: Character, isFirst: Bool, allowsColon: Bool) -> Bool {
    guard character.isASCII else { return false }
    return character.isLetter || character == "_" || (allowsColon && character == ":")
      || (!isFirst && character.isNumber)
  }
}

extension Samples {
  /// The position of the newest sample in (after, through]; nil for none.
  fileprivate func lastPosition(after: Int64, through: Int64) -> Int? {
    (0..<count).last { timestamp($0) > after && timestamp($0) <= through }
  }
}
