import Evaluator
import PromQL
import TimeSeries

/// What `/series`, `/labels` and `/label/NAME/values` were asked (http-api.md §8).
struct SeriesParameters: Sendable {
  /// One selection for each `match[]`, or one of everything.
  private let selections: [Selection]
  private let limit: Int

  /// Reads the parameters of `/labels` and `/label/NAME/values`.
  init(labels form: FormValues) throws(APIError) {
    try self.init(form, matchName: nil, requiresMatch: false)
  }

  /// Reads the parameters of `/series`.
  init(series form: FormValues) throws(APIError) {
    if let problem = form.problem { throw .badData("error parsing form values: \(problem)") }
    guard !form.all("match[]").isEmpty else { throw .badData("no match[] parameter provided") }
    try self.init(form, matchName: "match[]", requiresMatch: true)
  }

  private init(
    _ form: FormValues, matchName: String?, requiresMatch: Bool
  ) throws(APIError) {
    limit = try form.limit()
    let start = try form.time("start", default: .min)
    let end = try form.time("end", default: .max)
    let after = start == .min ? .min : start - 1
    var selections: [Selection] = []
    for text in form.all("match[]") {
      let matchers = try Self.matchers(text, named: matchName)
      selections.append(Selection(matchers: matchers, after: after, through: end))
    }
    self.selections =
      selections.isEmpty
      ? [Selection(matchers: [], after: after, through: end)] : selections
  }

  private static func matchers(
    _ text: [UInt8], named name: String?
  ) throws(APIError) -> [LabelMatcher] {
    let problem: String
    do {
      let matchers = try Expression.matchers(ofSelector: text)
      if matchers.contains(where: { !$0.acceptsEmpty }) { return matchers }
      problem = "match[] must contain at least one non-empty matcher"
    } catch {
      problem = error.description
    }
    throw name.map { .parameter($0, problem) } ?? .badData(problem)
  }

  /// The labels of the selected series, in label order, no two alike.
  private func series(
    in source: any SeriesSource, _ memory: MemoryAccount, _ cancellation: Cancellation
  ) throws(APIError) -> [Labels] {
    do {
      var first: [Labels] = []
      var all: Set<Labels> = []
      for (index, selection) in selections.filter({ $0.after < $0.through }).enumerated() {
        if let end = APIError(cancellation) { throw end }
        let selected = try source.select(selection)
        try memory.take(64 * selected.count)
        let labels = selected.labels
        if index == 0 {
          first = labels
          continue
        }
        if index == 1 { all = Set(first) }
        let before = all.count
        all.formUnion(labels)
        memory.giveBack(64 * (selected.count - (all.count - before)))
      }
      return all.isEmpty ? first : Array(all).sorted()
    } catch {
      throw Self.error(error)
    }
  }

  private static func error(_ error: any Error) -> APIError {
    switch error {
    case let error as APIError: error
    case let shortage as MemoryShortage: APIError(shortage)
    default: APIError(kind: .execution, message: "\(error)")
    }
  }

  private func take(_ bytes: Int, from memory: MemoryAccount) throws(APIError) {
    do { try memory.take(bytes) } catch { throw APIError(error) }
  }

  /// Answers `/series`.
  func seriesAnswer(
    _ source: any SeriesSource, _ memory: MemoryAccount, _ cancellation: Cancellation
  ) throws(APIError) -> APIAnswer {
    let series = try series(in: source, memory, cancellation)
    var writer = ByteWriter(capacity: 4096)
    writer.append(UInt8(ascii: "["))
    for (index, labels) in series.prefix(limit).enumerated() {
      if index > 0 { writer.append(UInt8(ascii: ",")) }
      try take(2 * labels.bytes.count + 16, from: memory)
      writer.append(metric: labels)
    }
    writer.append(UInt8(ascii: "]"))
    return answer(writer, isCut: series.count > limit, memory)
  }

  /// Answers `/labels`: the names that the selected series have.
  func namesAnswer(
    _ source: any SeriesSource, _ memory: MemoryAccount, _ cancellation: Cancellation
  ) throws(APIError) -> APIAnswer {
    try answer(memory, cancellation) { try source.labelNames($0) }
  }

  /// Answers `/label/NAME/values`: the values that a label has in the selected series.
  func valuesAnswer(
    _ name: [UInt8], _ source: any SeriesSource, _ memory: MemoryAccount, _ cancellation: Cancellation
  ) throws(APIError) -> APIAnswer {
    try answer(memory, cancellation) { try source.labelValues(of: name, $0) }
  }

  private func answer(
    _ memory: MemoryAccount, _ cancellation: Cancellation,
    _ list: (Selection) throws -> [ArraySlice<UInt8>]
  ) throws(APIError) -> APIAnswer {
    let texts: [ArraySlice<UInt8>]
    do {
      texts = try Listing.merged(selections.filter { $0.after < $0.through }, memory) { selection in
        if let end = APIError(cancellation) { throw end }
        return try list(selection)
      }
    } catch {
      throw Self.error(error)
    }
    var writer = ByteWriter(capacity: 4096)
    writer.append(UInt8(ascii: "["))
    for (index, text) in texts.prefix(limit).enumerated() {
      if index > 0 { writer.append(UInt8(ascii: ",")) }
      try take(2 * text.count + 64, from: memory)
      writer.append(string: text, .html)
    }
    writer.append(UInt8(ascii: "]"))
    return answer(writer, isCut: texts.count > limit, memory)
  }

  private func answer(
    _ writer: consuming ByteWriter, isCut: Bool, _ memory: MemoryAccount
  ) -> APIAnswer {
    var answer = APIAnswer(data: writer.finish(), warnings: isCut ? [APIAnswer.truncated] : [])
    answer.data.memory = memory
    return answer
  }
}
