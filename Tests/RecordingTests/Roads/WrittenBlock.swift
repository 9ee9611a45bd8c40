import Foundation
import TimeSeries

/// A block as Prometheus writes it: `meta.json`, an index of the second format, and one file of chunks.
struct WrittenBlock {
  private var index: [UInt8] = []
  private var chunks: [UInt8] = [0x85, 0xBD, 0x40, 0xDD, 1, 0, 0, 0]
  private let name: String
  private var meta: [String: Any] = [:]

  /// `series` in label order, each with a sample; `number` tells blocks of one folder apart.
  init(_ series: [(labels: Labels, samples: Samples)], number: Int) {
    name = "01HF000000000000000000000\(number)"
    let texts = Set(series.flatMap { $0.labels.pairs.flatMap { [$0.name, $0.value] } }).union([""])
    let symbols = texts.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    let places = Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1, $0) })
    index = [0xBA, 0xAA, 0xD7, 0x00, 2]
    let symbolsAt = index.count
    appendSection(WrittenLog.big(UInt32(symbols.count)) + symbols.flatMap(Self.text))
    let seriesAt = index.count
    var references: [UInt32] = []
    var writer = ChunkWriter()
    var (first, last) = (Int64.max, Int64.min)
    var count = 0
    for (labels, samples) in series {
      index += [UInt8](repeating: 0, count: (16 - index.count % 16) % 16)
      references.append(UInt32(index.count / 16))
      var body = WrittenLog.unsigned(UInt64(labels.count))
      for pair in labels.pairs {
        for text in [pair.name, pair.value] { body += WrittenLog.unsigned(UInt64(places[text] ?? 0)) }
      }
      let written = writer.chunks(samples, first: .min, last: .max)
      body += WrittenLog.unsigned(UInt64(written.count))
      var before: (last: Int64, place: Int)?
      for chunk in written {
        let place = append(chunk)
        let times = chunk.timeRange
        if let before {
          body += WrittenLog.unsigned(UInt64(times.lowerBound - before.last))
          body += WrittenLog.unsigned(UInt64(times.upperBound - times.lowerBound))
          body += WrittenLog.signed(Int64(place - before.place))
        } else {
          body += WrittenLog.signed(times.lowerBound)
          body += WrittenLog.unsigned(UInt64(times.upperBound - times.lowerBound))
          body += WrittenLog.unsigned(UInt64(place))
        }
        before = (times.upperBound, place)
        (first, last) = (min(first, times.lowerBound), max(last, times.upperBound))
      }
      count += samples.count
      index += WrittenLog.unsigned(UInt64(body.count)) + body + WrittenLog.big(Castagnoli.sum(body))
    }
    let (postingsAt, tableAt) = appendPostings(series.map(\.labels), references)
    let contents = [symbolsAt, seriesAt, 0, 0, postingsAt, tableAt].flatMap { WrittenLog.big(UInt64($0)) }
    index += contents + WrittenLog.big(Castagnoli.sum(contents))
    meta = [
      "ulid": name, "minTime": first, "maxTime": last + 1, "version": 1,
      "stats": ["numSamples": count], "compaction": ["level": 1, "sources": [name]],
    ]
  }

  /// Writes the block into a folder.
  func write(into folder: URL) throws {
    let block = folder.appending(path: name)
    try FileManager.default.createDirectory(
      at: block.appending(path: "chunks"), withIntermediateDirectories: true)
    try Data(index).write(to: block.appending(path: "index"))
    try Data(chunks).write(to: block.appending(path: "chunks/000001"))
    try JSONSerialization.data(withJSONObject: meta).write(to: block.appending(path: "meta.json"))
  }

  private mutating func append(_ chunk: WrittenChunk) -> Int {
    let place = chunks.count
    let body = [chunk.encoding.rawValue] + chunk.bytes
    chunks += WrittenLog.unsigned(UInt64(chunk.bytes.count)) + body + WrittenLog.big(Castagnoli.sum(body))
    return place
  }

  /// Where the postings and their table begin.
  private mutating func appendPostings(_ series: [Labels], _ references: [UInt32]) -> (Int, Int) {
    var lists: [[String]: [UInt32]] = [["", ""]: references]
    for (labels, reference) in zip(series, references) {
      for pair in labels.pairs { lists[[pair.name, pair.value], default: []].append(reference) }
    }
    let postingsAt = index.count
    var table: [UInt8] = []
    for (pair, list) in lists.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      index += [UInt8](repeating: 0, count: (4 - index.count % 4) % 4)
      table += [2] + pair.flatMap(Self.text) + WrittenLog.unsigned(UInt64(index.count))
      appendSection(WrittenLog.big(UInt32(list.count)) + list.flatMap { WrittenLog.big($0) })
    }
    let tableAt = index.count
    appendSection(WrittenLog.big(UInt32(lists.count)) + table)
    return (postingsAt, tableAt)
  }

  private mutating func appendSection(_ body: [UInt8]) {
    index += WrittenLog.big(UInt32(body.count)) + body + WrittenLog.big(Castagnoli.sum(body))
  }

  private static func text(_ text: String) -> [UInt8] {
    WrittenLog.unsigned(UInt64(text.utf8.count)) + Array(text.utf8)
  }
}
