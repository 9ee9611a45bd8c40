/// How a recording is read.
public struct RecordingOptions: Sendable, Hashable {
  /// What a NaN in a text stands for.
  public enum NaNMeaning: String, Sendable, Hashable, CaseIterable {
    /// A sample that somebody exported.
    case keep
    /// The end of the series. `promtool tsdb dump-openmetrics` writes stale markers as NaN.
    case stale
  }

  /// What a NaN in a text stands for.
  public var nan: NaNMeaning
  /// How much the recording may take.
  public var limits: RecordingLimits

  public init(nan: NaNMeaning = .keep, limits: RecordingLimits = RecordingLimits()) {
    self.nan = nan
    self.limits = limits
  }
}

/// How much a recording may take; a limit that is hit ends the reading and names itself.
public struct RecordingLimits: Sendable, Hashable {
  /// Bytes of memory for series and samples (`--data-memory`): 32 a sample, half of it room to grow.
  public var memory: Int
  /// Bytes of text, decompressed (`--data-size`).
  public var text: Int
  /// Bytes of one line; no sane line comes near.
  public var line: Int

  /// 4 GiB of memory, which is 134 million samples; 256 GiB of text; 16 MiB a line.
  public init(memory: Int = 4 << 30, text: Int = 256 << 30, line: Int = 16 << 20) {
    self.memory = memory
    self.text = text
    self.line = line
  }
}
