import Foundation
import Manifests
import Testing

/// The package's root, found from this file.
private func packageRoot(_ file: String = #filePath) -> String {
  file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
}

@Test func `the tutorial's manifests are read, and their mistake is named`() throws {
  let reading = ManifestReading(paths: [packageRoot() + "/Examples/tutorial"])
  #expect(
    reading.sources.map { String($0.name.split(separator: "/").last ?? "") } == [
      "canary.yaml", "latency.yaml",
    ])
  #expect(!reading.hasErrors)
  #expect(reading.findings.count == 1)
  #expect(
    described(reading.findings)[0].contains("spec.analysis.metrics[1].thresholdRange.interval is no key"))
  let canary = try reading.set.canary()
  let latency = canary.analysis.value.allMetrics[1].value
  #expect(latency.interval == nil && latency.thresholdRange?.value.max?.value == 0.5)
  let reference = try #require(latency.templateRef?.value)
  let template = try reading.set.template(reference, of: canary)
  let values = TemplateValues(canary: canary, metric: latency, pass: .template)
  let query = try QueryTemplate(parsing: template.query).render(values)
  #expect(
    query.sent == "histogram_quantile(0.99, sum( rate( http_request_duration_seconds_bucket{ "
      + "kubernetes_namespace=\"test\", "
      + "kubernetes_pod_name=~\"podinfo-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\" }[1m] ) ) by (le) ) "
  )
}

@Test func `the manifests as meant say nothing, and their interval reaches the query`() throws {
  let reading = ManifestReading(paths: [packageRoot() + "/Examples/podinfo"])
  #expect(described(reading.findings) == [])
  #expect(described(reading.set.validated()) == [])
  let canary = try reading.set.canary(named: "podinfo")
  let analysis = canary.analysis.value
  #expect(analysis.effectiveStepWeight == 5 && analysis.weightLimit == 50 && analysis.failedChecksLimit == 10)
  #expect(analysis.allWebhooks.map(\.value.effectiveType) == [.preRollout, .rollout])
  let latency = analysis.allMetrics[1].value
  let template = try reading.set.template(try #require(latency.templateRef?.value), of: canary)
  let values = TemplateValues(canary: canary, metric: latency, pass: .template)
  #expect(try QueryTemplate(parsing: template.query).render(values).sent.contains("}[1m] )"))
}

@Test func `files, folders and what is none of them`() throws {
  let manager = FileManager.default
  let folder = manager.temporaryDirectory.path + "/promgate-manifests-\(UUID().uuidString)"
  defer { try? manager.removeItem(atPath: folder) }
  for name in ["b", ".hidden"] {
    try manager.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
  }
  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
  }
  try write("b/2.yml", canaryText(name: "two"))
  try write("c.yaml", canaryText(name: "three"))
  try write("a.json", "{\"apiVersion\": \"v1\", \"kind\": \"Secret\"}")
  try write("values.yaml", "replicas: 1\n")
  try write("notes.txt", "kind: [")
  try write(".hidden/x.yaml", "kind: [")
  try manager.createSymbolicLink(atPath: "\(folder)/b/loop", withDestinationPath: folder)
  let reading = ManifestReading(paths: [folder])
  #expect(described(reading.findings) == [])
  #expect(reading.set.canaries.map(\.name) == ["two", "three"])
  #expect(reading.skippedCount == 2)
  let missing = ManifestReading(paths: ["\(folder)/none.yaml"])
  #expect(described(missing.findings) == ["- manifest-file cannot open it: No such file or directory"])
  let explicit = ManifestReading(paths: ["\(folder)/values.yaml"])
  #expect(explicit.hasErrors)
  let empty = ManifestReading(paths: ["\(folder)/.hidden/../b/.."])
  #expect(empty.set.canaries.count == 2)
  var limits = ManifestReading.Limits()
  limits.textBytes = 100
  let large = ManifestReading(paths: ["\(folder)/c.yaml"], limits: limits)
  #expect(
    described(large.findings) == ["- manifest-file it is larger than 100 bytes, the limit for one manifest"])
  limits = ManifestReading.Limits()
  limits.files = 1
  #expect(ManifestReading(paths: [folder], limits: limits).hasErrors)
}

@Test func `the schema of every kind has a name, a type and a sentence for every key`() {
  func check(_ schema: ObjectSchema, _ path: String) {
    #expect(Set(schema.fields.map(\.key)).count == schema.fields.count, "\(path)")
    for field in schema.fields {
      let place = path + "." + field.key
      #expect(field.summary.hasSuffix("."), "\(place)")
      switch field.type {
      case .object(let inner), .list(.object(let inner), _), .map(.object(let inner)): check(inner, place)
      case .text, .number, .boolean, .numberOrText, .list, .map, .anything: break
      }
    }
    for key in schema.alternatives.flatMap(\.keys) { #expect(schema.field(key) != nil, "\(path)") }
  }
  for kind in ManifestKind.allCases { check(kind.schema, kind.rawValue) }
  #expect(ManifestKind.canary.specSchema.field("targetRef")?.isRequired == true)
}
