import Foundation
import Testing

/// What a cluster makes of a manifest, and what the tool says of it.
@Suite struct ManifestToolTests {
  private func withFile(_ analysis: String, _ body: (String) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + ".yaml")
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: podinfo, namespace: test}
      spec:
        provider: kubernetes
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
        service: {port: 80}
        analysis:
          interval: 30s
          threshold: 3
          iterations: 3
      \(analysis)
      """
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file.path())
  }

  private static let data = "--data Examples/recordings/good.om.gz"

  @Test func `metrics left empty are an error of lint, and promoted unchecked by gate and replay`() throws {
    try withFile("    metrics:\n") { file in
      let lint = try Tool.run(shell: "promgate lint \(file) --format concise")
      #expect(
        lint.status == 1 && lint.text.contains(":12:5: error[MT130] metrics is left empty"), "\(lint.text)")
      #expect(lint.text.split(separator: "\n").count == 1, "\(lint.text)")
      for command in ["gate -f \(file) \(Self.data)", "replay -f \(file) \(Self.data) --start 1760000000"] {
        let run = try Tool.run(shell: "promgate \(command)")
        #expect(run.status == 0 && run.text.contains("PROMOTED"), "\(run.text)")
        #expect(run.text.contains("warning: podinfo.test: nothing is checked"), "\(run.text)")
        #expect(run.text.contains("nothing is checked: the canary has neither metrics"), "\(run.text)")
        #expect(!run.text.contains("checks were passed"), "\(run.text)")
      }
    }
  }

  @Test func `a key that is lost with an effect stops the gate unless it is to do as a cluster`() throws {
    try withFile("    metrics:\n    - name: request-success-rate\n      thresholdrange: {min: 99}\n") {
      file in
      let gate = try Tool.run(shell: "promgate gate -f \(file) \(Self.data)")
      #expect(gate.status == 2 && gate.text.contains("thresholdRange is not set"), "\(gate.text)")
      #expect(gate.text.contains("--run-broken judges what a cluster makes of them"), "\(gate.text)")
      let broken = try Tool.run(shell: "promgate gate -f \(file) \(Self.data) --run-broken")
      #expect(broken.status != 2 && broken.text.contains("tick 0"), "\(broken.text)")
    }
  }

  @Test func `crds prints all definitions or those that are named`() throws {
    let all = try Tool.run(shell: "promgate crds")
    #expect(all.status == 0 && all.text.split(separator: "---\n").count == 3)
    #expect(all.text.split(separator: "\n").count { $0 == "kind: CustomResourceDefinition" } == 3)
    for name in ["Canary", "canaries", "canary", "canaries.flagger.app"] {
      let one = try Tool.run(shell: "promgate crds \(name) --format json")
      let value = try JSONSerialization.jsonObject(with: Data(one.text.utf8)) as? [String: Any]
      #expect(value?["kind"] as? String == "CustomResourceDefinition", "\(name)")
      #expect((value?["metadata"] as? [String: Any])?["name"] as? String == "canaries.flagger.app")
    }
    let list = try Tool.run(shell: "promgate crds --format json")
    let value = try JSONSerialization.jsonObject(with: Data(list.text.utf8)) as? [String: Any]
    #expect(value?["kind"] as? String == "List" && (value?["items"] as? [Any])?.count == 3)
    let wrong = try Tool.run(shell: "promgate crds Canry")
    #expect(
      wrong.status == 2 && wrong.text.contains("there is no kind Canry: there are Canary, MetricTemplate"))
    #expect(try Tool.run(shell: "promgate --help").text.contains("crds"))
  }
}
