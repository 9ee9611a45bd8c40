public import TimeSeries

/// One kind of recording: how it is recognised and read. To add one, write its file and a line in
/// `all`.
public struct RecordingFormat: Sendable {
  /// `openmetrics`.
  public let name: String
  /// What it is, in a few words.
  public let summary: String
  /// Whether an input is of this kind, by looking at it.
  let recognises: @Sendable (Glimpse) -> Bool
  let read: @Sendable (_ path: String, RecordingOptions) throws(RecordingError) -> RecordedSeries

  /// A text format that somebody else reads: its first bytes, decompressed, tell it, and the whole text
  /// becomes series. Throws from `read` are shown with the file's name.
  public static func text(
    name: String, summary: String, recognises: @escaping @Sendable (_ head: [UInt8]) -> Bool,
    read: @escaping @Sendable (_ bytes: [UInt8], _ path: String) throws -> any SeriesSource
  ) -> RecordingFormat {
    RecordingFormat(
      name: name, summary: summary, recognises: { $0.entries == nil && recognises($0.head) },
      read: { path, options throws(RecordingError) in
        var bytes: [UInt8] = []
        let input = try RecordingInput(path: path, limit: min(options.limits.text, options.limits.memory))
        while try input.read(into: &bytes, atMost: 1 << 16) {}
        do {
          let series = try read(bytes, path)
          var facts = RecordingFacts(format: name)
          let summary = try RecordingSummary(of: series)
          facts.samples = summary.samples
          facts.timeRange = summary.timeRange
          return RecordedSeries(series, facts)
        } catch let error as RecordingError {
          throw error
        } catch {
          throw RecordingError(path: path, "\(error)")
        }
      })
  }

  /// All formats; the first that recognises an input reads it.
  public static let all: [RecordingFormat] = [
    .prometheus, .promgate, .victoriaMetrics, .answer, .openMetrics, .text, .remoteReadChunks,
    .remoteReadSamples,
  ]

  /// What a recording can be, for hints.
  static var expectation: String {
    "a recording is " + all.map(\.summary).joined(separator: ", or ")
  }
}

/// What can be seen of an input at once.
struct Glimpse: Sendable {
  /// The first bytes, decompressed.
  var head: [UInt8]
  /// The last bytes, decompressed.
  var tail: [UInt8]
  /// The names in a folder; nil for a file.
  var entries: [String]?

  var isEmpty: Bool { head.isEmpty && entries == nil }

  /// The first bytes of a text, without a byte order mark.
  var text: ArraySlice<UInt8> { head.dropFirst(ByteOrderMark.count(head)) }

  /// How many bytes are looked at, at either end.
  static let size = 4096

  /// Whether the last line that is not blank is this one.
  func ends(withLine line: String) -> Bool {
    let lines = tail.split(separator: UInt8(ascii: "\n"))
    let last = lines.last { $0.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D } }
    return last.map { $0.elementsEqual(line.utf8) } ?? false
  }

  /// Whether the beginning can be a line of metrics: a comment, a name, or a name in braces.
  var looksLikeMetrics: Bool {
    let head = text
    guard let start = head.firstIndex(where: { $0 > 0x20 }) else { return false }
    let text = head[start...]
    if text.contains(0) { return false }
    switch text[start] {
    case UInt8(ascii: "#"), UInt8(ascii: "_"), UInt8(ascii: ":"): return true
    case UInt8(ascii: "{"): return !isJSONObject(text)
    case let letter: return (letter | 0x20) &- 97 < 26
    }
  }

  /// `{"key":` or `{}`: in metrics a comma, a brace or `=` follows the string.
  private func isJSONObject(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text.dropFirst().drop { $0 <= 0x20 }
    guard rest.first == UInt8(ascii: "\"") else { return rest.first == UInt8(ascii: "}") }
    rest = rest.dropFirst()
    while let byte = rest.first, byte != UInt8(ascii: "\"") {
      rest = rest.dropFirst(byte == UInt8(ascii: "\\") ? 2 : 1)
    }
    return rest.dropFirst().first { $0 > 0x20 } == UInt8(ascii: ":")
  }
}
