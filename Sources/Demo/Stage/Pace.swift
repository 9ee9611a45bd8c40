/// How fast a demo runs, how much traffic there is, how often it is measured.
package struct Pace: Sendable, Hashable {
  /// Seconds of the demo's clock that pass in a real one.
  package var speed: Double
  /// Requests in a second of the demo's clock.
  package var requestRate: Double
  /// Time between two scrapes of a target, in milliseconds of the demo's clock.
  package var scrapeInterval: Int64

  package init(speed: Double = 10, requestRate: Double = 60, scrapeInterval: Int64 = 4000) {
    self.speed = speed
    self.requestRate = requestRate
    self.scrapeInterval = scrapeInterval
  }
}
