import Cluster
import Scenario
import Support
import Testing
import Units

@testable import Study

/// What a run says of a placed pool, and what of its memories is within their bounds.
@Suite("Figures of placed pools")
struct PlacedFiguresTests {
  /// One or two requests of 64 tokens in and `output` out on a pool `all`, whose settings are given.
  private func run(_ pool: String, model: String = "llama-3.2-1b", output: Int = 9, requests: Int = 2) throws -> Summary
  {
    try scenario(pool, model: model, output: output, requests: requests).run().summary
  }

  private func scenario(_ pool: String, model: String, output: Int = 9, requests: Int = 2) throws -> Experiment {
    let small = try SmallScenario()
    try small.write(
      "placed.yaml",
      """
      model: \(model)
      cluster: {pools: {all: {\(pool)}}}
      workload:
        generator: {closed-loop: {users: 1, think: 0 s}}
        requests: \(requests)
        lengths: {prompt: 64 tokens, output: \(output) tokens}

      """)
    let path = small.folder.appendingPathComponent("placed.yaml").path
    return try ScenarioReader().read(path).experiment(variant: nil)
  }

  private func figure(_ summary: Summary, _ name: String) throws -> Double {
    let figures = summary.pools[0].placement?.figures ?? []
    return try #require(figures.first { $0.name == name }?.value)
  }

  @Test("The host dispatches after its time of a step: a resident engine takes what one without a policy does")
  func host() throws {
    // Of an H100's file 5 ms a step, then 24.3 ms of dispatch, beside which a model of 1 B computes.
    let plain = try run("device: h100-sxm").duration.value
    let resident = try run("device: h100-sxm, place: resident")
    #expect(abs(resident.duration.value - plain) < 0.02 * plain, "\(resident.duration.value) and \(plain)")
    for place in ["layer-streaming: {from: ddr5-4800, pinned: 16}", "draft-verify: {acceptance: 0 %, depth: 1}"] {
      let placed = try run("device: h100-sxm, place: {\(place)}").duration.value
      #expect(placed > 0.98 * plain, "\(place): \(placed) and \(plain)")
    }
    #expect(resident.pools[0].time.roofs[.host] > resident.pools[0].time.roofs[.launch])
  }

  @Test("What a replica holds is not multiplied by the replicas")
  func replicas() throws {
    let place = "device: rtx-4090, place: {layer-streaming: {from: ddr5-4800}}"
    let (one, two) = (try run(place), try run(place + ", replicas: 2"))
    for name in ["weights", "device-weights"] { #expect(try figure(one, name) == figure(two, name)) }
  }

  @Test("What was fetched in vain is no use without a fetch")
  func reuse() throws {
    // Every guess is wrong, so that more is fetched than is asked for.
    let summary = try run(
      "device: rtx-4090, place: {expert-offload: {from: ddr5-4800, fetch: predicted-next, accuracy: 0, coverage: 0, "
        + "cache: {slots: 16}}}", model: "olmoe-1b-7b")
    #expect(try (0...1).contains(figure(summary, "expert-reuse-rate")))
  }

  @Test("How long layers took is not said where it was not seen")
  func unseen() throws {
    // Copies that share the link may be under way when a step ends.
    let place = "device: rtx-4090, place: {expert-offload: {from: ddr5-4800, fetch: exact-next"
    let (inTurn, beside) = (
      try run(place + "}}", model: "olmoe-1b-7b"), try run(place + ", misses: beside}}", model: "olmoe-1b-7b")
    )
    for name in ["block-latency", "block-wait"] {
      #expect(try figure(inTurn, name) > 0)
      #expect(beside.pools[0].placement?.figures.first { $0.name == name }?.value == nil)
    }
  }

  @Test("A ring of experts is no longer than the model")
  func ring() throws {
    // 16 mixture layers, all of which the ring holds: once they have come nothing is fetched.
    func held(_ ahead: Int) throws -> Summary {
      try run(
        "device: h100-sxm, place: {expert-offload: {from: ddr5-4800, fetch: prefetch-all, ahead: \(ahead)}}",
        model: "olmoe-1b-7b")
    }
    let (whole, longer) = (try held(15), try held(40))
    #expect(try figure(longer, "weights-held-share") == 1)
    #expect(whole.duration == longer.duration)
    // 13.8 GB of weights in a device of 12 GiB.
    let error = #expect(throws: Faults.self) {
      try self.run(
        "device: rtx-3060, place: {expert-offload: {from: ddr5-4800, fetch: prefetch-all, ahead: 15}}",
        model: "olmoe-1b-7b")
    }
    #expect(error?.diagnostics.first?.what == "the device cannot hold the experts' slots")
  }

  @Test("Nothing leaves a memory faster than it can be read")
  func memories() throws {
    // CXL reads 26 GB/s of what NVLink-C2C carries at 450.
    for (place, stream, model) in [
      ("expert-offload: {from: cxl-2.0-x8, link: nvlink-c2c}", "copy", "olmoe-1b-7b"),
      ("kv-retrieval: {host: cxl-2.0-x8, link: nvlink-c2c}", "fetch", "llama-3.2-1b"),
      ("kv-retrieval: {host: cxl-2.0-x8, link: nvlink-c2c}", "store", "llama-3.2-1b"),
      ("layer-streaming: {from: cxl-2.0-x8, link: nvlink-c2c}", "copy", "llama-3.2-1b"),
    ] {
      let summary = try run("device: h100-sxm, place: {\(place)}", model: model)
      let did = try #require(summary.pools[0].placement?.streams.first { $0.name == stream })
      #expect(did.bytes > 0 && Double(did.bytes) / did.busy.seconds < 60e9, "\(place)")
    }
  }

  @Test("Embedding and head take room on a device whose experts or layers come from elsewhere")
  func embedding() throws {
    func blocks(_ place: String) throws -> Int {
      try scenario("device: rtx-4090, place: \(place)", model: "olmoe-1b-7b").scenario.cluster.pools[0].engine.cache
        .blocks
    }
    #expect(try blocks("{hybrid-experts: {cpu: epyc-7763, cache: 100 %}}") <= blocks("resident"))
    func held(_ place: String) throws -> Double {
      let engine = try scenario("device: rtx-4090, place: {\(place)}", model: "llama-2-7b").scenario.cluster.pools[0]
        .engine
      return try #require(engine.placed?.holdings.first { $0.memory == "device" }).bytes
    }
    // Two layers, the table and the head: 2 x 405 MB + 2 x 262 MB.
    let bytes = try held("host-attention-streaming: {processor: epyc-7763, kv-capacity: 1 GB}")
    #expect(bytes > 1.33e9 && bytes < 1.34e9, "\(bytes)")
  }

  @Test("A draft has the memory of all devices that share it")
  func drafts() throws {
    let place = { (count: Int) in
      "device: h100-sxm, place: {mirror-speculation: {draft: {device: rtx-3060, model: llama-3.1-8b, count: \(count)}}}"
    }
    #expect(throws: Faults.self) { try self.scenario(place(1), model: "llama-3.1-8b") }
    let engine = try scenario(place(2), model: "llama-3.1-8b").scenario.cluster.pools[0].engine
    let draft = try #require(engine.placed?.holdings.first { $0.memory == "draft" })
    #expect(draft.bytes > 16e9 && draft.bytes <= draft.capacity)
  }
}
