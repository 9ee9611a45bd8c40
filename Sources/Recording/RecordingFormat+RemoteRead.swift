internal import TimeSeries

extension RecordingFormat {
  /// The saved body of a remote-read answer that holds samples.
  static let remoteReadSamples = RecordingFormat(
    name: "remote-read", summary: "the saved body of a remote-read answer", recognises: { $0.isSnappyAnswer },
    read: { path, options throws(RecordingError) in try remoteRead(path, .samples, options) })

  /// The saved body of a remote-read answer that holds frames of chunks.
  static let remoteReadChunks = RecordingFormat(
    name: "remote-read-chunks", summary: "the saved body of a streamed remote-read answer",
    recognises: { $0.isChunkFrames },
    read: { path, options throws(RecordingError) in try remoteRead(path, .chunks, options) })

  private static func remoteRead(
    _ path: String, _ encoding: RemoteEncoding, _ options: RecordingOptions
  ) throws(RecordingError) -> RecordedSeries {
    var body: [UInt8] = []
    let input = try RecordingInput(path: path, limit: options.limits.text)
    if !input.isCompressed { body.reserveCapacity(min(input.size + 2, options.limits.memory)) }
    while try input.read(into: &body, atMost: 1 << 22) {
      guard body.count <= options.limits.memory else {
        throw RecordingError(
          path: path, "is larger than \(options.limits.memory) bytes", hint: "--data-memory allows more")
      }
    }
    let series: DecodedSeries
    do { series = try encoding.decode(&body, limits: options.limits) } catch {
      throw RecordingError(path: path, "\(error)")
    }
    var facts = RecordingFacts(format: encoding == .samples ? remoteReadSamples.name : remoteReadChunks.name)
    facts.samples = series.sampleCount
    facts.timeRange = series.timeRange
    return RecordedSeries(series, facts)
  }
}

extension Glimpse {
  /// Whether the beginning is that of a snappy block with an answer: its length, a literal, a result with a
  /// series
  /// with labels.
  var isSnappyAnswer: Bool {
    guard let start = Self.afterNumber(head, 0), start < head.count, head[start] & 3 == 0 else {
      return false
    }
    // The literal's length may take bytes of its own.
    let code = Int(head[start] >> 2)
    let literal = start + 1 + (code < 60 ? 0 : code - 59)
    guard literal < head.count, head[literal] == 0x0A, let result = Self.afterNumber(head, literal + 1) else {
      return false
    }
    // An answer to several queries may begin with an empty result.
    if result >= head.count || head[literal + 1] == 0 { return head[literal + 1] == 0 }
    guard head[result] == 0x0A, let series = Self.afterNumber(head, result + 1), series < head.count else {
      return false
    }
    return head[series] == 0x0A || head[series] == 0x12
  }

  /// Whether the beginning is that of a frame: its length, its checksum, a series with labels.
  var isChunkFrames: Bool {
    guard let checksum = Self.afterNumber(head, 0), checksum + 5 < head.count, head[checksum + 4] == 0x0A,
      let series = Self.afterNumber(head, checksum + 5), series + 1 < head.count
    else { return false }
    return head[series] == 0x0A && Self.afterNumber(head, series + 1) != nil
  }

  /// Where a number of seven bits a byte ends; nil when it does not within ten bytes.
  private static func afterNumber(_ bytes: [UInt8], _ start: Int) -> Int? {
    guard start < bytes.count else { return nil }
    let end = bytes[start...].prefix(10).firstIndex { $0 < 0x80 }
    return end.map { $0 + 1 }
  }
}
