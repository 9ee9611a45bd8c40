import Manifests
import PromQL
public import TimeSeries

/// Series in the notation of tests (`0+1x10`), on their own: what the `load` commands of a script or the
/// `input_series` of promtool's unit tests stand for.
public enum NotatedSeries {
  /// Why there are none, with the line.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    public var description: String
  }

  /// Whether a text, or its beginning, is a script that loads or a file of unit tests.
  public static func recognises(_ bytes: [UInt8]) -> Bool {
    if UnitTestFile.isUnitTest(bytes) { return true }
    return ByteOrderMark.stripped(bytes).split(separator: UInt8(ascii: "\n")).contains { line in
      line.starts(with: "load ".utf8) || line.starts(with: "load_with_nhcb ".utf8)
    }
  }

  /// The series of all `load` commands or of all tests together, from time 0 or the test's start. Throws
  /// where the
  /// text is faulty, or two of its parts say different things of one series at one time.
  public static func read(_ bytes: [UInt8], name: String) throws(Problem) -> StoreSnapshot {
    let store = Store()
    if UnitTestFile.isUnitTest(bytes) {
      let file: UnitTestFile
      do { file = try UnitTestFile(reading: ManifestSource(name: name, bytes: bytes)) } catch {
        throw Problem(description: error.finding.diagnostic.message)
      }
      for test in file.tests { try append(test, to: store) }
    } else {
      do throws(ScriptError) {
        for command in try ScriptParser.parse(bytes).commands {
          if case .load(let load) = command.action { try load.append(to: store) }
        }
      } catch {
        throw Problem(description: "\(error)")
      }
    }
    return store.snapshot()
  }

  private static func append(_ test: UnitTest, to store: Store) throws(Problem) {
    let load: ScriptLoad
    do { load = try test.load() } catch { throw Problem(description: error.description) }
    for series in load.series.map(\.series) {
      for (index, value) in series.values.enumerated() {
        let sample: StoredSample.Value
        switch value {
        case .omitted: continue
        case .float(let number): sample = .float(number)
        case .histogram(let histogram, _): sample = .histogram(histogram)
        }
        let (offset, overflows) = test.interval.multipliedReportingOverflow(by: Int64(index))
        let (time, isLate) = test.start.addingReportingOverflow(offset)
        guard !overflows, !isLate else {
          throw Problem(description: "\(series.labels): a time is out of range")
        }
        do { try store.append(series.labels, StoredSample(timestamp: time, sample)) } catch {
          throw Problem(description: "\(series.labels): \(error) (do several tests give it?)")
        }
      }
    }
  }
}
