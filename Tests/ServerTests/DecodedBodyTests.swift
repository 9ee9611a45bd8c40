import Server
import Testing
import TimeSeries

/// What bodies become, and how long answers may take that are no queries.
@Suite struct DecodedBodyTests {
  private static func varint(_ number: Int) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// A snappy block of a unit again and again, in a twentieth of its size.
  private static func repeated(_ unit: [UInt8], _ size: Int, behind head: [UInt8] = []) -> [UInt8] {
    let literal = head + unit
    var block = varint(head.count + size) + [UInt8((literal.count - 1) << 2)] + literal
    var left = size - unit.count
    while left > 0 {
      let count = min(64, left)
      block += [UInt8((count - 1) << 2 | 2), UInt8(unit.count), 0]
      left -= count
    }
    return block
  }

  private static let size = 4 << 20

  /// What takes much more when it is decoded.
  private static let bombs: [(body: [UInt8], version: Int)] = [
    (repeated([0x0A, 0], size), 1), (repeated([0x1A, 0], size), 1), (repeated([0x0A, 2, 0x12, 0], size), 1),
    (repeated([0x0A, 2, 0x0A, 0], size), 1), (repeated([0x0A, 2, 0x22, 0], size), 1),
    (repeated([0x12, 0], size, behind: [0x0A] + varint(size)), 1),
    (repeated([0x0A, 0], size, behind: [0x0A] + varint(size)), 1),
    (repeated([0x2A, 0], size), 2), (repeated([0x22, 0], size), 2), (repeated([0x2A, 2, 0x12, 0], size), 2),
    (repeated([0x12, 0], size, behind: [0x2A] + varint(size)), 2),
    (repeated([0x22, 0], size, behind: [0x2A] + varint(size)), 2),
  ]

  private func write(_ api: PrometheusAPI, _ body: [UInt8], version: Int) async -> (status: Int, text: String)
  {
    let type = "application/x-protobuf" + (version == 2 ? ";proto=io.prometheus.write.v2.Request" : "")
    let response = await api.respond(
      to: ServerRequest(
        .post, "/api/v1/write",
        headers: HTTPFields([("Content-Type", type), ("Content-Encoding", "snappy")]), body: body))
    return (response.status, String(decoding: response.body.bytes, as: UTF8.self))
  }

  /// Of one series with one sample, 0 at 0.
  private static let small: [UInt8] =
    varint(19) + [18 << 2] + [0x0A, 17, 0x0A, 13, 0x0A, 8] + Array("__name__".utf8) + [
      0x12, 1, 0x61, 0x12, 0,
    ]

  @Test func `what a body is decoded to is asked for before it is made`() async {
    for (number, bomb) in Self.bombs.enumerated() {
      for (each, all, status) in [(8 << 20, 64 << 20, 413), (512 << 20, 8 << 20, 503)] {
        let budget = MemoryBudget(each: each, all: all, names: .bodies)
        let store = Store()
        let api = PrometheusAPI(
          options: PrometheusAPI.Options(), now: { 0 },
          writer: RemoteWrite(into: store, now: { 0 }, memory: budget)
        ) { store.snapshot() }
        let answer = await write(api, bomb.body, version: bomb.version)
        #expect(answer.status == status, "bomb \(number): \(answer)")
        #expect(answer.text.contains("--max-bodies-size raises the limit"), "bomb \(number): \(answer)")
        #expect(budget.held == 0)
        #expect(await write(api, Self.small, version: 1).status == 204)
      }
    }
  }

  @Test func `a remote read's question is asked for, too`() async {
    let store = Store()
    var options = PrometheusAPI.Options()
    options.memory = MemoryBudget(each: 8 << 20, all: 64 << 20)
    let api = PrometheusAPI(options: options, now: { 0 }) { store.snapshot() }
    let response = await api.respond(
      to: ServerRequest(.post, "/api/v1/read", body: Self.repeated([0x0A, 0], Self.size)))
    #expect(response.status == 422)
    #expect(options.memory.held == 0)
  }

  @Test func `many selectors end with the time of a query`() async throws {
    let endpoint = Endpoint { $0.queryTimeout = .zero }
    try endpoint.add([("__name__", "m")], at: 999_000, 1)
    let selectors = Array(repeating: "match[]=m", count: 5_000).joined(separator: "&")
    let type = [("Content-Type", "application/x-www-form-urlencoded")]
    for path in ["/api/v1/series", "/api/v1/labels"] {
      let answer = await endpoint.send(.post, path, type, body: selectors)
      #expect(answer.status == 503, "\(path)")
      #expect(String(decoding: answer.body.bytes, as: UTF8.self).contains("--query-timeout"))
    }
    for path in ["/federate", "/api/v1/label/m/values"] {
      let answer = await endpoint.get("\(path)?\(selectors)")
      #expect(answer.status == 503, "\(path)")
    }
  }

  @Test func `many selectors end when nobody waits for them`() async throws {
    let endpoint = Endpoint()
    for number in 0..<200 { try endpoint.add([("__name__", "m"), ("i", "\(number)")], at: 999_000, 1) }
    let selectors = Array(repeating: "match[]=m", count: 5_000).joined(separator: "&")
    for path in ["/api/v1/series", "/api/v1/label/i/values", "/federate"] {
      let task = Task { await endpoint.get("\(path)?\(selectors)") }
      task.cancel()
      #expect(await task.value.status == 499, "\(path)")
    }
  }
}
