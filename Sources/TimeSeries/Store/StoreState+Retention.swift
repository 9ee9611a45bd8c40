/// What is older than retention goes, wherever it lies, and so do series, cohorts and their numbers.
///
/// Costs a look at each cohort and each series with samples of its own, sixty-four times in the span that is
/// kept, and work for what goes; series that stay are not looked at.
extension StoreState {
  /// Notes the newest time, and drops what has become too old.
  mutating func advance(to timestamp: Int64) {
    guard timestamp > newest else { return }
    newest = timestamp
    // Not at each sample.
    guard let retention = limits.retention, newest > nextTrim else { return }
    nextTrim = newest.addingReportingOverflow(retention / 64).partialValue
    let (cutoff, overflow) = newest.subtractingReportingOverflow(retention)
    if !overflow { drop(before: cutoff) }
  }

  private mutating func drop(before cutoff: Int64) {
    var dead: [Int32] = []
    for place in cohorts.indices where cohorts[place].lastsLongPast(cutoff) {
      let (samples, series) = cohorts[place].drop(before: cutoff)
      sampleCount -= samples
      leave(place, series, &dead)
      if cohorts[place].isEmpty { close(place) }
    }
    // Series of their own are trimmed a block's worth at a time: each trim moves what stays.
    for place in loose.indices where loose[place]?.lastsLongPast(cutoff) == true {
      sampleCount -= loose[place]?.drop(before: cutoff) ?? 0
      guard loose[place]?.isEmpty ?? true else { continue }
      loose[place] = nil
      entries[place].hasLoose = false
      if entries[place].isEmpty { dead.append(Int32(place)) }
    }
    timelines.drop(before: cutoff)
    forget(dead)
  }

  /// Seals the head of a cohort.
  mutating func seal(_ cohort: CohortReference) {
    if let place = places[cohort] { seal(place) }
  }

  mutating func seal(_ place: Int) {
    let series = cohorts[place].seal()
    guard !series.isEmpty else { return }
    var dead: [Int32] = []
    leave(place, series, &dead)
    forget(dead)
  }

  /// Takes a cohort off the series that it holds no longer; `dead` gets those that nothing holds.
  private mutating func leave(_ place: Int, _ series: [Int32], _ dead: inout [Int32]) {
    for id in series where !cohorts[place].holds(id) && entries[Int(id)].cohorts.contains(Int32(place)) {
      cohorts[place].vacate(id)
      entries[Int(id)].remove(cohort: Int32(place))
      if entries[Int(id)].isEmpty { dead.append(id) }
    }
  }

  private mutating func close(_ place: Int) {
    if let reference = cohorts[place].reference { places[reference] = nil }
    cohorts[place] = Cohort()
    freePlaces.append(place)
  }

  /// Gives up series without any sample. Their numbers are used again, as soon as no index names them.
  mutating func forget(_ dead: [Int32]) {
    guard !dead.isEmpty else { return }
    var wereIndexed = true
    for id in dead {
      let place = Int(id)
      ids[entries[place].labels] = nil
      entries[place] = Entry(labels: .none, generation: entries[place].generation &+ 1)
      if isIndexed[place] {
        gone.append(id)
      } else {
        free.append(id)
        wereIndexed = false
      }
    }
    if !wereIndexed {
      let freed = Set(dead)
      unindexed.removeAll(where: freed.contains)
    }
    if indexIsOutOfDate { rebuildIndex() }
  }

  /// Whether so much came and went since that an index pays, which costs as much as all series.
  var indexIsOutOfDate: Bool { unindexed.count + gone.count > max(256, index.ids.count / 8) }

  mutating func rebuildIndex() {
    for id in gone { isIndexed[Int(id)] = false }
    for id in unindexed { isIndexed[Int(id)] = true }
    index = IndexGeneration(after: index, gone: gone, added: unindexed, entries: entries)
    free += gone
    unindexed = []
    gone = []
    lookedThrough = 0
  }
}
