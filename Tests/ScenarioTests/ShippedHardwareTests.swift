import Cluster
import Foundation
import Hardware
import Testing
import Units
import Workload

@testable import Scenario

/// What must hold of every device and link that ships.
@Suite struct ShippedHardwareTests {
  private static let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
  static let devices = names(.device)
  static let links = names(.link)
  static let tiers = Paths.names(in: repository + "/scenarios/tiers").filter { $0.hasSuffix(".yaml") }
    .map { String($0.dropLast(5)) }

  private static func names(_ kind: CatalogueKind) -> [String] {
    Lookup(catalogue: catalogue, folder: "/nowhere", diagnostics: Diagnostics()).names(kind)
  }

  private func device(_ name: String) throws -> Device {
    let lookup = Lookup(catalogue: Self.catalogue, folder: "/nowhere", diagnostics: Diagnostics())
    return try #require(Shelf(lookup).device(name, at: somewhere), "\(Faults(lookup.diagnostics.all))")
  }

  private func text(_ folder: String, _ name: String) throws -> String {
    try String(contentsOfFile: "\(repository)/scenarios/\(folder)/\(name).yaml", encoding: .utf8)
  }

  /// Two files of one title could not be told apart in a report.
  @Test func titlesAreDistinct() throws {
    let lookup = Lookup(catalogue: Self.catalogue, folder: "/nowhere", diagnostics: Diagnostics())
    let shelf = Shelf(lookup)
    let titles =
      Self.devices.compactMap { shelf.device($0, at: somewhere)?.name }
      + Self.links.compactMap { shelf.link($0, at: somewhere)?.name }
    #expect(titles.count == Self.devices.count + Self.links.count)
    #expect(Set(titles).count == titles.count)
  }

  /// Every number stands beside words that say where it comes from, and an assumption gives its reason.
  @Test(arguments: devices.map { ["devices", $0] } + links.map { ["links", $0] } + tiers.map { ["tiers", $0] })
  func everyNumberSaysWhereItComesFrom(_ file: [String]) throws {
    for line in try text(file[0], file[1]).split(separator: "\n") where line.contains("{value:") {
      let source = line.components(separatedBy: "source: \"").dropFirst().first ?? ""
      #expect(source.count >= 8, "\(line)")
      #expect(!source.contains("TODO"), "\(line)")
      for word in ["assumed", "recalled", "measured"] where source.hasPrefix(word) {
        #expect(source.dropFirst(word.count).first.map { ": ".contains($0) } == true, "\(line)")
      }
    }
  }

  /// The overview lists every file once, with the file's own figures.
  @Test func theOverviewAgreesWithTheFiles() throws {
    let overview = try String(contentsOfFile: "\(repository)/scenarios/HARDWARE.md", encoding: .utf8)
    let rows = overview.split(separator: "\n").filter { $0.hasPrefix("| `") }
    for (folder, names, keys) in [
      ("devices", Self.devices, ["capacity", "bandwidth", "peak"]), ("links", Self.links, ["bandwidth", "latency"]),
      ("tiers", Self.tiers, ["capacity", "bandwidth", "write-bandwidth", "latency"]),
    ] {
      for name in names {
        let row = rows.filter { $0.hasPrefix("| `\(name)` |") }
        #expect(row.count == 1, "\(name)")
        let own = try text(folder, name)
        let like = own.components(separatedBy: "\nlike: ").dropFirst().first?.prefix { !$0.isNewline }
        let file = try own + (like.map { try text(folder, String($0)) } ?? "")
        for key in keys {
          let value = file.components(separatedBy: "\(key): {value: ").dropFirst().first?.prefix { $0 != "," }
          #expect(row.first?.contains("| \(try #require(value)) |") == true, "\(name) \(key)")
        }
      }
    }
    #expect(rows.count == Self.devices.count + Self.links.count + Self.tiers.count)
  }

  /// Narrower formats are not slower, and operations a byte are those of real machines: a decimal point in the wrong
  /// place shows here. fp64 is left out, since some parts barely have it.
  @Test(arguments: devices) func ratesAreInProportion(_ name: String) throws {
    let device = try device(name)
    let bandwidth = try #require(device.memory.first).bandwidth.value.value
    func rate(_ format: Format) -> Double? { device.compute[format]?.rate.value.value }
    for (narrow, wide) in [(Format.fp16, Format.fp32), (.bf16, .fp32), (.fp8, .bf16), (.fp4, .fp8), (.int4, .int8)] {
      if let narrow = rate(narrow), let wide = rate(wide) { #expect(narrow >= wide, "\(name): \(narrow) < \(wide)") }
    }
    for format in Format.allCases where format != .fp64 {
      if let rate = rate(format) { #expect((1...2500).contains(rate / bandwidth), "\(name) \(format)") }
    }
  }

  /// A lone request on each device: no device beats its memory, and none is so slow that its file must be wrong.
  ///
  /// 6.6e9 weights of 4 bits are read for every token (the 0.13e9 of the embedding are not), and 512 prompt tokens cost
  /// 2 operations for each.
  @Test(arguments: devices) func everyDeviceServesASmallModel(_ name: String) throws {
    let device = try device(name)
    let wide: [Format] = [.bf16, .fp16, .int8]
    let activations = try #require(
      wide.first { device.compute[$0] != nil } ?? (device.compute[.fp32].map { _ in .bf16 }))
    let resolved = try scenario([
      "s.yaml": """
      model: {name: llama-2-7b, weights: int4, activations: \(activations.rawValue)}
      cluster: {pools: {all: {device: \(name)}}}
      policy: {route: least-loaded, batch: prefill-first}
      workload: {generator: constant, rate: 1 /s, requests: 1, lengths: {prompt: 512 tokens, output: 64 tokens}}
      slo: {ttft: 2x, reference: {device: \(name)}}
      """
    ]).resolve()
    let reference = try #require(resolved.unloaded)
    let alone = reference(Request(arrival: .start, promptTokens: 512, outputTokens: 64))
    let tier = try #require(device.memory.first)
    let peak = try #require(device.arithmetic(activations)).rate.value.value
    #expect(alone.tpot >= 6.6e9 / 2 / tier.bandwidth.value.value && alone.tpot < 2, "\(name): \(alone)")
    #expect(alone.ttft >= 512 * 2 * 6.4e9 / peak && alone.ttft < 60, "\(name): \(alone)")
  }

  /// What every drive and memory keeps to: many requests at once are faster than one after another, small reads carry no
  /// more than the bandwidth, and memory answers within a microsecond.
  @Test(arguments: tiers) func tiersAreInProportion(_ name: String) throws {
    let tier = try Self.catalogue.tier(named: name)
    let read = tier.bandwidth.value.value
    let (latency, request) = (tier.latency.value.value, tier.request.value.value)
    #expect(tier.capacity.value.value > 1e9 && tier.writeBandwidth.value.value <= read)
    if tier.kind == .storage {
      let rate = try #require(tier.requestRate).value.value
      #expect(1 / latency < rate && rate * request <= read)
    } else {
      #expect(latency < 1e-6 && request / latency < read)
    }
  }

  /// The shape of a drive's answer to depth holds for a measured one: DC P3600, reads of 512 KiB (axboe/fio issue 406).
  ///
  /// Latency and bandwidth are taken from depths 1 and 8; depths 2 and 4 are then predicted.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: measured), "the measured links are not here"))
  func aMeasuredDriveAnswersAsTheFormSays() throws {
    let rows = try String(contentsOfFile: Self.measured, encoding: .utf8).split(separator: "\n")
      .filter { $0.contains("DC P3600") }
    func rate(_ depth: Int) throws -> Double {
      let row = try #require(rows.first { $0.contains("iodepth=\(depth),") })
      return try #require(Double(row.components(separatedBy: "iodepth=\(depth),")[1].prefix { $0 != "," })) * 1e9
    }
    let bytes = 524_288.0
    let (alone, peak) = (try rate(1), try rate(8))
    let drive = Tier(
      name: "p3600", kind: .storage, capacity: Sourced(Memory(2e12), source: "its name"),
      bandwidth: Sourced(Bandwidth(peak), source: "depth 8"), writeBandwidth: Sourced(Bandwidth(1e9), source: "unused"),
      latency: Sourced(Seconds(bytes / alone - bytes / peak), source: "depth 1"),
      request: Sourced(Memory(4096), source: "a page"))
    for depth in [1, 2, 4, 8, 16, 128] {
      let error = drive.read(bytes: bytes, depth: depth) / (try rate(depth)) - 1
      #expect(abs(error) < 0.015, "depth \(depth): \(error)")
    }
  }

  private static let measured = repository + "/../shared/data/measured/links.csv"
}
