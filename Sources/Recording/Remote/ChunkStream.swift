private import Synchronization
public import TimeSeries

/// The streamed answer to a read request: frames of chunks, a piece at a time (remote-storage.md §3.2, §5).
///
/// Queries are answered in order, series in label order, the frames of a series one after the other. What
/// is held is one piece and what selecting holds.
public final class ChunkStream: Sendable {
  /// A frame is closed once it has so many bytes of chunks.
  private static let frameSize = 1 << 20
  /// A piece ends with the series that makes it this large.
  private static let pieceSize = 256 << 10

  private struct State {
    var query = 0
    /// What the query found; nil before it is asked.
    var selected: (any Selected)?
    var row = 0
    var writer = ChunkWriter()
  }

  private let request: ReadRequest
  private let source: any SeriesSource
  private let state = Mutex(State())

  public init(_ request: ReadRequest, over source: any SeriesSource) {
    self.request = request
    self.source = source
  }

  /// The next bytes; nil at the end. Throws what the source does, in the middle of the answer perhaps.
  public func next() throws -> [UInt8]? {
    try state.withLock { state in
      var piece: [UInt8] = []
      while piece.count < Self.pieceSize, state.query < request.queries.count {
        let query = request.queries[state.query]
        let selected = try state.selected ?? source.select(query.selection)
        state.selected = selected
        guard state.row < selected.count else {
          state.selected = nil
          state.query += 1
          state.row = 0
          continue
        }
        let chunks = try selected.chunks(state.row, first: query.start, last: query.end, &state.writer)
        Self.append(selected.labels(state.row), chunks, query: state.query, to: &piece)
        state.row += 1
      }
      return piece.isEmpty ? nil : piece
    }
  }

  private static func append(
    _ labels: Labels, _ chunks: [WrittenChunk], query: Int, to piece: inout [UInt8]
  ) {
    guard !chunks.isEmpty else { return }
    var named = ProtobufWriter(capacity: 2 * labels.bytes.count)
    named.labels(1, labels)
    let names = named.finish()
    var rest = chunks[...]
    while !rest.isEmpty {
      var size = names.count
      var series = ProtobufWriter(
        capacity: names.count + min(frameSize, rest.reduce(0) { $0 + $1.bytes.count + 32 }))
      series.raw(names)
      while let chunk = rest.first, size < frameSize {
        series.chunk(2, chunk)
        size += chunk.bytes.count
        rest.removeFirst()
      }
      var message = ProtobufWriter(capacity: series.count + 16)
      message.bytes(1, series.finish())
      message.integer(2, Int64(query))
      appendFrame(message.finish(), to: &piece)
    }
  }

  private static func appendFrame(_ message: [UInt8], to piece: inout [UInt8]) {
    var length = message.count
    while length > 127 {
      piece.append(UInt8(length & 127) | 128)
      length >>= 7
    }
    piece.append(UInt8(length))
    let sum = ByteBlock(message).reader.checksum
    for shift in [24, 16, 8, 0] { piece.append(UInt8(truncatingIfNeeded: sum >> UInt32(shift))) }
    piece += message
  }
}
