import Foundation
import Loopback
import Recording
import Scrape
import Synchronization
import Testing
import TimeSeries

/// Answers of remote read: saved bodies of real servers, and a server that answers with them.
@Suite struct RemoteReadTests {
  private static let bodies = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Bodies")
  private static let shared = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared/fixtures/remote-read")

  private static let everything = Selection(matchers: [], after: .min, through: .max)

  /// Every sample as text, by series: floats by their bits, histograms whole.
  private static func samples(
    _ source: some SeriesSource, _ selection: Selection = everything, zeros: Bool = false
  ) throws -> [String: [String]] {
    let all = try source.select(selection)
    var found: [String: [String]] = [:]
    for row in all.labels.indices {
      let samples = try all.samples(row)
      let histograms = Dictionary(
        uniqueKeysWithValues: zip(samples.histograms?.positions ?? [], samples.histograms?.histograms ?? []))
      found[all.labels[row].description] = (0..<samples.count).map { position in
        // A sign of zero does not survive the encoding of samples.
        let raw = samples.values[position]
        let value = raw == 0 ? 0 : raw.isNaN ? .nan : raw
        let stale = samples.staleMarkers.contains(position)
        let text = stale ? "stale" : histograms[position].map { "\($0)" } ?? "\(value)"
        return "\(samples.timestamp(position)) \(text)"
      }
    }
    return found
  }

  /// The first thing in which two answers differ; nil when they are the same.
  private static func difference(_ one: [String: [String]], _ other: [String: [String]]) -> String? {
    for key in Set(one.keys).union(other.keys).sorted() where one[key] != other[key] {
      let (left, right) = (one[key] ?? [], other[key] ?? [])
      let pair = zip(left, right).first { $0 != $1 }
      return "\(key): \(left.count) and \(right.count) samples, \(pair.map { "\($0.0) and \($0.1)" } ?? "")"
    }
    return nil
  }

  private static func open(_ path: URL) throws -> RecordedSeries {
    try RecordedSeries.open(path: path.path())
  }

  @Test(arguments: ["http_requests_10m", "external-labels", "blocks-3.5.3.native", "two-queries"])
  func `both encodings of an answer hold the same`(name: String) throws {
    let samples = try Self.samples(Self.open(Self.bodies.appending(path: "\(name).samples.bin")))
    let chunks = try Self.samples(Self.open(Self.bodies.appending(path: "\(name).chunks.bin")))
    #expect(Self.difference(samples, chunks) == nil)
    #expect(samples.values.reduce(0) { $0 + $1.count } > 20)
  }

  @Test func `bodies say what they are, and hold what the server answered by its query API`() throws {
    guard FileManager.default.fileExists(atPath: Self.shared.path()) else {
      return print("remote read: the recordings are absent, skipped")
    }
    for name in ["all", "http_requests"] {
      let answer = try Self.samples(Self.open(Self.shared.appending(path: "\(name).query.json")))
      for encoding in ["samples", "chunks"] {
        let body = try Self.open(Self.shared.appending(path: "\(name).\(encoding).response.bin"))
        #expect(body.facts.format == (encoding == "samples" ? "remote-read" : "remote-read-chunks"))
        // The query API leaves stale markers out.
        let found = try Self.samples(body).mapValues { $0.filter { !$0.hasSuffix("stale") } }.filter {
          !$0.value.isEmpty
        }
        #expect(Self.difference(found, answer) == nil, "\(name) \(encoding)")
      }
    }
  }

  @Test func `damaged bodies are errors that say where, and never crash`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    var refused = 0
    for name in [
      "http_requests_10m.chunks", "http_requests_10m.samples", "blocks-3.5.3.native.chunks",
      "blocks-3.5.3.native.samples",
    ] {
      let body = try Data(contentsOf: Self.bodies.appending(path: "\(name).bin"))
      var random = SystemRandomNumberGenerator()
      for round in 0..<400 {
        var damaged = body
        let at = Int.random(in: 0..<damaged.count, using: &random)
        if round % 4 == 0 {
          damaged = damaged.prefix(at)
        } else {
          damaged[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        try damaged.write(to: file)
        do {
          let recording = try Self.open(file)
          _ = try Self.samples(recording)
          // A frame has a checksum: of its bytes none may change unseen.
          #expect(
            !name.hasSuffix("chunks") || round % 4 == 0 || recording.facts.format != "remote-read-chunks",
            "\(name) byte \(at)")
        } catch let error as RecordingError {
          refused += 1
          #expect(error.path == file.path() && !error.reason.isEmpty)
        }
      }
    }
    #expect(refused > 700)
  }

  @Test func `a snappy block that lies about its length costs no memory`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    // 4 GB announced, a literal of twelve bytes that begins as an answer does.
    let bytes: [UInt8] = [
      0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 11 << 2, 0x0A, 0x0A, 0x0A, 8, 0x0A, 6, 0x0A, 1, 97, 0x12, 1, 98,
    ]
    try Data(bytes).write(to: file)
    #expect { try Self.open(file) } throws: { error in
      "\(error)".contains("snappy:")
    }
  }

  // MARK: A server

  /// Answers with a saved body; keeps the requests.
  private static func serving(
    _ name: String, contentType: String, status: String = "200 OK",
    _ body: (String, @escaping @Sendable () -> [LoopbackServer.Request]) throws -> Void
  ) throws {
    let bytes = try [UInt8](Data(contentsOf: bodies.appending(path: name)))
    let seen = Gathered()
    let server = try LoopbackServer { request in
      seen.requests.withLock { $0.append(request) }
      return LoopbackServer.reply(bytes, status: status, headers: ["Content-Type: \(contentType)"])
    }
    defer { server.stop() }
    try body(server.url) { seen.requests.withLock { $0 } }
  }

  private final class Gathered: Sendable {
    let requests = Mutex<[LoopbackServer.Request]>([])
  }

  private static let chunked = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"

  @Test func `a selection is asked as Prometheus asks, and cut to its time`() throws {
    try Self.serving("http_requests_10m.chunks.bin", contentType: Self.chunked) { url, requests in
      let reader = try RemoteReader(RemoteOptions(url: url + "/api/v1/read"))
      let file = try Self.open(Self.bodies.appending(path: "http_requests_10m.chunks.bin"))
      let whole = try #require(file.facts.timeRange)
      let part = Selection(
        matchers: [LabelMatcher("__name__", equals: "http_requests_total")], after: whole.lowerBound,
        through: whole.upperBound - 1)
      let all = try reader.select(part)
      #expect(!all.labels.isEmpty)
      for row in all.labels.indices {
        let samples = try all.samples(row)
        #expect(samples.timestamp(0) > part.after && samples.timestamp(samples.count - 1) <= part.through)
      }
      let request = try #require(requests().first)
      #expect(request.line == "POST /api/v1/read HTTP/1.1")
      #expect(request.headers["content-encoding"] == "snappy")
      #expect(request.headers["content-type"] == "application/x-protobuf")
      #expect(request.headers["x-prometheus-remote-read-version"] == "0.1.0")
      #expect(request.body.contains("http_requests_total"))
    }
  }

  @Test func `external labels are asked for and taken away`() throws {
    try Self.serving("external-labels.samples.bin", contentType: "application/x-protobuf") { url, requests in
      let plain = try RemoteReader(RemoteOptions(url: url))
      let labels = try plain.select(Self.everything).labels
      let external = try #require(labels.first?.pairs.last)
      let reader = try RemoteReader(
        RemoteOptions(url: url, externalLabels: [(external.name, external.value)]))
      let found = try reader.select(Self.everything)
      #expect(found.labels.count > 0 && found.labels.allSatisfy { $0[external.name] == nil })
      #expect(requests().last?.body.contains(external.value) == true)
    }
  }

  @Test func `several selections are asked at once`() throws {
    let bytes = try [UInt8](Data(contentsOf: Self.bodies.appending(path: "two-queries.chunks.bin")))
    let waiting = Mutex(0)
    let most = Mutex(0)
    let server = try LoopbackServer { _ in
      let now = waiting.withLock { count in
        count += 1
        return count
      }
      most.withLock { $0 = max($0, now) }
      // Until the others are there too.
      for _ in 0..<200 where waiting.withLock({ $0 }) < 3 { usleep(10_000) }
      return LoopbackServer.reply(bytes, headers: ["Content-Type: \(Self.chunked)"])
    }
    defer { server.stop() }
    let reader = try RemoteReader(RemoteOptions(url: server.url))
    let answers = try reader.select([Self.everything, Self.everything, Self.everything])
    #expect(answers.count == 3 && answers.allSatisfy { $0.labels.count == 4 })
    #expect(most.withLock { $0 } == 3)
  }

  @Test func `failures say what the server said, and those that may pass are tried again`() throws {
    for (status, tries) in [
      ("500 Internal Server Error", 3), ("429 Too Many Requests", 3), ("400 Bad Request", 1),
    ] {
      try Self.serving("none.samples.bin", contentType: "text/plain", status: status) { url, requests in
        let reader = try RemoteReader(RemoteOptions(url: url, retries: 2))
        #expect { try reader.select(Self.everything) } throws: {
          "\($0)".contains("returned http status \(status)")
        }
        #expect(requests().count == tries)
      }
    }
    try Self.serving("none.samples.bin", contentType: "text/html") { url, _ in
      let reader = try RemoteReader(RemoteOptions(url: url))
      #expect { try reader.select(Self.everything) } throws: {
        "\($0)".contains("unsupported content type: text/html")
      }
    }
    try Self.serving("none.samples.bin", contentType: "application/x-protobuf") { url, _ in
      let reader = try RemoteReader(RemoteOptions(url: url))
      #expect(try reader.select(Self.everything).labels.isEmpty)
    }
    #expect(throws: RemoteError.self) { try RemoteReader(RemoteOptions(url: "http://")) }
  }

  @Test func `credentials and headers go along, and no password shows in a message`() throws {
    try Self.serving("none.samples.bin", contentType: "text/plain", status: "403 Forbidden") {
      url, requests in
      let access = HTTPAccess(
        authorization: .bearer("secret"), headers: [HTTPRequest.Header("X-Scope-OrgID", "team")])
      let address = url.replacing("http://", with: "http://me:hidden@")
      let reader = try RemoteReader(RemoteOptions(url: address, access: access))
      #expect { try reader.select(Self.everything) } throws: { !"\($0)".contains("hidden") }
      let request = try #require(requests().first)
      #expect(
        request.headers["authorization"] == "Bearer secret" && request.headers["x-scope-orgid"] == "team")
    }
  }

  @Test func `the code of the messages is what their file says`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "command -v protoc-c >/dev/null || exit 77; exec scripts/generate-remote \(folder.path())",
    ]
    process.currentDirectoryURL = root
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus != 77 else { return print("protobuf-c-compiler is absent, skipped") }
    #expect(process.terminationStatus == 0)
    // The first lines name the compiler's version.
    func code(_ file: URL) throws -> [Substring] {
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter {
        !$0.contains("Generated") && !$0.contains("PROTOBUF_C_VERSION") && !$0.contains("PROTOBUF_C_MIN")
      }
    }
    for file in ["remote.pb-c.c", "include/remote.pb-c.h"] {
      #expect(
        try code(folder.appending(path: file)) == code(root.appending(path: "Sources/CRemote/\(file)")),
        "\(file)")
    }
  }
}
