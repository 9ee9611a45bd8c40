private import Glibc

/// The system's calendar clock.
enum WallClock {
  /// Milliseconds since the Unix epoch.
  static func epochMilliseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
  }
}
