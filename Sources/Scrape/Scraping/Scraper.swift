internal import TimeSeries

/// The state of one target between scrapes. Each scrape is a pure step: what was known, the answer
/// and the time give the result and the next state (exposition.md §8–§10).
public struct Scraper: Sendable {
  /// What is scraped.
  public let target: Target
  let rules: LabelRules
  var slots = SlotTable()
  var cache = SeriesCache()
  var metadata = MetadataTable()
  /// Counts attempts from 1.
  var pass = 0
  /// The slots whose absence the next scrape marks.
  private var tracked: [Int32] = []
  private var reportSlots: [(series: ReportSeries, slot: Int32)] = []
  private var newestReport = Int64.min
  /// The newest time of any sample, milliseconds.
  private(set) var newest = Int64.min
  /// Whether a sample ever brought a timestamp.
  var hasTimestamps = false
  /// How many texts the cache held after the last success.
  private var settledTexts = 0

  /// How long a metric's metadata is kept after it was last seen, in scrapes.
  private static let metadataPasses = 10

  public init(target: Target) {
    self.target = target
    rules = LabelRules(target)
  }

  /// What the target has said about its metrics in the last ten scrapes.
  public var families: [MetricFamily] { metadata.families }

  /// One scrape: what came (or did not come) from the target, as of a time in milliseconds.
  ///
  /// A failure stores nothing of the exposition and marks everything that the last success brought.
  /// `elapsedSeconds` is asked once, when the answer has been read.
  public mutating func scrape(
    _ answer: consuming Result<HTTPResponse, HTTPFailure>, at timestamp: Int64,
    elapsedSeconds: () -> Double
  ) -> ScrapeResult {
    pass += 1
    var attempt = ScrapePass(timestamp: timestamp)
    do throws(ScrapeFailure) {
      let body = try checkedBody(answer, &attempt.counts)
      if let body { try read(body.bytes, as: body.format, into: &attempt) }
      if let failure = attempt.limitFailure { throw failure }
      commit(&attempt, wasEmpty: body == nil)
    } catch {
      undo(&attempt)
      attempt.result.failure = error
      attempt.result.stale = marked(tracked, at: timestamp)
      tracked = []
    }
    attempt.result.samplesScraped = attempt.counts.scraped
    attempt.result.durationSeconds = max(0, elapsedSeconds())
    report(attempt.counts, &attempt.result)
    attempt.result.labels = slots.labels
    slots.release(attempt.result.freed, oldest: hasTimestamps ? oldestTime(at: timestamp) : nil)
    return attempt.result
  }

  /// The target is no longer scraped: stale markers for all its series and its report, at the time of
  /// the scrape that will not be (exposition.md §10).
  public mutating func end(at timestamp: Int64) -> ScrapeResult {
    var result = ScrapeResult(timestamp: timestamp, labels: slots.labels)
    result.isLast = true
    result.stale = marked(tracked, at: timestamp)
    tracked = []
    if timestamp > newestReport {
      result.report = reportSlots.map { ScrapeResult.Row(slot: $0.slot, value: StaleMarker.value) }
      newestReport = timestamp
    }
    return result
  }

  /// The exposition and its format; nil for an empty one, which is a success without samples.
  private func checkedBody(
    _ answer: consuming Result<HTTPResponse, HTTPFailure>, _ counts: inout ScrapeCounts
  ) throws(ScrapeFailure) -> (bytes: [UInt8], format: ExpositionFormat)? {
    let response: HTTPResponse
    do {
      response = try answer.get()
    } catch {
      if error.kind == .bodyTooLarge { counts.bodySize = -1 }
      throw error.kind == .bodyTooLarge ? .bodySize(limit: target.limits.bodySize) : .fetch(error)
    }
    guard response.status == 200 else { throw .status(response.statusLine) }
    if target.limits.bodySize > 0, response.body.count >= target.limits.bodySize {
      counts.bodySize = -1
      throw .bodySize(limit: target.limits.bodySize)
    }
    counts.bodySize = response.body.count
    if response.body.isEmpty { return nil }
    do {
      let format = try ExpositionFormat.negotiated(
        contentType: response.header("Content-Type"), fallback: target.fallbackFormat)
      return (response.body, format)
    } catch {
      throw .contentType(error.description)
    }
  }

  // MARK: After reading

  /// Makes the attempt's samples the newest ones and marks what is gone.
  private mutating func commit(_ attempt: inout ScrapePass, wasEmpty: Bool) {
    let now = attempt.result.timestamp
    for sample in attempt.result.timed { settle(sample.slot, sample.timestamp, sample.value) }
    if attempt.result.timed.isEmpty {
      for row in attempt.result.rows {
        slots.samples[Int(row.slot)].timestamp = now
        slots.samples[Int(row.slot)].value = row.value
      }
    } else {
      for row in attempt.result.rows { settle(row.slot, now, row.value) }
    }
    if !attempt.result.rows.isEmpty { newest = max(newest, now) }
    let gone = tracked.filter { slots.samples[Int($0)].tracked != pass }
    attempt.result.stale = marked(gone, at: attempt.result.timestamp)
    tracked = attempt.tracked
    // As in the reference, an empty exposition forgets nothing: the series usually come back.
    guard !wasEmpty else { return }
    metadata.forget(before: pass - Self.metadataPasses)
    if attempt.seenEntries < cache.count { forgetUnseen(&attempt) }
    settledTexts = cache.count
  }

  /// The oldest time that is taken in a scrape: half a block of Prometheus' behind the newest, milliseconds.
  func oldestTime(at now: Int64) -> Int64 {
    let (oldest, underflow) = max(now, newest).subtractingReportingOverflow(3_600_000)
    return underflow ? .min : oldest
  }

  private mutating func settle(_ slot: Int32, _ time: Int64, _ value: Double) {
    guard time > slots.samples[Int(slot)].timestamp else { return }
    slots.samples[Int(slot)].timestamp = time
    slots.samples[Int(slot)].value = value
    newest = max(newest, time)
  }

  /// Gives up texts and series that the pass has not seen.
  private mutating func forgetUnseen(_ attempt: inout ScrapePass) {
    cache.keepSeen(in: pass)
    let reported = Set(reportSlots.map(\.slot))
    attempt.result.freed = slots.unseen(in: pass).filter { !reported.contains($0) }
  }

  /// Takes back what the attempt has brought. Its series stay known, as in the reference, unless failures
  /// bring ever more of them.
  private mutating func undo(_ attempt: inout ScrapePass) {
    for slot in attempt.result.rows.map(\.slot) + attempt.result.timed.map(\.slot) {
      slots.samples[Int(slot)].pendingTime = slots.samples[Int(slot)].timestamp
    }
    attempt.result.rows = []
    attempt.result.timed = []
    if cache.count > 2 * settledTexts + 1000 { forgetUnseen(&attempt) }
  }

  /// The slots that can take a marker at a time: their newest sample is older.
  private mutating func marked(_ candidates: [Int32], at timestamp: Int64) -> [Int32] {
    let taken = candidates.filter { slots.samples[Int($0)].timestamp < timestamp }
    for slot in taken {
      slots.samples[Int(slot)].timestamp = timestamp
      slots.samples[Int(slot)].pendingTime = timestamp
      slots.samples[Int(slot)].value = StaleMarker.value
    }
    return taken
  }

  private mutating func report(_ counts: ScrapeCounts, _ result: inout ScrapeResult) {
    if reportSlots.isEmpty {
      for series in ReportSeries.all(extra: target.reportsExtra) {
        var builder = LabelsBuilder(target.labels)
        builder.set(LabelName.metric, series.rawValue)
        let (slot, isNew) = slots.slot(of: builder.labels())
        if isNew { result.added.append(slot) }
        reportSlots.append((series, slot))
      }
    }
    guard result.timestamp > newestReport else { return }
    newestReport = result.timestamp
    result.report = reportSlots.map { entry in
      ScrapeResult.Row(
        slot: entry.slot, value: counts.value(of: entry.series, target: target, result: result))
    }
  }
}
