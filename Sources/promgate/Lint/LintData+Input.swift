import Glibc
import Lint
import Recording
import Scrape
import TimeSeries

extension LintData {
  /// A recording, looked at as of its newest sample.
  init(_ recording: RecordedSeries) {
    self.init(
      source: recording, types: Self.types(recording.facts.families),
      time: recording.facts.timeRange?.upperBound ?? Int64(Glibc.time(nil)) * 1000)
  }

  /// What a target exposes: a file, or an address that is asked once.
  init(exposition place: String) async throws {
    let (bytes, format) = try await Self.exposition(place)
    let exposition: Exposition
    do { exposition = try Exposition(bytes, format: format) } catch {
      throw ToolFailure("\(place): \(error)")
    }
    let time = Int64(Glibc.time(nil)) * 1000
    let store = Store()
    for sample in exposition.samples {
      do { try store.append(sample.labels, StoredSample(timestamp: time, .float(sample.value))) } catch {
        throw ToolFailure("\(place): \(error)")
      }
    }
    self.init(
      source: store.snapshot(), types: Self.types(exposition.families), time: time, isExposition: true)
  }

  private static func exposition(_ place: String) async throws -> ([UInt8], ExpositionFormat) {
    guard place.hasPrefix("http://") || place.hasPrefix("https://") else {
      do {
        let bytes = try InputFile.text(place, maximum: 256 << 20)
        let isOpenMetrics = bytes.suffix(16).firstRange(of: Array("# EOF".utf8)) != nil
        return (bytes, isOpenMetrics ? .openMetrics : .text)
      } catch {
        throw ToolFailure("\(place): \(error)")
      }
    }
    do {
      let response = try await HTTPClient().fetch(Target(argument: place).request())
      guard response.status == 200 else {
        throw ToolFailure("\(place): answers \(response.status) \(response.reason)")
      }
      return (
        response.body,
        try ExpositionFormat.negotiated(contentType: response.header("Content-Type"), fallback: .text)
      )
    } catch let failure as ToolFailure {
      throw failure
    } catch {
      throw ToolFailure("\(place): \(error)")
    }
  }

  private static func types(_ families: [MetricFamily]) -> [String: DeclaredType] {
    Dictionary(
      families.compactMap { family in DeclaredType(rawValue: family.type.rawValue).map { (family.name, $0) }
      },
      uniquingKeysWith: { first, _ in first })
  }
}
