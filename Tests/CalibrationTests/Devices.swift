import Foundation
import Hardware
import Models
import Testing
import Units

/// The devices of the published runs with the values that their shipped files hold, and the models that ran.
enum Bench {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func models() throws -> [String: Transformer] {
    func model(_ id: String) throws -> Transformer {
      try Transformer(config: Data(contentsOf: root.appending(path: "scenarios/models/\(id)/config.json")))
    }
    return ["llama2-70b": try model("llama-2-70b"), "bloom-176b": try model("bloom-176b")]
  }

  /// Shipped device files by the names that the runs use, and the peak bytes/s of the links they name.
  static let files = [
    "a100-80gb": ("a100-sxm", 300e9), "h100-80gb": ("h100-sxm", 450e9), "h100-80gb-pcap": ("h100-sxm-capped", 450e9),
  ]

  static func device(_ name: String) throws -> Device {
    guard let (file, link) = files[name] else { throw CocoaError(.fileNoSuchFile) }
    let text = try String(
      contentsOf: root.appending(path: "scenarios/devices/\(file).yaml"), encoding: .utf8)
    let numbers = DeviceText(text)
    func sourced<D: Units.Dimension>(_ key: String, _ type: D.Type) throws -> Sourced<Quantity<D>> {
      Sourced(try Quantity<D>.parse(numbers.text(key)), source: file)
    }
    func share(_ key: String, after section: String = "") throws -> Sourced<Double> {
      Sourced(try #require(Double(numbers.text(key, after: section))), source: file)
    }
    return Device(
      name: name, kind: .gpu,
      memory: [
        MemoryTier(
          name: "hbm", capacity: try sourced("capacity", MemoryDimension.self),
          bandwidth: try sourced("bandwidth", BandwidthDimension.self))
      ],
      compute: [.fp16: ArithmeticRate(rate: try sourced("fp16", ComputeDimension.self), accumulator: .fp32)],
      interconnect: Link(
        name: "nvlink", bandwidth: Sourced(Bandwidth(link), source: file),
        latency: Sourced(Seconds(3e-6), source: file)),
      execution: Execution(
        launch: try sourced("launch", TimeDimension.self),
        hostPerStep: try sourced("host-per-step", TimeDimension.self),
        hostPerSequence: try sourced("host-per-sequence", TimeDimension.self),
        prefillDispatch: try sourced("prefill-dispatch", TimeDimension.self),
        decodeDispatch: try sourced("decode-dispatch", TimeDimension.self)),
      efficiency: Efficiency(
        compute: try share("compute", after: "efficiency:"), memory: try share("memory", after: "efficiency:"),
        attentionCompute: try share("attention-compute"), attentionMemory: try share("attention-memory"),
        link: try share("link")),
      collective: Collective(
        latency: try sourced("latency", TimeDimension.self),
        large: LargeMessages(
          from: try sourced("from", MemoryDimension.self), efficiency: try share("efficiency", after: "large:"))),
      power: DevicePower(
        idle: try sourced("idle", PowerDimension.self), prefill: try sourced("prefill", PowerDimension.self),
        decode: try sourced("decode", PowerDimension.self), peak: try sourced("peak", PowerDimension.self)))
  }

  /// The published runs, where the project's data lie beside a directory that holds the package; nil elsewhere.
  static func publishedRuns() throws -> String? {
    var folder = root
    for _ in 0..<3 {
      folder = folder.deletingLastPathComponent()
      let file = folder.appending(path: "shared/data/measured/e2e.csv")
      if FileManager.default.fileExists(atPath: file.path()) { return try String(contentsOf: file, encoding: .utf8) }
    }
    return nil
  }
}

/// The numbers of a device file, read line by line: enough for the shipped files, whose real reader is elsewhere.
struct DeviceText {
  private let lines: [Substring]

  init(_ text: String) { lines = text.split(separator: "\n") }

  func text(_ key: String, after section: String = "") throws -> String {
    let start = section.isEmpty ? 0 : lines.firstIndex { $0.contains(section) } ?? lines.count
    let line = lines[start...].first { $0.trimmingCharacters(in: .whitespaces).hasPrefix("\(key): {value: ") }
    return String(try #require(line?.split(separator: "{value: ").last?.split(separator: ",").first, "\(key)"))
  }
}
