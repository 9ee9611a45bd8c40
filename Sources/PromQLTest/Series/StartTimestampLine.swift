import TimeSeries

/// `metric{labels}@st ITEMS`: start timestamps for the sample line that follows (promqltest.md §2.7).
struct StartTimestampLine {
  let pairs: [SeriesLine.Label]
  /// Milliseconds relative to the sample of the same position; nil where omitted.
  let offsets: [Int64?]

  private static let mark = "@st"

  /// Reads a line if it is one; nil when its labels are not followed by `@st`.
  static func parse(_ text: [UInt8], maximum: Int) throws(SeriesProblem) -> StartTimestampLine? {
    let head: SeriesLabels
    // A line with broken labels is a sample line with broken labels.
    do { head = try SeriesLabels.parse(text) } catch { return nil }
    guard let rest = text[head.end...].dropping(prefix: mark),
      rest.first?.isBlank ?? true
    else { return nil }
    var offsets: [Int64?] = []
    for item in rest.split(whereSeparator: \.isBlank) {
      try append(item, to: &offsets, maximum: maximum)
    }
    return StartTimestampLine(pairs: head.pairs, offsets: offsets)
  }

  /// The offsets for a sample line. Throws when the labels or the number of items differ.
  func offsets(for line: SeriesLine) throws(HistogramSeriesProblem) -> [Int64?] {
    guard line.pairs == pairs else {
      throw HistogramSeriesProblem(
        message: "@st metric does not match the following sample line metric")
    }
    guard line.values.count == offsets.count else {
      throw HistogramSeriesProblem(
        message: "@st line has \(offsets.count) values but sample line has \(line.values.count)")
    }
    return offsets
  }

  /// `_`, `_xN`, `D`, `DxN`, `D+ExN`, `D-ExN`.
  private static func append(
    _ item: ArraySlice<UInt8>, to offsets: inout [Int64?], maximum: Int
  ) throws(SeriesProblem) {
    func problem(_ reason: String) -> SeriesProblem {
      SeriesProblem(
        offset: item.startIndex,
        "invalid @st sequence: invalid ST item \(GoText.quoted(item)): \(reason)")
    }
    var cursor = item
    let isOmitted = cursor.first == UInt8(ascii: "_")
    var first: Int64 = 0
    var step: Int64?
    if isOmitted {
      cursor = cursor.dropFirst()
    } else {
      guard let value = takeDuration(&cursor, sign: .optional) else {
        throw problem("expected _ or a duration with one unit, like -30s")
      }
      first = value
      step = takeDuration(&cursor, sign: .required)
    }
    var count = 1
    if cursor.first == UInt8(ascii: "x"), let number = try? GoNumber.unsigned(cursor.dropFirst()) {
      count = Int(clamping: number)
      if isOmitted, count == 0 { throw problem("expected at least one repetition") }
      if !isOmitted { count = count == .max ? count : count + 1 }
    } else if !cursor.isEmpty || step != nil {
      throw problem("expected xN")
    }
    guard count <= maximum - offsets.count else { throw problem("too many values") }
    var value = first
    for index in 0..<count {
      if index > 0, let step { value = value.addingReportingOverflow(step).partialValue }
      offsets.append(isOmitted ? nil : value)
    }
  }

  private enum Sign { case optional, required }

  /// A sign, digits and one unit; nil when they are not there (the cursor then stays).
  private static func takeDuration(_ cursor: inout ArraySlice<UInt8>, sign: Sign) -> Int64? {
    var rest = cursor
    let hasSign = rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+")
    if sign == .required, !hasSign { return nil }
    let isNegative = rest.first == UInt8(ascii: "-")
    if hasSign { rest = rest.dropFirst() }
    let digits = rest.prefix(while: \.isDigit)
    let unit = rest.dropFirst(digits.count).prefix {
      $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z") && $0 != UInt8(ascii: "x")
    }
    let text = digits + unit
    // A bare 0 is a duration too.
    guard let length = try? TimeSeries.DurationText.milliseconds(text) else { return nil }
    cursor = rest.dropFirst(text.count)
    return isNegative ? -length : length
  }
}
