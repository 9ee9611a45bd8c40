import Gate
import Manifests
import Recording
import Scrape
import TimeSeries

/// When the replays begin.
struct ReplayStarts {
  struct Start {
    /// Milliseconds since the epoch.
    var time: Int64
    /// The revision whose pods appeared; nil for a time that was given.
    var revision: String?
  }

  /// By time; at least one.
  private(set) var list: [Start]
  /// The last time at which there is anything to know, milliseconds.
  let lastTime: Int64

  /// More starts than this are a mistake in `--every`.
  private static let limit = 100_000

  init(_ command: ReplayCommand, _ rollout: Rollout, _ source: RecordedSeries) throws {
    let range = source.facts.timeRange
    if command.data != nil, range == nil {
      throw ToolFailure("\(command.data ?? ""): the recording holds no samples")
    }
    // What a remote holds is not known before it is asked; now is the last that it can.
    lastTime = range?.upperBound ?? TimeSource.wall.now()
    if let start = command.start {
      list = [Start(time: start)]
    } else if command.from != nil || command.to != nil || command.every != nil {
      guard let first = command.from ?? range?.lowerBound else {
        throw ToolFailure(
          "--remote-read wants --from TIME: what a server holds is not known before it is asked")
      }
      list = try Self.every(
        command.every ?? max(1, rollout.interval.milliseconds), from: first, to: command.to ?? lastTime)
    } else {
      guard let range else {
        throw ToolFailure("--remote-read wants --start TIME, or --from TIME and --to TIME")
      }
      let found = try RecordedRollouts(of: rollout).found(in: source, range: range)
      list = found.map { Start(time: $0.start, revision: $0.revision) }
      if list.isEmpty {
        Output.note(
          "the recording shows no rollout of \(rollout.targetName) (no pods of a new revision appear in it): "
            + "replayed from its first sample; --start or --from choose another time")
        list = [Start(time: range.lowerBound)]
      }
    }
    if let first = list.first, first.time > lastTime {
      throw ToolFailure("the recording ends at \(ClockText.timestamp(lastTime)), before the replay starts")
    }
  }

  private static func every(_ step: Int64, from first: Int64, to last: Int64) throws(ToolFailure) -> [Start] {
    let (length, overflow) = last.subtractingReportingOverflow(first)
    let count = length / step + 1
    guard !overflow, count <= limit else {
      throw ToolFailure("there are more than \(limit) start times: make --every longer")
    }
    return (0..<max(1, count)).map { Start(time: first + $0 * step) }
  }
}
