/// A value of Go's package `time`, or of a number type that its methods yield: what it prints, and the
/// methods that a template can call.
package enum GoObject: Sendable, Hashable {
  /// `isPointer`: Prometheus' functions give pointers, methods give values.
  case time(GoTime, isPointer: Bool)
  case duration(GoDuration, isPointer: Bool)
  /// From 1.
  case month(Int)
  /// From 0, which is Sunday.
  case weekday(Int)
  case int64(Int64)
  /// UTC: there is no other.
  case location

  /// Go's name.
  var type: String {
    switch self {
    case .time(_, let isPointer): isPointer ? "*time.Time" : "time.Time"
    case .duration(_, let isPointer): isPointer ? "*time.Duration" : "time.Duration"
    case .month: "time.Month"
    case .weekday: "time.Weekday"
    case .int64: "int64"
    case .location: "*time.Location"
    }
  }

  /// What `{{ . }}` prints.
  var description: String {
    switch self {
    case .time(let time, _): time.description
    case .duration(let duration, _): duration.description
    case .month(let number): GoNames.name(number - 1, of: GoNames.months) ?? "%!Month(\(number))"
    case .weekday(let number): GoNames.name(number, of: GoNames.weekdays) ?? "%!Weekday(\(number))"
    case .int64(let number): String(number)
    case .location: "UTC"
    }
  }

  /// The number that Go's kind of the value is; nil for what is none.
  var wholeNumber: Int64? {
    switch self {
    case .duration(let duration, isPointer: false): duration.nanoseconds
    case .month(let number), .weekday(let number): Int64(number)
    case .int64(let number): number
    case .time, .duration, .location: nil
    }
  }

  /// Another number of the same type.
  func counterpart(_ number: Int64) -> GoObject {
    switch self {
    case .duration: .duration(GoDuration(nanoseconds: number), isPointer: false)
    case .month: .month(Int(number))
    case .weekday: .weekday(Int(number))
    case .time, .int64, .location: .int64(number)
    }
  }
}

/// A method of a Go value.
struct GoMethod {
  let signature: TemplateSignature
  /// Gets as many arguments as the signature says, of the types that it says.
  let call: ([TemplateValue]) -> TemplateValue
  /// Why a template cannot call it: methods yield one value.
  private(set) var refusal: String?

  fileprivate init(refusal: String) {
    signature = TemplateSignature()
    call = { _ in .invalid }
    self.refusal = refusal
  }

  fileprivate init(
    _ parameters: TemplateSignature.Parameter..., call: @escaping ([TemplateValue]) -> TemplateValue
  ) {
    signature = TemplateSignature(fixed: parameters)
    self.call = call
  }
}

extension GoObject {
  /// Nil when there is no such method.
  func method(_ name: String) -> GoMethod? {
    switch self {
    case .time(let time, _): Self.method(name, of: time)
    case .duration(let duration, _): Self.method(name, of: duration)
    case .month, .weekday, .location: name == "String" ? GoMethod { _ in .text(description) } : nil
    case .int64: nil
    }
  }

  private static func method(_ name: String, of time: GoTime) -> GoMethod? {
    func number(_ value: Int) -> GoMethod { GoMethod { _ in .integer(Int64(value)) } }
    func long(_ value: Int64) -> GoMethod { GoMethod { _ in .object(.int64(value)) } }
    func comparison(_ compare: @escaping (GoTime) -> TemplateValue) -> GoMethod {
      GoMethod(.time) { compare($0.first?.time ?? time) }
    }
    func reckoning(_ reckon: @escaping (Int64) -> GoTime) -> GoMethod {
      GoMethod(.duration) { .object(.time(reckon($0.first?.nanoseconds ?? 0), isPointer: false)) }
    }
    switch name {
    case "Format":
      return GoMethod(.text) { arguments in
        guard case .text(let layout)? = arguments.first else { return .text([]) }
        return .text(time.formatted(layout))
      }
    case "String": return GoMethod { _ in .text(time.description) }
    case "GoString": return GoMethod { _ in .text(time.goSyntax) }
    case "Year": return number(time.date.year)
    case "Month": return GoMethod { _ in .object(.month(time.date.month)) }
    case "Day": return number(time.date.day)
    case "Weekday": return GoMethod { _ in .object(.weekday(time.weekday)) }
    case "YearDay": return number(time.dayOfYear)
    case "Hour": return number(time.hour)
    case "Minute": return number(time.minute)
    case "Second": return number(time.second)
    case "Nanosecond": return number(Int(time.nanoseconds))
    case "Unix": return long(time.seconds)
    case "UnixMilli": return long(time.seconds &* 1000 &+ time.nanoseconds / 1_000_000)
    case "UnixMicro": return long(time.seconds &* 1_000_000 &+ time.nanoseconds / 1000)
    case "UnixNano": return long(time.unixNanoseconds)
    case "IsZero": return GoMethod { _ in .boolean(time.isZero) }
    case "IsDST": return GoMethod { _ in .boolean(false) }
    case "UTC", "Local": return GoMethod { _ in .object(.time(time, isPointer: false)) }
    case "Location": return GoMethod { _ in .object(.location) }
    case "Before": return comparison { .boolean(time < $0) }
    case "After": return comparison { .boolean($0 < time) }
    case "Equal": return comparison { .boolean($0 == time) }
    case "Compare": return comparison { .integer(time < $0 ? -1 : $0 < time ? 1 : 0) }
    case "Sub":
      return comparison {
        .object(.duration(GoDuration(nanoseconds: time.distance(from: $0)), isPointer: false))
      }
    case "Add": return reckoning { time.adding(nanoseconds: $0) }
    case "Truncate": return reckoning { time.truncated(to: $0) }
    case "Round": return reckoning { time.rounded(to: $0) }
    case "AddDate":
      return GoMethod(.integer, .integer, .integer) { arguments in
        let numbers = arguments.map { $0.wholeNumber ?? 0 }
        guard numbers.count == 3 else { return .invalid }
        let moved = time.adding(years: numbers[0], months: numbers[1], days: numbers[2])
        return .object(.time(moved, isPointer: false))
      }
    case "Zone", "ISOWeek":
      return GoMethod(
        refusal: "invalid function signature for \(name): second return value should be error; is int")
    case "Date", "Clock":
      return GoMethod(refusal: "function \(name) has 3 return values; should be 1 or 2")
    default: return nil
    }
  }

  private static func method(_ name: String, of duration: GoDuration) -> GoMethod? {
    func float(_ unit: Int64) -> GoMethod { GoMethod { _ in .float(duration.count(of: unit)) } }
    func whole(_ unit: Int64) -> GoMethod { GoMethod { _ in .object(.int64(duration.nanoseconds / unit)) } }
    func changed(_ change: @escaping (Int64) -> GoDuration) -> GoMethod {
      GoMethod(.duration) { .object(.duration(change($0.first?.nanoseconds ?? 0), isPointer: false)) }
    }
    switch name {
    case "String": return GoMethod { _ in .text(duration.description) }
    case "Hours": return float(3_600_000_000_000)
    case "Minutes": return float(60_000_000_000)
    case "Seconds": return float(1_000_000_000)
    case "Milliseconds": return whole(1_000_000)
    case "Microseconds": return whole(1000)
    case "Nanoseconds": return whole(1)
    case "Abs": return GoMethod { _ in .object(.duration(duration.magnitude, isPointer: false)) }
    case "Truncate": return changed { duration.truncated(to: $0) }
    case "Round": return changed { duration.rounded(to: $0) }
    default: return nil
    }
  }
}

extension TemplateValue {
  fileprivate var time: GoTime? {
    if case .object(.time(let time, _)) = self { time } else { nil }
  }

  /// Of a duration, or of a number that is written where one is wanted.
  fileprivate var nanoseconds: Int64? {
    if case .object(.duration(let duration, _)) = self { duration.nanoseconds } else { wholeNumber }
  }
}
