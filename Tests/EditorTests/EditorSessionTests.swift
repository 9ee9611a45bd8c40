import Editor
import Foundation
import Lint
import Manifests
import Testing
import TimeSeries

/// Sessions as editors have them.
@Suite struct EditorSessionTests {
  private static let template = """
    apiVersion: flagger.app/v1beta1
    kind: MetricTemplate
    metadata: {name: error-rate, namespace: test} # é😀
    spec:
      provider: {type: prometheus, address: "http://prometheus:9090"}
      query: |
        100 - rate(hits_total{namespace="{{ namespace }}", code!~"^5.*$"}[1m])
        / rate(hits_total{namespace="{{ namespace }}"}[1m]) * 100

    """
  private static let uri = "file:///project/a%20b/template.yaml"

  /// A session that has opened the template.
  private struct Editing {
    var session: EditorSession
    private var number = 0
    /// The last diagnostics of each document.
    private(set) var diagnostics: [String: [[String: Any]]] = [:]

    init(text: String? = EditorSessionTests.template, others: [ManifestSource] = [], data: LintData? = nil)
      throws
    {
      session = EditorSession(options: LintOptions(), data: data, version: "1", readFolder: { _ in others })
      let hello = try ask("initialize", ["rootUri": "file:///project/a%20b"])
      #expect((hello as? [String: Any])?["capabilities"] != nil)
      try tell("initialized", [:])
      if let text {
        try tell("textDocument/didOpen", ["textDocument": ["uri": uri, "version": 1, "text": text]])
      }
    }

    mutating func send(_ message: [String: Any]) throws -> [[String: Any]] {
      try send(bytes: Array(JSONSerialization.data(withJSONObject: message)))
    }

    mutating func send(bytes: [UInt8]) throws -> [[String: Any]] {
      var answers: [[UInt8]] = []
      #expect(session.receive(bytes) { answers.append($0) } == .goesOn)
      let objects = try answers.map {
        try #require(JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
      }
      for object in objects where object["method"] as? String == "textDocument/publishDiagnostics" {
        let parameters = try #require(object["params"] as? [String: Any])
        diagnostics[try #require(parameters["uri"] as? String)] =
          parameters["diagnostics"] as? [[String: Any]]
      }
      return objects
    }

    mutating func tell(_ method: String, _ parameters: [String: Any]) throws {
      _ = try send(["jsonrpc": "2.0", "method": method, "params": parameters])
    }

    mutating func ask(_ method: String, _ parameters: [String: Any]) throws -> Any? {
      number += 1
      let answers = try send(["jsonrpc": "2.0", "id": number, "method": method, "params": parameters])
      #expect(answers.count == 1 && answers[0]["id"] as? Int == number)
      return answers.first?["result"]
    }

    var codes: [String] { (diagnostics[uri] ?? []).compactMap { $0["code"] as? String } }

    private var uri: String { EditorSessionTests.uri }
  }

  /// The position behind the first occurrence of a text.
  private func position(behind text: String, in whole: String = template) throws -> [String: Int] {
    let end = try #require(whole.range(of: text)?.upperBound)
    let before = whole[..<end]
    let line = before.split(separator: "\n", omittingEmptySubsequences: false)
    return ["line": line.count - 1, "character": line.last?.utf16.count ?? 0]
  }

  private func place(behind text: String, in whole: String = template) throws -> [String: Any] {
    ["textDocument": ["uri": Self.uri], "position": try position(behind: text, in: whole)]
  }

  @Test func `findings come while typing and go when mended`() throws {
    var editing = try Editing()
    #expect(editing.codes.contains("MT007") && editing.codes.contains("MT005"))
    let ratio = try #require(editing.diagnostics[Self.uri]?.first { $0["code"] as? String == "MT007" })
    #expect((ratio["message"] as? String)?.contains("yields 0, not 90") == true)
    let range = try #require(ratio["range"] as? [String: [String: Int]])
    #expect(range["start"] == ["line": 6, "character": 10])
    let sound = "sum(rate(hits_total{namespace=\"{{ namespace }}\",app=\"{{ target }}\"}[1m]))"
    let text = Self.template.replacing(/100 - (?:.|\n)*\* 100/, with: sound)
    try editing.tell(
      "textDocument/didChange",
      ["textDocument": ["uri": Self.uri, "version": 2], "contentChanges": [["text": text]]])
    #expect(editing.codes.isEmpty)
    try editing.tell("textDocument/didClose", ["textDocument": ["uri": Self.uri]])
    #expect(editing.diagnostics[Self.uri]?.isEmpty == true)
  }

  @Test func `a canary on disk judges the template that is open`() throws {
    let canary = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: podinfo, namespace: test}
      spec:
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
        service: {port: 80}
        analysis:
          interval: 1m
          threshold: 5
          maxWeight: 50
          stepWeight: 10
          metrics:
          - name: error-rate
            templateRef: {name: error-rate}
            thresholdRange: {max: 1}
            interval: 1m
      """
    let text = Self.template.replacing(
      /100 - (?:.|\n)*\* 100/,
      with: "sum(rate(hits_total{namespace=\"{{ namespace }}\", code!~\"5..\"}[1m])) / "
        + "sum(rate(hits_total{namespace=\"{{ namespace }}\"}[1m]))")
    let file = ManifestSource(name: "/project/a b/canary.yaml", bytes: Array(canary.utf8))
    let editing = try Editing(text: text, others: [file])
    #expect(editing.codes.contains("MT049"))
    let direction = try #require(editing.diagnostics[Self.uri]?.first { $0["code"] as? String == "MT049" })
    let related = try #require((direction["relatedInformation"] as? [[String: Any]])?.first)
    #expect((related["location"] as? [String: Any])?["uri"] as? String == "file:///project/a%20b/canary.yaml")
  }

  @Test func `hover says what is known of a part`() throws {
    var editing = try Editing()
    let hover = try editing.ask("textDocument/hover", place(behind: "100 - ra")) as? [String: Any]
    let text = try #require((hover?["contents"] as? [String: Any])?["value"] as? String)
    #expect(
      text.contains("`rate(range-vector)`: ")
        && text.contains("- labels: no __name__, perhaps code, namespace=\"test\""))
    #expect(text.contains("100 - rate(hits_total{namespace=\"test\", code!~\"^5.*$\"}[1m])"))
    let outside = try editing.ask("textDocument/hover", place(behind: "kind: Me"))
    #expect(outside is NSNull)
  }

  @Test func `completion knows functions, variables, labels and values`() throws {
    let store = Store()
    for code in ["200", "503"] {
      try store.append(
        Labels([("__name__", "hits_total"), ("code", code)]), StoredSample(timestamp: 1000, .float(1)))
    }
    var editing = try Editing(data: LintData(source: store.snapshot(), time: 1000))
    func labels(behind text: String) throws -> [String] {
      let answer = try editing.ask("textDocument/completion", place(behind: text)) as? [String: Any]
      return (answer?["items"] as? [[String: Any]] ?? []).compactMap { $0["label"] as? String }
    }
    let functions = try labels(behind: "100 - ra")
    #expect(functions.contains("rate") && functions.contains("sum") && functions.contains("hits_total"))
    #expect(try labels(behind: "hits_total{namespace=\"{{ na").contains("namespace"))
    #expect(try labels(behind: "hits_total{namespace=\"{{ namespace }}\", co") == ["code"])
    #expect(try labels(behind: "code!~\"^5") == ["200", "503"])
    #expect(try labels(behind: "kind: Me").isEmpty)
  }

  @Test func `fixes are actions`() throws {
    var editing = try Editing()
    let start = try position(behind: "code!~\"")
    let actions =
      try editing.ask(
        "textDocument/codeAction",
        ["textDocument": ["uri": Self.uri], "range": ["start": start, "end": start], "context": [:]])
      as? [[String: Any]]
    let fix = try #require(actions?.first { ($0["title"] as? String)?.contains("MT066") == true })
    #expect(fix["isPreferred"] as? Bool == true)
    let changes = try #require((fix["edit"] as? [String: Any])?["changes"] as? [String: [[String: Any]]])
    #expect(changes[Self.uri]?.first?["newText"] as? String == "\"5.*\"")
    #expect(actions?.contains { $0["kind"] as? String == "source.fixAll" } == true)
  }

  @Test func `messages that make no sense are answered with an error`() throws {
    var editing = try Editing()
    #expect(try editing.send(bytes: Array("{".utf8)).first?["error"] != nil)
    #expect(
      try editing.send(["jsonrpc": "2.0", "id": 9, "method": "textDocument/nothing"]).first?["error"] != nil)
    #expect(
      try editing.send(["jsonrpc": "2.0", "id": "x", "method": "textDocument/hover", "params": ["a": 1]])
        .first?["error"] != nil)
    let far: [String: Any] = [
      "textDocument": ["uri": Self.uri], "position": ["line": 1_000_000, "character": -5],
    ]
    #expect(try editing.ask("textDocument/hover", far) is NSNull)
    #expect(try editing.send(["jsonrpc": "2.0", "method": "textDocument/didOpen", "params": [:]]).isEmpty)
    _ = try editing.ask("shutdown", [:])
    #expect(
      try editing.send(["jsonrpc": "2.0", "id": 7, "method": "textDocument/hover", "params": far]).first?[
        "error"] != nil)
    #expect(
      editing.session.receive(Array(#"{"jsonrpc":"2.0","method":"exit"}"#.utf8)) { _ in } == .ends(status: 0))
  }

  @Test func `messages arrive in any pieces`() throws {
    let bodies = ["{\"a\":1}", "", "{\"é\":2}"].map { Array($0.utf8) }
    let bytes = bodies.flatMap { MessageFraming.framed($0) }
    for size in 1...bytes.count {
      var framing = MessageFraming()
      var found: [[UInt8]] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        found += try framing.take(bytes[start..<min(bytes.count, start + size)])
      }
      #expect(found == bodies)
    }
    for head in [
      "Content-Length: x\r\n\r\n", "Content-Length: -1\r\n\r\n", "A: b\r\n\r\n",
      "Content-Length: 99999999999\r\n\r\n",
    ] {
      var framing = MessageFraming()
      #expect(throws: MessageFraming.Problem.self) { try framing.take(Array(head.utf8)) }
    }
  }
}
