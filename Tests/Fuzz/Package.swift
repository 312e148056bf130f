// swift-tools-version: 6.1
import PackageDescription

// A package of its own, since libFuzzer brings its own main and instruments all it is linked with.
let package = Package(
  name: "medley-fuzz",
  dependencies: [.package(name: "medley", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        .product(name: "MedleyCore", package: "medley"), .product(name: "MedleyScenario", package: "medley"),
      ],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ],
  swiftLanguageModes: [.v6]
)
