import Foundation
import Testing

@testable import Command

/// The object that a verb wrote as JSON; empty where it wrote none.
private func object(_ ran: Ran) -> [String: Any] {
  (try? JSONSerialization.jsonObject(with: Data(ran.out.utf8)) as? [String: Any]) ?? [:]
}

@Suite("list --wide and roofline")
struct HardwareVerbTests {
  @Test("Wide lists have a line for each device, link and tier, with figures and their units")
  func wide() throws {
    let devices = medley("list", "devices", "--wide")
    #expect(devices.outcome == .ok && devices.err.isEmpty)
    let row = try #require(devices.out.split(separator: "\n").first { $0.hasPrefix("h100-sxm ") })
    // 989.4 TFLOP/s over 3352 GB/s is 295 operations per byte.
    for cell in [" gpu ", "3.35 TB/s", " 989 ", " 295 ", "700 W", "$4.76"] { #expect(row.contains(cell), "\(cell)") }
    let names = medley("list", "devices").out.split(separator: "\n").count
    #expect((object(medley("list", "devices", "--json"))["devices"] as? [Any])?.count == names)
    let tiers = medley("list", "tiers", "--wide").out
    #expect(tiers.contains("nvme-gen3-p4500") && tiers.contains("3.20 GB/s") && tiers.contains("115 us"))
    #expect(medley("list", "tiers").out.contains("DDR5-4800, eight channels"))
    #expect(medley("list", "links", "--wide").out.contains("nvlink4"))
    #expect(object(medley("list", "links", "--json"))["format"] as? String == "medley-links/1")
    #expect(object(medley("list", "tiers", "--json"))["format"] as? String == "medley-tiers/1")
    #expect(medley("list", "policies", "--wide").outcome == .usage)
  }

  @Test("Ridge points by format, at peaks and at the shares that products and attention reach")
  func ridges() throws {
    let ran = medley("roofline", "h100-sxm", "a100-sxm", "--json")
    let devices = try #require(object(ran)["devices"] as? [[String: Any]])
    let formats = try #require(devices[0]["formats"] as? [[String: Any]])
    let half = try #require(formats.first { $0["format"] as? String == "fp16" })
    let ridge = 989.4e12 / 3352e9
    #expect(half["ridge_operations_per_byte"] as? Double == ridge)
    // Products reach 0.605 of arithmetic and 0.884 of bandwidth.
    let dense = try #require(half["dense_ridge_operations_per_byte"] as? Double)
    #expect(abs(dense / (ridge * 0.605 / 0.884) - 1) < 1e-12)
    #expect((object(ran)["steps"] as? [Any])?.isEmpty == true)
    #expect(medley("roofline", "h100-sxm").out.contains("ridge FLOP/B"))
  }

  @Test("With a model each operator has its operations per byte, its bound and its share of the roof")
  func operators() throws {
    let ran = medley("roofline", "a100-sxm", "--model", "llama-3.1-8b", "--batch", "8", "--json")
    let steps = try #require(object(ran)["steps"] as? [[String: Any]])
    #expect(steps.map { $0["phase"] as? String } == ["prefill", "decode"])
    let decode = try #require(steps[1]["operators"] as? [[String: Any]])
    let down = try #require(decode.first { $0["name"] as? String == "ffn.down" })
    // 2 x 8 x 14336 x 4096 operations over 2 (14336 x 4096 + 8 (14336 + 4096)) bytes
    let intensity = 2.0 * 8 * 14336 * 4096 / (2 * (14336 * 4096 + 8 * (14336 + 4096)))
    #expect(abs(try #require(down["operations_per_byte"] as? Double) / intensity - 1) < 1e-12)
    #expect(down["bound"] as? String == "memory")
    for step in steps {
      for row in try #require(step["operators"] as? [[String: Any]]) {
        if let share = row["share_of_roof"] as? Double { #expect(share > 0 && share <= 1, "\(row)") }
      }
    }
    let text = medley("roofline", "a100-sxm", "--model", "llama-3.1-8b").out
    #expect(text.contains("prefill of 1024 tokens") && text.contains("of roof"))
  }

  @Test("A model's weights have the formats that they were published in")
  func publishedFormats() throws {
    let ran = medley("roofline", "h200-sxm", "--model", "gpt-oss-20b", "--batch", "32", "--json")
    let steps = try #require(object(ran)["steps"] as? [[String: Any]])
    let decode = try #require(steps[1]["operators"] as? [[String: Any]])
    func bytes(_ name: String) throws -> Double {
      let row = try #require(decode.first { $0["name"] as? String == name })
      return try #require(row["bytes"] as? Double) / Double(try #require(row["calls"] as? Int))
    }
    // 32 (1 - (1 - 4/32)^32) experts of 2 x 2880 x 2880 weights in 4.25 bits, and 32 x 4 tokens in and out of them in bf16
    let width = 2880.0
    let missed: Double = (0..<32).reduce(1) { chance, _ in chance * 0.875 }
    let experts = 32 * (1 - missed)
    let routed: Double = experts * 2 * width * width * 4.25 / 8 + 2 * 32 * 4 * 3 * width
    #expect(try abs(bytes("experts.up") - routed) < 1e-12 * routed)
    // 64 heads of 64 elements come back to the width in bf16
    let output: Double = 2 * 4096 * width + 2 * 32 * (4096 + width)
    #expect(try abs(bytes("attention.output") - output) < 1e-12 * output)
    let text = medley("roofline", "h200-sxm", "--model", "gpt-oss-20b").out
    #expect(text.contains("in bf16, weights in mxfp4") && !text.contains("products in"))
    let eight = medley("roofline", "h200-sxm", "a100-sxm", "--model", "deepseek-v3", "--tensor-parallel", "8").out
    #expect(eight.contains("8 x h200-sxm in bf16, weights in fp8-g16384-sfp32-z0, products in fp8:"))
    #expect(eight.contains("8 x a100-sxm in bf16, weights in fp8-g16384-sfp32-z0:"))
  }

  @Test("A device of one's own is read from a file; what cannot be is told")
  func files() throws {
    #expect(medley("roofline", "h100-sxn").err.contains("did you mean 'h100-sxm'?"))
    #expect(medley("roofline").outcome == .usage)
    #expect(medley("roofline", "a100-sxm", "--weights", "fp9").outcome == .usage)
    #expect(medley("roofline", "../a.yaml").err.contains("leaves the folders"))
    let split = medley("roofline", "a100-sxm", "--model", "llama-3.1-8b", "--tensor-parallel", "3")
    #expect(split.outcome == .fault && split.err.contains("does not divide"))
  }
}

/// One scenario for each kind of device runs on the recorded trace, where it is here.
@Suite("Scenarios of every kind of device")
struct HardwareScenarioTests {
  private static let scenarios = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scenarios")
    .standardized.path
  private static let files =
    (try? FileManager.default.contentsOfDirectory(atPath: scenarios + "/hardware").sorted()) ?? []
  private static let trace =
    scenarios + "/../../shared/data/traces/azure2023/AzureLLMInferenceTrace_conv.csv"

  @Test(
    "The first requests are served",
    .enabled(if: FileManager.default.fileExists(atPath: trace), "the trace is not here"), arguments: files)
  func runs(_ file: String) throws {
    let path = "\(Self.scenarios)/hardware/\(file)"
    let ran = medley("run", path, "--quiet", "--json", "--set", "workload.first=8")
    #expect(ran.outcome == .ok, "\(ran.err)")
    let runs = try #require(object(ran)["runs"] as? [[String: Any]])
    for run in runs {
      let figures = (run["summary"] as? [String: Any])?["figures"] as? [String: Any]
      #expect(figures?["completed"] as? Double == 8, "\(file): \(run["variant"] ?? "")")
    }
    let explained = medley("explain", path)
    #expect(explained.outcome == .ok)
    if file.hasPrefix("npu") {
      #expect(explained.out.contains("of every product on") || explained.out.contains("memory-group"))
    }
    if file.hasPrefix("weights") { #expect(explained.out.contains("weights on nvme-gen4-980-pro: each device reads")) }
    if file.hasPrefix("accelerators") {
      #expect(medley("explain", path, "--variant", "tpu-v5e").out.contains("1,024 tokens run as 1,024"))
    }
  }
}
