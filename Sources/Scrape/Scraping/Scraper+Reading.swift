internal import TimeSeries

/// What one attempt at a scrape has gathered so far.
struct ScrapePass: Sendable {
  var result: ScrapeResult
  var counts = ScrapeCounts()
  /// The slots whose absence the next scrape will mark.
  var tracked: [Int32] = []
  /// Texts of the cache that this attempt has seen.
  var seenEntries = 0
  /// The first limit that was broken without ending the reading.
  var limitFailure: ScrapeFailure?
  /// Samples that count toward the limit.
  var limited = 0

  init(timestamp: Int64) { result = ScrapeResult(timestamp: timestamp, labels: []) }
}

extension Scraper {
  /// As in the reference, a text keeps its series though its metric's type changes.
  private static let cacheType = NumericLabel.none
  /// How far ahead of the scrape an exposed timestamp may be.
  private static let leadMilliseconds: Int64 = 600_000

  /// Reads a body sample by sample.
  mutating func read(
    _ bytes: consuming [UInt8], as format: ExpositionFormat, into attempt: inout ScrapePass
  ) throws(ScrapeFailure) {
    if format == .text { bytes.append(UInt8(ascii: "\n")) }
    var reader = ExpositionReader(format: format, namesKeepBlanks: true)
    let window = bytes.span
    cache.rewind()
    attempt.result.rows.reserveCapacity(cache.count)
    while true {
      let predicted = cache.predictedText(Self.cacheType)
      let record: ExpositionReader.Record
      do {
        record = try reader.next(window, known: cache.texts.span.extracting(predicted))
      } catch {
        throw .exposition(error)
      }
      switch record {
      case .sample: try take(reader, window, &attempt)
      case .help, .type, .unit: metadata.note(record, reader, window, time: pass)
      case .comment: continue
      case .end, .starved: return
      }
    }
  }

  /// One sample, in the order of exposition.md §8.
  private mutating func take(
    _ reader: borrowing ExpositionReader, _ window: Span<UInt8>, _ attempt: inout ScrapePass
  ) throws(ScrapeFailure) {
    attempt.counts.scraped += 1
    let explicit = target.honorsTimestamps ? reader.timestamp : nil
    let text = window.extracting(reader.series)
    let found = reader.isKnown ? (entry: cache.predicted, hash: 0) : cache.find(text, Self.cacheType)
    if let entry = found.entry {
      let isRepeated = cache.entries[entry].seen == pass
      if !isRepeated { attempt.seenEntries += 1 }
      cache.advance(to: entry, pass: pass)
      let slot = cache.entries[entry].slot
      slots.samples[Int(slot)].seen = pass
      if isRepeated, explicit == nil {
        attempt.result.dropped.duplicates += 1
      } else if admit(reader, window, &attempt), isInBounds(explicit, &attempt),
        isNews(reader.value, explicit, to: slot, &attempt)
      {
        add(reader.value, explicit, to: slot, &attempt)
      }
    } else {
      let (labels, repeated) = try checkedLabels(reader, window)
      if admit(reader, window, &attempt), isInBounds(explicit, &attempt) {
        if let repeated { throw fault(reader, window, LabelProblem.repeated(repeated).reason) }
        let (slot, isNew) = slots.slot(of: labels)
        if isNew { attempt.result.added.append(slot) }
        slots.samples[Int(slot)].seen = pass
        // A text whose sample is not taken is not remembered.
        if isNews(reader.value, explicit, to: slot, &attempt) {
          let entry = cache.insert(text, Self.cacheType, hash: found.hash, slot: slot, pass: pass)
          cache.advance(to: entry, pass: pass)
          attempt.seenEntries += 1
          attempt.counts.seriesAdded += 1
          add(reader.value, explicit, to: slot, &attempt)
        }
      }
    }
    attempt.counts.kept += 1
  }

  private func fault(
    _ reader: borrowing ExpositionReader, _ window: Span<UInt8>, _ reason: String
  ) -> ScrapeFailure {
    .exposition(reader.error(window, at: reader.series.lowerBound, reason))
  }

  private func checkedLabels(
    _ reader: borrowing ExpositionReader, _ window: Span<UInt8>
  ) throws(ScrapeFailure) -> (labels: Labels, repeated: String?) {
    let found: (labels: Labels, repeated: String?)
    do {
      found = try rules.labels(for: reader.exposedLabels(window))
    } catch {
      throw fault(reader, window, error.reason)
    }
    if let broken = rules.brokenLimit(by: found.labels) {
      let error = reader.error(window, at: reader.series.lowerBound, broken.reason)
      throw .limit(broken.limit, error)
    }
    return found
  }

  /// Counts a sample toward the limit; false when it is one too many. Reading goes on, so that the
  /// counts are complete.
  private func admit(
    _ reader: borrowing ExpositionReader, _ window: Span<UInt8>, _ attempt: inout ScrapePass
  ) -> Bool {
    attempt.limited += 1
    guard target.limits.samples > 0, attempt.limited > target.limits.samples else { return true }
    if attempt.limitFailure == nil {
      let error = reader.error(window, at: reader.series.lowerBound, "sample limit exceeded")
      attempt.limitFailure = .limit(.samples, error)
    }
    return false
  }

  /// Whether an exposed timestamp is neither far ahead nor older than what Prometheus' head takes.
  private mutating func isInBounds(_ explicit: Int64?, _ attempt: inout ScrapePass) -> Bool {
    guard let explicit else { return true }
    hasTimestamps = true
    let now = attempt.result.timestamp
    let (latest, overflow) = now.addingReportingOverflow(Self.leadMilliseconds)
    let isInBounds = explicit >= oldestTime(at: now) && explicit <= (overflow ? .max : latest)
    if !isInBounds { attempt.result.dropped.outOfBounds += 1 }
    return isInBounds
  }

  /// Whether a series takes a sample after what earlier scrapes have brought; repeating the newest one is
  /// no fault.
  private func isNews(
    _ value: Double, _ explicit: Int64?, to slot: Int32, _ attempt: inout ScrapePass
  ) -> Bool {
    let time = explicit ?? attempt.result.timestamp
    let newest = slots.samples[Int(slot)].timestamp
    if time > newest { return true }
    if time < newest {
      attempt.result.dropped.outOfOrder += 1
    } else if value.bitPattern != slots.samples[Int(slot)].value.bitPattern {
      attempt.result.dropped.duplicates += 1
    } else {
      return true
    }
    return false
  }

  /// Notes a sample that its series takes. What this scrape has brought before goes first: a sample
  /// behind a later one of the same series is left out without a word, as in Prometheus' head.
  private mutating func add(
    _ value: Double, _ explicit: Int64?, to slot: Int32, _ attempt: inout ScrapePass
  ) {
    if explicit == nil || target.tracksTimestampsStaleness { track(slot, &attempt) }
    let time = explicit ?? attempt.result.timestamp
    guard time > slots.samples[Int(slot)].pendingTime else { return }
    slots.samples[Int(slot)].pendingTime = time
    if let explicit {
      attempt.result.timed.append(
        ScrapeResult.TimedSample(slot: slot, timestamp: explicit, value: value))
    } else {
      attempt.result.rows.append(ScrapeResult.Row(slot: slot, value: value))
    }
  }

  private mutating func track(_ slot: Int32, _ attempt: inout ScrapePass) {
    guard slots.samples[Int(slot)].tracked != pass else { return }
    slots.samples[Int(slot)].tracked = pass
    attempt.tracked.append(slot)
  }
}
