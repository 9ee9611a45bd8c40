/// Names, values and counts from the index; of series only whether they are here.
extension StoreSnapshot {
  public func labelNames(_ selection: Selection) -> [ArraySlice<UInt8>] {
    let indexed = index.index.labelNames(matching: selection.matchers) { holds(index.ids[$0], selection) }
    return Listing.merged([indexed, Listing.labelNames(of: fresh(selection))])
  }

  public func labelValues(of name: [UInt8], _ selection: Selection) -> [ArraySlice<UInt8>] {
    let indexed = index.index.labelValues(of: name, matching: selection.matchers) {
      holds(index.ids[$0], selection)
    }
    return Listing.merged([indexed, Listing.labelValues(of: name, in: fresh(selection))])
  }

  public func statistics(limit: Int) -> SeriesStatistics {
    var ranges = cohorts.compactMap(\.timeRange)
    for series in loose { if let range = series?.timeRange { ranges.append(range) } }
    var range = ranges.first
    for other in ranges {
      range =
        min(range?.lowerBound ?? .max, other.lowerBound)...max(range?.upperBound ?? .min, other.upperBound)
    }
    let gone =
      seriesCount == index.ids.count + unindexed.count
      ? [] : index.ids.indices.filter { entries[Int(index.ids[$0])].isEmpty }
    return index.index.statistics(
      limit: limit, timeRange: range, gone: gone, added: unindexed.map { entries[Int($0)].labels })
  }

  /// The labels of selected series that are not indexed yet.
  private func fresh(_ selection: Selection) -> [Labels] {
    unindexed.compactMap { id in
      let labels = entries[Int(id)].labels
      let isMeant = selection.matchers.allSatisfy { $0.accepts(labels) }
      return isMeant && holds(id, selection) ? labels : nil
    }
  }

  /// Whether a series has a sample in the interval.
  private func holds(_ id: Int32, _ selection: Selection) -> Bool {
    let place = Int(id)
    func isIn(_ cohort: Int32) -> Bool {
      cohorts[Int(cohort)].overlaps(selection) && cohorts[Int(cohort)].holds(id, in: selection)
    }
    if entries[place].cohort >= 0, isIn(entries[place].cohort) { return true }
    if entries[place].hasLoose, loose[place]?.hasSample(in: selection) == true { return true }
    return entries[place].otherCohorts.contains(where: isIn)
  }
}
