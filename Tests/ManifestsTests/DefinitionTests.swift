import Foundation
import Manifests
import Testing

private func definition(_ kind: ManifestKind) throws -> [String: Any] {
  let value = try JSONSerialization.jsonObject(with: Data(CustomResourceDefinition(kind).json.utf8))
  return try #require(value as? [String: Any])
}

/// The value at a path such as `spec.versions.0.name`.
private func value(_ path: String, of root: Any) -> Any? {
  var current: Any? = root
  for step in path.split(separator: ".") {
    if let index = Int(step) {
      current = (current as? [Any]).flatMap { $0.indices.contains(index) ? $0[index] : nil }
    } else {
      current = (current as? [String: Any])?[String(step)]
    }
  }
  return current
}

private func schema(_ path: String, of kind: ManifestKind) throws -> [String: Any] {
  let way = path.split(separator: ".").map { step in
    step.hasSuffix("[]")
      ? "properties.\(step.dropLast(2)).items" : step == "*" ? "additionalProperties" : "properties.\(step)"
  }
  let full = (["spec.versions.0.schema.openAPIV3Schema"] + way).joined(separator: ".")
  return try #require(value(full, of: try definition(kind)) as? [String: Any], "\(path)")
}

@Test func `definitions say what Flagger's own say`() throws {
  let names: [(ManifestKind, String, Int, Int)] = [
    (.canary, "canaries", 10, 265), (.metricTemplate, "metrictemplates", 1, 13),
    (.alertProvider, "alertproviders", 1, 11),
  ]
  for (kind, plural, columns, properties) in names {
    let made = try definition(kind)
    #expect(value("metadata.name", of: made) as? String == "\(plural).flagger.app")
    #expect(value("spec.scope", of: made) as? String == "Namespaced")
    #expect(value("spec.names.categories.0", of: made) as? String == "all")
    #expect(value("spec.versions.0.name", of: made) as? String == "v1beta1")
    #expect(value("spec.versions.0.subresources.status", of: made) != nil)
    #expect((value("spec.versions.0.additionalPrinterColumns", of: made) as? [Any])?.count == columns)
    let root = try #require(value("spec.versions.0.schema.openAPIV3Schema", of: made))
    #expect(count(root) == properties, "\(kind)")
    // A cluster describes it itself, and refuses a definition that says more.
    #expect((value("properties.metadata", of: root) as? [String: String]) == ["type": "object"])
  }
  #expect(try schema("spec", of: .canary)["required"] as? [String] == ["targetRef", "analysis"])
  #expect(try schema("spec.analysis.interval", of: .canary)["pattern"] as? String == "^[0-9]+(m|s)")
  #expect(try schema("spec.analysis.sessionAffinity.maxAge", of: .canary)["default"] as? Int == 86400)
  #expect(try schema("spec.service.targetPort", of: .canary)["x-kubernetes-int-or-string"] as? Bool == true)
  #expect(try schema("spec.service", of: .canary)["required"] as? [String] == ["port"])
  let port = try schema("spec.service.mirror[].backendRef.port", of: .canary)
  #expect(
    port["minimum"] as? Int == 1 && port["maximum"] as? Int == 65535 && port["format"] as? String == "int32")
  let backend = try schema("spec.service.mirror[].backendRef", of: .canary)
  #expect(
    value("x-kubernetes-validations.0.message", of: backend) as? String
      == "Must have port for Service reference")
  #expect(value("properties.group.default", of: backend) as? String == "")
  #expect(value("properties.name.minLength", of: backend) as? Int == 1)
  #expect(
    value(
      "spec.versions.0.schema.openAPIV3Schema.properties.spec.properties.service.properties.gatewayRefs.maxItems",
      of: try definition(.canary)) as? Int == 32)
  let balancer = try schema("spec.service.trafficPolicy.loadBalancer", of: .canary)
  #expect((value("oneOf.1.properties.consistentHash.oneOf", of: balancer) as? [Any])?.count == 4)
  let uri = try schema("spec.service.match[].uri", of: .canary)
  #expect((value("oneOf.0.not.anyOf", of: uri) as? [Any])?.count == 3)
  #expect(try schema("spec.analysis.webhooks[].type", of: .canary)["enum"] as? [String] != nil)
  #expect((try schema("spec", of: .alertProvider)["oneOf"] as? [Any])?.count == 2)
}

/// Properties at all levels.
private func count(_ schema: Any) -> Int {
  guard let schema = schema as? [String: Any] else { return 0 }
  let own = (schema["properties"] as? [String: Any]) ?? [:]
  let inner = own.values.reduce(0) { $0 + count($1) }
  return own.count + inner
    + [schema["items"], schema["additionalProperties"]].reduce(0) { $0 + ($1.map(count) ?? 0) }
}

@Test func `a definition is the same in YAML and in JSON`() throws {
  for kind in ManifestKind.allCases {
    let yaml = CustomResourceDefinition(kind).yaml
    var lines: [String] = []
    flatten(try definition(kind), "", &lines)
    // Each leaf stands in the YAML, texts in quotes where they need them.
    for line in lines { #expect(yaml.contains(line), "\(kind): \(line)") }
    #expect(
      !yaml.contains("\t") && yaml.hasPrefix("apiVersion: apiextensions.k8s.io/v1\n") && yaml.hasSuffix("\n"))
  }
}

/// `key: value` of numbers, booleans and plain words.
private func flatten(_ value: Any, _ key: String, _ lines: inout [String]) {
  if let mapping = value as? [String: Any] {
    for (key, inner) in mapping { flatten(inner, key, &lines) }
  } else if let list = value as? [Any] {
    for inner in list { flatten(inner, "-", &lines) }
  } else if let text = value as? String {
    let isWord =
      text.allSatisfy { $0.isLetter }
      && !["on", "off", "y", "n", "true", "false", ""].contains(text.lowercased())
    if isWord { lines.append(key == "-" ? "- \(text)" : "\(key): \(text)") }
  }
}
