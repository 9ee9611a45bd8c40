// swift-tools-version: 6.3
import PackageDescription

// Benchmarks of parts, in the process. A package of its own that sees promgate's products only.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "promgate", path: "..")],
  targets: [
    .executableTarget(
      name: "parts",
      dependencies: [
        .product(name: "PromgateCore", package: "promgate"), .product(name: "PromgateGate", package: "promgate"),
        .product(name: "PromgateServer", package: "promgate"),
      ],
      path: "Parts", swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
