import Foundation
import Testing
import Units

@testable import Scenario

/// Whatever stands in a file, it is read or refused with diagnostics; nothing traps.
@Suite struct HostileTests {
  private static let text = """
    model: {name: llama-2-7b, weights: fp16}
    cluster:
      defaults: {tensor-parallel: 1}
      pools:
        a: {device: a100-sxm, replicas: 2, limits: {max-sequences: 8}, kv-cache: {capacity: 20000 tokens}, preemption: swap}
        b: {device: h100-sxm, price: $2.50/h, power: {idle: 60 W}, batch: {decode-first: {decode-steps: 4}}}
      links: [{between: [a, b], bandwidth: 25 GB/s, latency: 5 us}]
    policy: {route: {phase-split: {prefill: a, decode: b}}, batch: chunked}
    workload: {generator: {gamma: {cv: 2}}, rate: 4 /s, requests: 10, lengths: {prompt: 100 tokens, output: {lognormal: {mean: 10 tokens, cv: 1, max: 50 tokens}}}}
    slo: {ttft: {p50: 2x, p99: 3 s}, attainment: 99 %, reference: {device: a100-sxm}}
    variants: {x: {}, y: {seed: 2}}
    sweep: {workload.rate: [1 /s, 2 /s]}
    claims: [{metric: goodput, of: x, over: y, published: 1.4, mark: A, within: [1, 2], source: s}]

    """
  private static let pieces = [
    "nan", "-1", "1e999", ".inf", "9223372036854775808", "0", "~", "[", "]", "{", "}", ": ", ", ", "x: ", "'", "\"",
    "\n",
    " ", "-", "*", "&", "GB/s", "tokens", "\u{0}", "é", "1e-300", "99999999999", "-0", "0x1p3", "true", "..",
    "/etc/passwd",
  ]

  @Test func theTextIsSound() throws {
    try read(Self.text)
  }

  @Test(arguments: 0..<8) func mutatedTexts(_ seed: UInt64) throws {
    var state = seed &* 977 &+ 3
    func next(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % n
    }
    for _ in 0..<40 {
      var scalars = Array(Self.text.unicodeScalars)
      for _ in 0...next(3) {
        let at = next(scalars.count)
        let end = min(scalars.count, at + next(8))
        scalars.replaceSubrange(at..<end, with: Array(Self.pieces[next(Self.pieces.count)].unicodeScalars))
      }
      let text = String(String.UnicodeScalarView(scalars))
      do { try read(text) } catch let faults as Faults {
        #expect(!faults.diagnostics.isEmpty)
        #expect(
          faults.description.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
      }
    }
  }

  private func read(_ text: String) throws {
    try withFolder { folder in
      try write(text, to: "\(folder)/s.yaml")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let resolved = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue).resolve()
      if case .generator(let plan) = resolved.workload.source, case .requests(let count) = plan.extent, count < 1000 {
        _ = try resolved.trace().requests
      }
    }
  }
}
