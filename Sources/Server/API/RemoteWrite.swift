internal import Recording
public import Scrape
import Synchronization
public import TimeSeries

/// Takes what remote-write senders push into a store (remote-storage.md §9).
public final class RemoteWrite: Sendable {
  private let store: Store
  private let now: @Sendable () -> Int64
  private let confirm: @Sendable () throws -> Void
  private let memory: MemoryBudget
  private let known = KnownLabels()
  private let metadata = Mutex(Metadata())

  private struct Metadata {
    var families: [String: MetricFamily] = [:]
    /// Of the texts of all.
    var bytes = 0
  }

  /// More families than this are not remembered, nor more bytes of their texts.
  private static let familyLimit = 100_000
  private static let familyBytes = 16 << 20
  /// A sample may be so far ahead of the clock, milliseconds.
  private static let lead: Int64 = 600_000

  /// - Parameters:
  ///   - now: milliseconds since the epoch.
  ///   - memory: what requests may hold decoded, each and all together.
  ///   - confirm: called when samples are in the store and before they are acknowledged; what it throws is
  ///     answered as the server's fault, so that the sender sends them again.
  public init(
    into store: Store, now: @escaping @Sendable () -> Int64, memory: MemoryBudget = .unlimited,
    confirm: @escaping @Sendable () throws -> Void = {}
  ) {
    self.memory = memory
    self.store = store
    self.now = now
    self.confirm = confirm
  }

  /// What senders said about their metrics, by name.
  public var families: [MetricFamily] {
    metadata.withLock { $0.families.values.sorted { $0.name < $1.name } }
  }

  func respond(to request: ServerRequest, _ refusals: Refusals = Refusals()) -> ServerResponse {
    let encoding = request.headers["Content-Encoding"] ?? ""
    guard encoding.isEmpty || encoding.lowercased() == "snappy" else {
      return .refusal(
        415, "\(encoding) encoding (compression) is not accepted by this server; only snappy is acceptable")
    }
    if request.body.count > WriteRequest.sizeLimit {
      return .refusal(413, "request body exceeds the \(WriteRequest.sizeLimit) bytes limit")
    }
    let message: WriteMessage
    switch Self.message(of: request.headers["Content-Type"] ?? "") {
    case .success(let found): message = found
    case .failure(let problem): return .refusal(415, problem.description)
    }
    do {
      // Held by the request until its samples are in the store.
      var written = try WriteRequest(
        request.body, message: message, known: known, memory: MemoryAccount(memory))
      remember(written.families)
      return switch message {
      case .one: storeAll(&written, refusals)
      case .two: storeGood(written, refusals)
      }
    } catch {
      if let shortage = error.shortage {
        refusals.add(shortage.isShared ? .bodies : .bodySize, shortage.description)
        return answer(
          shortage.isShared ? 503 : 413, shortage.description, message, PushedOutcome(), exemplars: 0)
      }
      return answer(400, error.description, message, PushedOutcome(), exemplars: 0)
    }
  }

  /// Parameters are split without trimming, as Prometheus does.
  private static func message(of type: String) -> Result<WriteMessage, WriteRequest.Problem> {
    let parts = type.split(separator: ";", omittingEmptySubsequences: false)
    guard type.isEmpty || parts[0].trimmingBlanks == "application/x-protobuf" else {
      return .failure(
        WriteRequest.Problem(
          "expected application/x-protobuf as the first (media) part, got \(type) content-type"))
    }
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else {
        return .failure(
          WriteRequest.Problem(
            "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected "
              + "parameters to be key-values, got \(part) in \(type) content-type"))
      }
      guard pair[0] == "proto" else { continue }
      switch pair[1] {
      case "prometheus.WriteRequest": return .success(.one)
      case "io.prometheus.write.v2.Request": return .success(.two)
      default:
        return .failure(
          WriteRequest.Problem(
            "got \(type) content type; unknown type for remote write protobuf message \(pair[1]), supported: "
              + "prometheus.WriteRequest, io.prometheus.write.v2.Request"))
      }
    }
    return .success(.one)
  }

  /// 1.0: series with invalid labels are left out without a word; the first refused sample undoes all.
  private func storeAll(_ written: inout WriteRequest, _ refusals: Refusals) -> ServerResponse {
    var batch: [PushedSeries] = []
    var numbers: [Int] = []
    batch.reserveCapacity(written.entries.count)
    numbers.reserveCapacity(written.entries.count)
    let latest = now() + Self.lead
    for (number, entry) in written.entries.enumerated() {
      guard case .success(let labels) = entry.labels else { continue }
      batch.append(PushedSeries(labels: labels, samples: entry.samples, reference: entry.reference))
      numbers.append(number)
    }
    let outcome = store.append(&batch, allOrNone: true, latest: latest)
    written.note(batch, of: numbers, in: known, store)
    if let limit = outcome.limit {
      refusals.add(.storeSize, "\(limit)")
      return .refusal(500, "\(limit)")
    }
    if let refusal = outcome.refusals.first {
      return .refusal(400, written.entries[numbers[refusal.entry]].words(for: refusal))
    }
    do { try confirm() } catch { return .refusal(500, "\(error)") }
    return ServerResponse(status: 204)
  }

  /// 2.0: the good part is kept, what is wrong is told, and what was written is counted in headers.
  private func storeGood(_ written: WriteRequest, _ refusals: Refusals) -> ServerResponse {
    var batch: [PushedSeries] = []
    var numbers: [Int] = []
    var exemplars = 0
    let latest = now() + Self.lead
    for (number, entry) in written.entries.enumerated() {
      guard case .success(let labels) = entry.labels, !entry.samples.isEmpty else { continue }
      exemplars += entry.exemplarTimes.count { $0 <= latest }
      batch.append(PushedSeries(labels: labels, samples: entry.samples))
      numbers.append(number)
    }
    let outcome = store.append(batch, allOrNone: false, latest: latest)
    if let limit = outcome.limit {
      refusals.add(.storeSize, "\(limit)")
      return answer(500, "\(limit)", .two, PushedOutcome(), exemplars: 0)
    }
    do { try confirm() } catch { return answer(500, "\(error)", .two, PushedOutcome(), exemplars: 0) }
    var refused: [Int: [PushedOutcome.Refusal]] = [:]
    for refusal in outcome.refusals { refused[numbers[refusal.entry], default: []].append(refusal) }
    var problems = WriteProblems()
    for (number, entry) in written.entries.enumerated() { problems.add(entry, refused[number] ?? []) }
    return answer(
      problems.isEmpty ? 204 : 400, problems.isEmpty ? nil : problems.text, .two, outcome,
      exemplars: exemplars)
  }

  private func answer(
    _ status: Int, _ text: String?, _ message: WriteMessage, _ outcome: PushedOutcome, exemplars: Int
  ) -> ServerResponse {
    var response = text.map { ServerResponse.refusal(status, $0) } ?? ServerResponse(status: status)
    if message == .two {
      response.headers["X-Prometheus-Remote-Write-Samples-Written"] = "\(outcome.floats)"
      response.headers["X-Prometheus-Remote-Write-Histograms-Written"] = "\(outcome.histograms)"
      response.headers["X-Prometheus-Remote-Write-Exemplars-Written"] = "\(exemplars)"
    }
    return response
  }

  private func remember(_ families: [MetricFamily]) {
    guard !families.isEmpty else { return }
    metadata.withLock { known in
      for family in families {
        let old = known.families[family.name]
        let bytes = known.bytes + family.textSize - (old?.textSize ?? 0)
        guard bytes <= Self.familyBytes, old != nil || known.families.count < Self.familyLimit else {
          continue
        }
        known.families[family.name] = family
        known.bytes = bytes
      }
    }
  }
}

extension MetricFamily {
  /// Bytes.
  fileprivate var textSize: Int { name.utf8.count + help.utf8.count + unit.utf8.count }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}

extension WriteRequest.Entry {
  /// Why a sample of it was refused, in Prometheus' words.
  fileprivate func words(for refusal: PushedOutcome.Refusal) -> String {
    if case .invalidHistogram = refusal.error, let problem = problems[refusal.position] {
      return problem.description
    }
    return refusal.error.words
  }
}

/// What is wrong with a request of 2.0, in Prometheus' words and in the order in which it looks; a long text
/// ends with how many more there are.
private struct WriteProblems {
  private var lines = ""
  private var more = 0

  /// Nothing is told after so many bytes: few bytes of a request can be wrong a million times.
  private static let limit = 1 << 16

  var isEmpty: Bool { lines.isEmpty }
  var text: String { more == 0 ? lines : lines + "\n… and \(more) more" }

  /// - Parameter refusals: of the entry's samples.
  mutating func add(_ entry: WriteRequest.Entry, _ refusals: [PushedOutcome.Refusal]) {
    if case .failure(let problem) = entry.labels { return add(problem.description) }
    if entry.samples.isEmpty {
      return add("TimeSeries must contain at least one sample or histogram for series \(entry.text)")
    }
    for refusal in refusals { add("\(entry.words(for: refusal)) for series \(entry.text)") }
    for problem in entry.exemplarProblems { add("parsing exemplar for series \(entry.text): \(problem)") }
    if let problem = entry.metadataProblem { add(problem.description) }
  }

  private mutating func add(_ line: @autoclosure () -> String) {
    guard lines.utf8.count < Self.limit else {
      more += 1
      return
    }
    lines += (lines.isEmpty ? "" : "\n") + line()
  }
}
