import TimeSeries

extension GoTime {
  /// Go's `Format`: the layout shows how its reference time, Mon Jan 2 15:04:05 MST 2006, would be written.
  package func formatted(_ layout: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = layout[...]
    while !rest.isEmpty {
      if let (element, length) = TimeLayoutElement.first(in: rest) {
        result += Array(text(of: element).utf8)
        rest = rest.dropFirst(length)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }

  /// What Go prints of a time.
  package var description: String {
    String(decoding: formatted(Array("2006-01-02 15:04:05.999999999 -0700 MST".utf8)), as: UTF8.self)
  }

  /// As Go source.
  var goSyntax: String {
    let date = date
    return "time.Date(\(date.year), time.\(GoNames.months[date.month - 1]), \(date.day), \(hour), \(minute), "
      + "\(second), \(nanoseconds), time.UTC)"
  }

  private func text(of element: TimeLayoutElement) -> String {
    let twelve = hour % 12 == 0 ? 12 : hour % 12
    switch element {
    case .literal(let text): return text
    case .underscoreYear: return "_" + text(of: .year)
    case .year:
      let year = date.year
      return year < 0 ? "-" + CalendarTime.padded(-year, 4) : CalendarTime.padded(year, 4)
    case .shortYear: return CalendarTime.padded(max(0, date.year) % 100, 2)
    case .monthName: return GoNames.months[date.month - 1]
    case .shortMonthName: return String(GoNames.months[date.month - 1].prefix(3))
    case .month(let padding): return padded(date.month, padding)
    case .weekdayName: return GoNames.weekdays[weekday]
    case .shortWeekdayName: return String(GoNames.weekdays[weekday].prefix(3))
    case .day(let padding): return padded(date.day, padding)
    case .dayOfYear(let padding): return padded(dayOfYear, padding, width: 3)
    case .hour: return CalendarTime.padded(hour, 2)
    case .hourOfTwelve(let padding): return padded(twelve, padding)
    case .minute(let padding): return padded(minute, padding)
    case .second(let padding): return padded(second, padding)
    case .half(let isUpper):
      let text = hour < 12 ? "am" : "pm"
      return isUpper ? text.uppercased() : text
    case .fraction(let digits, let separator, let isTrimmed):
      return fraction(digits, separator, isTrimmed)
    }
  }

  private func padded(_ number: Int, _ padding: TimeLayoutElement.Padding, width: Int = 2) -> String {
    switch padding {
    case .none: return String(number)
    case .zero: return CalendarTime.padded(number, width)
    case .blank:
      let text = String(number)
      return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
  }

  private func fraction(_ digits: Int, _ separator: String, _ isTrimmed: Bool) -> String {
    var text = String(CalendarTime.padded(Int(nanoseconds), 9).prefix(digits))
    text += String(repeating: "0", count: max(0, min(digits, TemplateLimits.output) - text.utf8.count))
    if isTrimmed {
      while text.hasSuffix("0") { text.removeLast() }
      if text.isEmpty { return "" }
    }
    return separator + text
  }
}

/// The English names that Go has.
enum GoNames {
  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
  ]
  static func name(_ index: Int, of names: [String]) -> String? {
    names.indices.contains(index) ? names[index] : nil
  }

  static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}

/// A piece of a layout that stands for a part of the time.
enum TimeLayoutElement {
  enum Padding { case none, zero, blank }

  case year, shortYear, underscoreYear
  case monthName, shortMonthName
  case month(Padding)
  case weekdayName, shortWeekdayName
  case day(Padding)
  case dayOfYear(Padding)
  case hour
  case hourOfTwelve(Padding)
  case minute(Padding)
  case second(Padding)
  /// `PM` or `pm`.
  case half(isUpper: Bool)
  /// Digits of the second behind a point or comma; with nines, zeros at the end are left out.
  case fraction(digits: Int, separator: String, isTrimmed: Bool)
  /// A zone: all times are of UTC.
  case literal(String)

  /// Of those that begin alike the longer first.
  private static let table: [(text: [UInt8], element: TimeLayoutElement)] = written.map {
    (Array($0.0.utf8), $0.1)
  }

  private static let written: [(String, TimeLayoutElement)] = [
    ("January", .monthName), ("Monday", .weekdayName), ("MST", .literal("UTC")),
    ("002", .dayOfYear(.zero)), ("01", .month(.zero)), ("02", .day(.zero)), ("03", .hourOfTwelve(.zero)),
    ("04", .minute(.zero)), ("05", .second(.zero)), ("06", .shortYear),
    ("15", .hour), ("1", .month(.none)), ("2006", .year), ("2", .day(.none)),
    ("_2006", .underscoreYear), ("__2", .dayOfYear(.blank)), ("_2", .day(.blank)),
    ("3", .hourOfTwelve(.none)), ("4", .minute(.none)), ("5", .second(.none)),
    ("PM", .half(isUpper: true)), ("pm", .half(isUpper: false)),
    ("-070000", .literal("+000000")), ("-07:00:00", .literal("+00:00:00")), ("-0700", .literal("+0000")),
    ("-07:00", .literal("+00:00")), ("-07", .literal("+00")),
    ("Z070000", .literal("Z")), ("Z07:00:00", .literal("Z")), ("Z0700", .literal("Z")),
    ("Z07:00", .literal("Z")), ("Z07", .literal("Z")),
  ]

  /// The element that a text begins with, and its length in bytes; nil when it begins with something else.
  static func first(in text: ArraySlice<UInt8>) -> (element: TimeLayoutElement, length: Int)? {
    for (written, element) in table where text.starts(with: written) { return (element, written.count) }
    // `Jan` and `Mon` stand alone, or before what is no small letter: `Monkey` is no day.
    for (written, element) in [("Jan", shortMonthName), ("Mon", shortWeekdayName)]
      as [(String, TimeLayoutElement)]
    where text.starts(with: written.utf8) {
      let next = text.dropFirst(3).first
      return next.map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") } ?? false ? nil : (element, 3)
    }
    return fraction(in: text)
  }

  private static func fraction(in text: ArraySlice<UInt8>) -> (element: TimeLayoutElement, length: Int)? {
    guard let separator = text.first, separator == UInt8(ascii: ".") || separator == UInt8(ascii: ","),
      let digit = text.dropFirst().first, digit == UInt8(ascii: "0") || digit == UInt8(ascii: "9")
    else { return nil }
    let count = text.dropFirst().prefix { $0 == digit }.count
    if let next = text.dropFirst(1 + count).first, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") {
      return nil
    }
    let element = TimeLayoutElement.fraction(
      digits: count, separator: separator == UInt8(ascii: ".") ? "." : ",",
      isTrimmed: digit == UInt8(ascii: "9"))
    return (element, 1 + count)
  }
}
