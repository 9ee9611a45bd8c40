import Foundation
import Loopback
import Testing

/// Commands that ask a server instead of reading a recording.
@Suite struct RemoteToolTests {
  private static let body = Tool.root.appending(
    path: "Tests/RecordingTests/Bodies/http_requests_10m.chunks.bin")

  private func withRemote(_ run: (String) throws -> Void) throws {
    let bytes = try [UInt8](Data(contentsOf: Self.body))
    let server = try LoopbackServer { request in
      guard request.line.hasPrefix("POST /api/v1/read "), request.headers["authorization"] == "Bearer t0ken"
      else {
        return LoopbackServer.reply(Array("go away".utf8), status: "401 Unauthorized")
      }
      return LoopbackServer.reply(
        bytes,
        headers: ["Content-Type: application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"])
    }
    defer { server.stop() }
    let token = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try "t0ken\n".write(to: token, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: token) }
    try run("--remote-read \(server.url) --token-file \(token.path())")
  }

  @Test func `a remote answers as its saved body does`() throws {
    try withRemote { remote in
      let file = "--data \(Self.body.path())"
      let commands = [
        "inspect", "query 'sum(http_requests_total)' --time 1748736300",
        "query http_requests_total --start 1748736300 --end 1748736600 --format csv",
        "explain 'rate(http_requests_total[5m])' --time 1748736600",
      ]
      for command in commands {
        let path = command == "inspect" ? Self.body.path() : file
        let offline = try Tool.run(shell: "promgate \(command) \(path)")
        let live = try Tool.run(shell: "promgate \(command) \(remote)")
        #expect(live.status == 0 && offline.status == 0, "\(live.text)")
        // Only the format has another name.
        func lines(_ text: String) -> [Substring] {
          text.split(separator: "\n").filter { !$0.hasPrefix("format") }
        }
        #expect(lines(live.text) == lines(offline.text) && !lines(live.text).isEmpty)
      }
    }
  }

  @Test func `without its credentials the remote's refusal is shown`() throws {
    try withRemote { remote in
      let url = remote.split(separator: " ")[1]
      let run = try Tool.run(shell: "promgate query up --remote-read \(url)")
      #expect(run.status == 2 && run.text.contains("returned http status 401 Unauthorized: go away"))
    }
    let wrongs = [
      "--data x --remote-read http://a", "--remote-read http://a --prometheus http://b",
      "--remote-read http://a --user me", "--data x --external-label a=b",
      "--remote-read http://a --header nothing",
    ]
    for wrong in wrongs {
      #expect(try Tool.run(shell: "promgate query up \(wrong)").status == 2, "\(wrong)")
    }
  }

  @Test func `a whole query is handed over, and the answer shown`() throws {
    let server = try LoopbackServer { request in
      guard request.line == "POST /prefix/api/v1/query HTTP/1.1", request.body.contains("query=sum") else {
        let error = #"{"status":"error","errorType":"bad_data","error":"no such thing"}"#
        return LoopbackServer.reply(Array(error.utf8), status: "400 Bad Request")
      }
      let answer =
        #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[7,"+Inf"]}]},"warnings":["careful"]}"#
      return LoopbackServer.reply(Array(answer.utf8))
    }
    defer { server.stop() }
    let table = try Tool.run(shell: "promgate query 'sum(x)' --prometheus \(server.url)/prefix/ --time 7")
    #expect(table.text == "warning: careful\nA  VALUE\nb   +Inf\n")
    let json = try Tool.run(shell: "promgate query 'sum(x)' --prometheus \(server.url)/prefix --format json")
    #expect(json.text.hasPrefix(#"{"status":"success""#) && json.status == 0)
    let refused = try Tool.run(shell: "promgate query y --prometheus \(server.url)")
    #expect(refused.status == 2 && refused.text.contains("error: bad_data: no such thing"))
  }
}
