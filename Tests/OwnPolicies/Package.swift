// swift-tools-version: 6.1
import PackageDescription

// The package of Sources/Policies/GUIDE.md: a medley with policies of its own.
let package = Package(
  name: "own-policies",
  dependencies: [.package(name: "medley", path: "../..")],
  targets: [
    .executableTarget(name: "own", dependencies: [.product(name: "Medley", package: "medley")])
  ],
  swiftLanguageModes: [.v6]
)
