/// What a store has just taken in, for whoever keeps a record of it.
public enum TakenSamples: Sendable {
  /// One scrape's values of a cohort; entries have their references. `name` is the cohort's.
  case row([ScrapedSeries], at: Int64, cohort: CohortReference, name: String)
  /// Samples with timestamps of their own, each series' in order of time.
  case pushed([PushedSeries])
}

/// Told of everything that a store takes, in its order and under its lock: it must be quick, and must not
/// come back to the store.
public typealias StoreJournal = @Sendable (TakenSamples) -> Void
