// swift-tools-version: 6.3
import PackageDescription

/// One list of settings for every Swift target.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "promgate",
  products: [
    .executable(name: "promgate", targets: ["promgate"]),
    .library(name: "PromgateCore", targets: ["TimeSeries", "PromQL", "Evaluator"]),
    .library(name: "PromgateServer", targets: ["TimeSeries", "Scrape", "Recording", "Rules", "Server"]),
    .library(name: "PromgateGate", targets: ["TimeSeries", "PromQL", "Evaluator", "Manifests", "Gate"]),
  ],
  dependencies: [
    // The command line: `--help` with examples, completion, validation.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // What a server tells while it runs: any backend of an embedding program takes it.
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    // HTTP/1 for the endpoint and for the demo's parts.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    // RE2 behind a C header: the matchers' pattern engine, linear on hostile patterns.
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
    // libcurl behind plain functions: scraping and asking other servers.
    .target(name: "CCurl"),
    // zlib: compressed bodies and dumps, both ways.
    .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
    // libsnappy and libzstd, and the checksum that goes with them: Prometheus' logs and remote read.
    .target(
      name: "CCompression", linkerSettings: [.linkedLibrary("snappy"), .linkedLibrary("zstd")]),
    // Remote read's messages through libprotobuf-c; `scripts/generate-remote` makes their code.
    .target(name: "CRemote", exclude: ["remote.proto"], linkerSettings: [.linkedLibrary("protobuf-c")]),

    // libyaml: YAML with the place of every value.
    .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),

    // bcrypt of libcrypt: passwords at the endpoint's door.
    .target(name: "CCrypt", linkerSettings: [.linkedLibrary("crypt")]),
    // OpenSSL behind plain functions: TLS for the endpoint.
    .target(name: "COpenSSL"),
    // The allocator's switches.
    .target(name: "CMemory"),
    // Numbers as text, many at a time.
    .target(name: "CFloat"),

    // Loops over columns for the vector units that there are.
    .target(name: "CColumns"),

    // Elementary functions over columns, to the bit as Go has them.
    .target(name: "CElementary"),

    .target(name: "TimeSeries", dependencies: ["CRE2", "CColumns", "CElementary"]),
    .target(name: "PromQL", dependencies: ["TimeSeries"]),
    .target(name: "Evaluator", dependencies: ["TimeSeries", "PromQL", "CColumns"]),
    .target(name: "Scrape", dependencies: ["TimeSeries", "CCurl", "CZlib"]),
    .target(
      name: "Recording",
      dependencies: ["TimeSeries", "Scrape", "CZlib", "CCompression", "CMemory", "CRemote"]),
    // Of TimeSeries only Go's text forms.
    .target(name: "Manifests", dependencies: ["TimeSeries", "PromQL", "CYAML"]),
    .target(name: "Gate", dependencies: ["TimeSeries", "PromQL", "Evaluator", "Manifests"]),
    .target(name: "Lint", dependencies: ["TimeSeries", "PromQL", "Evaluator", "Manifests", "Gate", "Rules"]),
    .target(name: "Editor", dependencies: ["TimeSeries", "PromQL", "Manifests", "Lint"]),
    .target(name: "Rules", dependencies: ["TimeSeries", "PromQL", "Evaluator", "Manifests"]),
    .target(name: "Configuration", dependencies: ["TimeSeries", "PromQL", "Manifests"]),
    .target(
      name: "PromQLTest",
      dependencies: ["TimeSeries", "PromQL", "Evaluator", "Manifests", "Rules"]),
    .target(
      name: "Server",
      dependencies: [
        "TimeSeries", "PromQL", "Evaluator", "Gate", "Rules", "Scrape", "Recording", "CZlib", "CFloat",
        "CMemory", "CCrypt", "COpenSSL",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),
    // What `promgate demo` plays with: a sample application, an ingress, its users, the story.
    .target(name: "Demo", dependencies: ["TimeSeries", "Scrape", "Manifests", "Gate", "Server"]),
    .executableTarget(
      name: "promgate",
      dependencies: [
        "TimeSeries", "PromQL", "Evaluator", "Scrape", "Recording", "Manifests", "Gate",
        "Lint", "Editor", "Rules", "Configuration", "PromQLTest", "Server", "Demo", "CMemory",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .testTarget(name: "TimeSeriesTests", dependencies: ["TimeSeries"]),
    .testTarget(name: "PromQLTests", dependencies: ["PromQL", "TimeSeries"]),
    .testTarget(
      name: "EvaluatorTests", dependencies: ["Evaluator", "PromQL", "TimeSeries", "PromQLTest", "Lint"],
      exclude: ["Scripts"]),
    // A small HTTP server for tests.
    .target(name: "Loopback", path: "Tests/Loopback"),
    .testTarget(name: "ScrapeTests", dependencies: ["Scrape", "TimeSeries", "Loopback"]),
    .testTarget(
      name: "RecordingTests",
      dependencies: ["Recording", "Scrape", "TimeSeries", "Evaluator", "PromQL", "Loopback"],
      exclude: ["Bodies"]),
    .testTarget(name: "ManifestsTests", dependencies: ["Manifests", "PromQL"]),
    .testTarget(name: "GateTests", dependencies: ["Gate", "Manifests", "Evaluator", "TimeSeries"]),
    .testTarget(
      name: "LintTests",
      dependencies: [
        "Lint", "Manifests", "PromQL", "Evaluator", "TimeSeries", "Scrape", "Recording", "Gate",
      ],
      exclude: ["Corpus"]),
    .testTarget(name: "EditorTests", dependencies: ["Editor", "Lint", "Manifests", "TimeSeries"]),
    .testTarget(
      name: "RulesTests", dependencies: ["Rules", "Manifests", "PromQL", "Evaluator", "TimeSeries"]),
    .testTarget(
      name: "ConfigurationTests", dependencies: ["Configuration", "Manifests", "PromQL", "TimeSeries"]),
    .testTarget(
      name: "PromQLTestTests", dependencies: ["PromQLTest", "Manifests", "TimeSeries", "Evaluator"]),
    .testTarget(
      name: "ServerTests",
      dependencies: ["Server", "Recording", "Rules", "PromQL", "TimeSeries", "Evaluator"]),
    .testTarget(
      name: "DemoTests", dependencies: ["Demo", "Gate", "Manifests", "Scrape", "TimeSeries"]),
    .testTarget(
      name: "EmbeddingTests", dependencies: ["Gate", "Manifests", "Evaluator", "TimeSeries"],
      path: "Examples/embedding"),
    .testTarget(name: "ToolTests", dependencies: ["Loopback"], exclude: ["Certificates"]),
    .testTarget(name: "TidyTests", dependencies: []),
  ],
  cxxLanguageStandard: .cxx17
)

// C's modules are those that begin with a C and another capital: `Configuration` is ours.
for target in package.targets where target.type != .system {
  let isOfC = target.name.hasPrefix("C") && target.name.dropFirst().first?.isUppercase ?? false
  if !isOfC { target.swiftSettings = settings }
}
