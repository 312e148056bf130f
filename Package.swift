// swift-tools-version: 6.1
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

/// A module of the core library: it depends on neither GSL, SQLite nor YAML.
func core(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude)
}

/// A test target beside the module it tests.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.target(name: name), "Support"] + dependencies)
}

let package = Package(
  name: "medley",
  products: [
    .library(
      name: "MedleyCore",
      targets: ["Units", "Kernel", "Hardware", "Models", "Timeline", "Workload", "Cluster", "Policies"]),
    .library(name: "MedleyScenario", targets: ["Scenario"]),
    // All that a package with policies of its own imports.
    .library(
      name: "Medley",
      targets: [
        "Command", "Scenario", "Units", "Kernel", "Hardware", "Models", "Timeline", "Workload", "Cluster", "Policies",
      ]),
    .executable(name: "medley", targets: ["medley"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // Rounding to an integer is a call of the C library's rint on a processor without SSE4.1.
    .target(name: "Units", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    core("Kernel", ["Units"]),
    core("Hardware", ["Units", "Kernel"]),
    core("Models", ["Units", "Kernel", "Hardware"]),
    core("Timeline", ["Units", "Kernel"], exclude: ["TIMELINE.md"]),
    core("Workload", ["Units", "Kernel"]),
    core(
      "Cluster", ["Units", "Kernel", "Hardware", "Models", "Timeline", "Workload", histogram], exclude: ["SERVING.md"]),
    core(
      "Policies", ["Units", "Kernel", "Hardware", "Models", "Timeline", "Workload", "Cluster"], exclude: ["GUIDE.md"]),

    .target(
      name: "CKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    core("Kernels", ["CKernels"], exclude: ["TIMINGS.md", "gpu"]),

    .systemLibrary(name: "CGSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"])]),
    .target(name: "Statistics", dependencies: ["CGSL"]),
    .target(
      name: "Calibration", dependencies: ["Units", "Hardware", "Models", "Timeline", "Statistics", "Kernels"]),
    .target(
      name: "Scenario",
      dependencies: [
        "Units", "Kernel", "Hardware", "Models", "Workload", "Cluster", "Policies",
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(name: "Ledger", dependencies: ["Units", .product(name: "GRDB", package: "GRDB.swift")]),
    .target(name: "Study", dependencies: ["Units", "Kernel", "Models", "Cluster", "Workload", "Scenario", "Ledger"]),
    .target(name: "Report", dependencies: ["Units", "Models", "Timeline", "Workload", "Cluster"]),
    .target(
      name: "Command",
      dependencies: ["Scenario", "Study", "Report", "Ledger", "Calibration", "Kernels", "Policies", argumentParser]),
    .executableTarget(name: "medley", dependencies: ["Command"]),

    .target(
      name: "Support",
      dependencies: [
        "Units", "Kernel", "Hardware", "Models", "Timeline", "Workload", "Cluster", "Policies", histogram,
      ],
      path: "Tests/Support"),
    .executableTarget(
      name: "bench",
      dependencies: ["Kernel", "Units", "Models", "Timeline", "Workload", "Cluster", "Policies", "Support"],
      path: "Tests/Benchmarks"),
    .testTarget(name: "HouseTests"),
    tests("Units", []),
    tests("Kernel", ["Statistics"]),
    tests("Statistics", []),
    tests("Hardware", []),
    tests("Models", []),
    tests("Timeline", ["Units", "Kernel"]),
    tests("Workload", ["Statistics"]),
    tests("Cluster", ["Policies", "Models", "Hardware"]),
    tests("Policies", ["Cluster", "Models", "Hardware", "Timeline", "Units"]),
    tests("Calibration", ["Kernels"]),
    tests("Kernels", ["CKernels"]),
    tests("Scenario", []),
    .executableTarget(name: "LedgerWriter", dependencies: ["Ledger"], path: "Tests/LedgerWriter"),
    tests("Ledger", ["LedgerWriter"]),
    tests("Study", ["Scenario", "Cluster", "Ledger"]),
    tests("Report", ["Units", "Models", "Workload", "Cluster", histogram]),
    tests("Command", ["Scenario", "Cluster", "Ledger", "medley"]),
  ],
  swiftLanguageModes: [.v6]
)
