import Glibc
import Synchronization
import TimeSeries

/// The date of an answer: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let last = Mutex((second: Int.min, text: ""))

  /// The present second; its text is made once a second.
  static var now: String {
    let second = time(nil)
    return last.withLock { last in
      if last.second != second { last = (second, text(second)) }
      return last.text
    }
  }

  /// The text of a second since the epoch, for years 1970 to 9999.
  static func text(_ second: Int) -> String {
    let day = second / 86_400
    let rest = second % 86_400
    let date = CalendarTime.date(day: day)
    let weekday = weekdays[(day + 4) % 7]
    let numbers = [date.day, rest / 3600, rest / 60 % 60, rest % 60].map { CalendarTime.padded($0, 2) }
    let clock = numbers[1...].joined(separator: ":")
    return "\(weekday), \(numbers[0]) \(months[date.month - 1]) \(date.year) \(clock) GMT"
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
