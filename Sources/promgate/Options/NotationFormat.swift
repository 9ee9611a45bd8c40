import PromQLTest
import Recording

extension RecordingFormat {
  /// Everything that `--data` takes: what Recording reads, and the notation of tests.
  static let known: [RecordingFormat] =
    [
      .text(
        name: "notation", summary: "a test script with load, or promtool's unit tests with input_series",
        recognises: NotatedSeries.recognises, read: { try NotatedSeries.read($0, name: $1) })
    ] + all
}
