import Cluster
import Foundation
import Scenario
import Support
import Testing
import Units

@testable import Study

/// What the policy `expert-offload` does with OLMoE on a graphics card: 16 layers of 64 experts, 8 for each token, each of
/// 3 x 2048 x 1024 weights in two bytes, 12,582,912 B.
@Suite("Experts in host memory")
struct ExpertOffloadTests {
  static let expert = 12_582_912.0
  /// PCIe 4.0: 31.5 GB/s and 1 us for each copy.
  static let copy = expert / 31.5e9 + 1e-6

  /// The summary of a run of one request after another, and what the policy counted.
  private func run(
    _ settings: String, pool: String = "", users: Int = 1, prompt: Int = 8, output: Int = 9, requests: Int = 2
  ) throws -> (summary: Summary, figures: [String: Double], bytes: [String: Int64]) {
    let folder = try SmallScenario()
    try folder.write(
      "experts.yaml",
      """
      model: olmoe-1b-7b
      cluster: {pools: {all: {device: rtx-4090, \(pool)place: {expert-offload: {from: ddr4-3200, \(settings)}}}}}
      workload:
        generator: {closed-loop: {users: \(users), think: 0 s}}
        requests: \(requests)
        lengths: {prompt: \(prompt) tokens, output: \(output) tokens}

      """)
    let path = folder.folder.appendingPathComponent("experts.yaml").path
    let run = try ScenarioReader().read(path).experiment(variant: nil).run()
    let placement = try #require(run.summary.pools[0].placement)
    var figures: [String: Double] = [:]
    for figure in placement.figures { figures[figure.name] = figure.value }
    return (
      run.summary, figures,
      Dictionary(uniqueKeysWithValues: placement.streams.map { ($0.name, $0.bytes) })
    )
  }

  @Test("A ring of two layers that fetches all takes as long as the copies of all")
  func prefetchAll() throws {
    // A decode step has 16 layers x 64 experts to copy, each in 400.4 us: 410.1 ms, far more than it computes. The ring
    // never lets the link idle, so that tokens come as far apart; only the step of the prompt computes a
    // little longer than the others.
    let (summary, figures, _) = try run("fetch: prefetch-all", requests: 1)
    let tpot = try #require(summary.tpot?.mean)
    let expected = 16 * 64 * Self.copy
    #expect(abs(tpot / expected - 1) < 1e-3)
    // 9 steps: what one needs, and the layer that is fetched ahead at the end of the last.
    #expect(figures["experts-fetched"] == Double((9 * 16 + 1) * 64))
    #expect(figures["expert-bytes"] == Double((9 * 16 + 1) * 64) * Self.expert)
  }

  @Test("Without slots every expert that is asked for is copied for its step")
  func onDemand() throws {
    // 8 tokens after the first, 16 layers x 8 experts each: 128 copies and 16 decisions of 10 us in a step. What is
    // computed is 8 experts a layer in under 40 us each, most of it while the next one is copied.
    let (summary, figures, bytes) = try run("fetch: on-demand, cache: {slots: 0}", prompt: 1, requests: 1)
    let tpot = try #require(summary.tpot?.mean)
    let copies = 128 * Self.copy + 16 * 10e-6
    #expect(tpot > copies && tpot < copies * 1.1)
    #expect(figures["expert-hit-rate"] == 0)
    #expect(figures["experts-fetched"] == 1152.0)
    #expect(bytes["copy"] == Int64(9 * 128 * Self.expert))
    #expect(figures["block-experts"] == 8)
  }

  @Test("A host that is blocked by fetches issues nothing while they are under way")
  func blocking() throws {
    // 128 copies of 400.4 us in a step, 51.3 ms, and 32 ms of the host. It issues a layer's kernels in 2 ms while experts of
    // the layer before are copied, in 3.2 ms; blocked it does so after them, and the two add up.
    let settings = "fetch: on-demand, cache: {slots: 0}"
    let pool = "host: {per-step: 0 s, per-sequence: 0 s, decode-dispatch: 32 ms}, "
    func tpot(_ settings: String) throws -> Double {
      try #require(try run(settings, pool: pool, prompt: 1, requests: 1).summary.tpot?.mean)
    }
    let (free, blocked) = (try tpot(settings), try tpot(settings + ", blocking: true"))
    let copies = 128 * Self.copy + 16 * 10e-6
    #expect(free > copies && free < copies * 1.1)
    #expect(blocked > copies + 32e-3 && blocked < (copies + 32e-3) * 1.1)
  }

  @Test("What goes back over the link takes as long again as what comes")
  func writeBack() throws {
    // 128 copies of 400.4 us in a step, and as many back before the expert that came can be used.
    let (summary, figures, bytes) = try run(
      "fetch: on-demand, write-back: true, cache: {slots: 0}", prompt: 1, requests: 1)
    let tpot = try #require(summary.tpot?.mean)
    let copies = 256 * Self.copy + 16 * 10e-6
    #expect(tpot > copies && tpot < copies * 1.1)
    #expect(bytes["copy"] == Int64(2 * 9 * 128 * Self.expert))
    #expect(figures["expert-bytes"] == 9 * 128 * Self.expert)
  }

  @Test("A cache of all experts and pinned layers fetch nothing twice")
  func everythingCached() throws {
    let (_, all, _) = try run("cache: {share: 100 %}", output: 60)
    #expect((all["experts-fetched"] ?? .nan) <= 1024)
    let (_, pinned, _) = try run("pinned-layers: 16", output: 20)
    #expect(pinned["experts-fetched"] == 0 && pinned["expert-hit-rate"] == 1)
    #expect(abs((pinned["weights-held-share"] ?? .nan) - 1) < 1e-9)
  }

  @Test("Exact guesses hit in all layers but the first, and wrong ones are paid for")
  func guesses() throws {
    // No slots are kept from step to step: each layer has 16, a step's experts and as many guessed.
    let exact = try run("fetch: exact-next, cache: {slots: 16}", prompt: 1, output: 33, requests: 1).figures
    #expect(exact["prefetch-accuracy"] == 1)
    #expect(exact["prefetch-use"] == 1)
    #expect((exact["expert-hit-rate"] ?? .nan) > 15.0 / 16)
    // The lower the accuracy the more is fetched in vain and on demand.
    var (fetched, hits) = (0.0, 1.0)
    for accuracy in [1, 0.8, 0.5, 0.2] {
      let figures = try run(
        "fetch: predicted-next, accuracy: \(accuracy), coverage: \(accuracy), cache: {slots: 16}", prompt: 1,
        output: 49,
        requests: 1
      ).figures
      #expect((figures["experts-fetched"] ?? .nan) > fetched)
      #expect((figures["expert-hit-rate"] ?? .nan) < hits + 1e-9)
      #expect(abs((figures["prefetch-accuracy"] ?? .nan) - accuracy) < 0.03)
      fetched = try #require(figures["experts-fetched"])
      hits = try #require(figures["expert-hit-rate"])
    }
  }

  @Test("A conversion at each use costs the bytes of its kernels, and one in place fetches again what was used")
  func conversions() throws {
    func decoded(_ convert: String) throws -> (tpot: Double, figures: [String: Double]) {
      let (summary, figures, _) = try run(
        "pinned-layers: 16, bits: 4, convert: \(convert)", prompt: 1, requests: 1)
      return (try #require(summary.tpot?.mean), figures)
    }
    // 2.5 bytes a weight are those of both formats. Each 23.5 more take as long as the last.
    let (both, more, most) = (
      try decoded("on-use"), try decoded("on-use, convert-bytes: 26"), try decoded("on-use, convert-bytes: 49.5")
    )
    #expect(more.tpot > both.tpot && abs((most.tpot - more.tpot) / (more.tpot - both.tpot) - 1) < 0.1)
    // All are there: what 9 steps of 16 layers ask for, 8 experts a token, is fetched again and nothing else.
    let again = try decoded("in-place")
    #expect(both.figures["experts-fetched"] == 0 && again.figures["experts-fetched"] == 9 * 16 * 8)
    #expect(again.tpot > both.tpot)
  }

  @Test("What is fetched ahead beside the slots is found without having had one")
  func apart() throws {
    // 4 slots have no room for the 8 experts of a token. Beside them every layer but the first is found.
    let exact = "fetch: predicted-next, accuracy: 1, cache: {slots: 4}"
    let slots = try run(exact, prompt: 1, output: 33, requests: 1).figures
    let apart = try run(exact + ", prefetched: apart", prompt: 1, output: 33, requests: 1).figures
    #expect((slots["expert-hit-rate-decode"] ?? .nan) < 0.7)
    #expect((apart["expert-hit-rate-decode"] ?? .nan) >= 15.0 / 16)
    #expect((apart["experts-fetched"] ?? .nan) <= (slots["experts-fetched"] ?? .nan))
    // Places beside the slots are memory too: those of two layers, where there were two buffers.
    #expect((apart["weights-held"] ?? .nan) - (slots["weights-held"] ?? .nan) == (2 * 64 - 2) * Self.expert)
  }

  @Test("Paths that are known are fetched into shared slots as earlier layers leave them")
  func freedSlots() throws {
    // 24 slots are those of three layers of 8, out of 16: the others' experts come as the layers before them end.
    let path = "fetch: path, accuracy: 1, ahead: 16, cache: {slots: 24, per: model}"
    #expect(try run(path, prompt: 1, output: 33, requests: 1).figures["expert-hit-rate-decode"] == 1)
    // A layer's own slots are left by no other layer: half of what it asks for has none.
    let own = "fetch: path, accuracy: 1, ahead: 16, cache: {slots: 4}"
    #expect(try run(own, prompt: 1, output: 33, requests: 1).figures["expert-hit-rate-decode"] == 0.5)
  }

  @Test("What gates miss does not wait for all that was fetched ahead where it has a queue of its own")
  func missesBeside() throws {
    // Half of each guess is wrong. In turn what a layer misses comes after the guesses at all further layers; the link is
    // busy nearly all the time either way, with the same bytes.
    let path = "fetch: path, accuracy: 0.5, ahead: 16, cache: {slots: 512, per: model}"
    let turn = try run(path, prompt: 1, output: 17, requests: 1)
    let beside = try run(path + ", misses: beside", prompt: 1, output: 17, requests: 1)
    #expect(try #require(beside.summary.tpot?.mean) < (try #require(turn.summary.tpot?.mean)))
    #expect(beside.figures["expert-bytes"] == turn.figures["expert-bytes"])
    #expect((beside.bytes["missed"] ?? 0) > 0 && turn.bytes["missed"] == nil)
    #expect(Double((beside.bytes["copy"] ?? 0) + (beside.bytes["missed"] ?? 0)) == beside.figures["expert-bytes"])
  }

  @Test("Every way to fetch computes the same, within the slots it has")
  func ways() throws {
    for fetch in [
      "on-demand", "prefetch-all", "exact-next", "predicted-next, extra: 2, io-budget: true, order: by-tokens",
      "activation-path", "path, ahead: 3", "on-demand, bits: 4, rare-bits: 2, rare-share: 25 %",
      "on-demand, bits: 4, convert: on-use", "predicted-next, prefetched: apart, bits: 4, convert: in-place",
      "path, prefetched: apart, ahead: 3", "path, misses: beside, blocking: true", "path, groups: 2, schedule: by-path",
      "path, accuracy: 1, part-tokens: 8",
      "path, part-tokens: 3, schedule: by-expert, routing: {router: decoupled, prompt-spread: 0}",
    ] {
      for cache in ["{slots: 4}", "{slots: 40, per: model, evict: activation-aware}"] {
        let isRing = fetch == "prefetch-all"
        let (summary, figures, bytes) = try run(
          "fetch: \(fetch)" + (isRing ? "" : ", cache: \(cache)"), users: 4, prompt: 10, output: 6, requests: 4)
        #expect(summary.completed == 4, "\(fetch)")
        let (moved, asked) = (Double((bytes["copy"] ?? 0) + (bytes["missed"] ?? 0)), figures["expert-bytes"] ?? .nan)
        // What is fetched ahead is on its way when the run ends, and not of the run's bytes as far as it is late.
        let isAwaited = fetch.hasPrefix("on-demand")
        #expect(isAwaited ? moved == asked : moved <= asked && moved > 0.98 * asked, "\(fetch): \(moved / asked)")
        // What shares the link may be under way when a step ends: no layer's time is told.
        let (latency, wait) = (figures["block-latency"] ?? .nan, figures["block-wait"] ?? .nan)
        #expect(fetch.contains("beside") ? latency.isNaN : latency >= wait, "\(fetch)")
        #expect(figures["eviction-faults"] == nil, "\(fetch)")
      }
    }
  }

  @Test("Batches in groups of like paths ask for fewer experts at a time")
  func groups() throws {
    let plain = try run("groups: 2, cache: {slots: 8}", users: 16, output: 6, requests: 16).figures
    let alike = try run("groups: 2, schedule: by-path, cache: {slots: 8}", users: 16, output: 6, requests: 16).figures
    #expect((alike["block-experts"] ?? .nan) < (plain["block-experts"] ?? .nan))
    // Paths that are guessed group as well as the guesses are right.
    let guessed = try [0, 0.7, 1].map { accuracy in
      let figures = try run(
        "groups: 2, schedule: by-path, fetch: path, accuracy: \(accuracy), cache: {slots: 8}", users: 16, output: 6,
        requests: 16
      ).figures
      return try #require(figures["block-experts"])
    }
    #expect(guessed[2] == alike["block-experts"] && guessed[1] > guessed[2] && guessed[0] > guessed[1], "\(guessed)")
  }

  @Test("A step in parts has each part's host time, and the experts that the longest queues wait for")
  func partTokens() throws {
    // 16 sequences that decode in parts of 4 are four batches of the engine, each with 5 ms of its host.
    let host = "host: {per-step: 5 ms, per-sequence: 0 s, prefill-dispatch: 0 s, decode-dispatch: 0 s}, "
    let one = try run(
      "cache: {share: 100 %}", pool: host, users: 16, prompt: 1, output: 6, requests: 16
    ).summary
    let four = try run(
      "part-tokens: 4, cache: {share: 100 %}", pool: host, users: 16, prompt: 1, output: 6, requests: 16
    ).summary
    let difference = try #require(four.tpot?.mean) - (try #require(one.tpot?.mean))
    #expect(difference > 3 * 5e-3 && difference < 4 * 5e-3 + 0.1)
    let decoupled = "routing: {router: decoupled, prompt-spread: 0}, cache: {slots: 16}"
    let plain = try run("part-tokens: 4, \(decoupled)", users: 16, prompt: 1, output: 6, requests: 16).figures
    let queued = try run(
      "part-tokens: 4, schedule: by-expert, \(decoupled)", users: 16, prompt: 1, output: 6, requests: 16
    ).figures
    #expect((queued["block-experts"] ?? .nan) < (plain["block-experts"] ?? .nan))
  }

  @Test("Belady hits more than LRU by what is queued, and more still the further it looks ahead")
  func belady() throws {
    var rates: [Double] = []
    for evict in ["lru", "belady", "belady, lookahead: 4", "belady, lookahead: 40"] {
      let figures = try run(
        "part-tokens: 2, routing: {router: decoupled}, cache: {slots: 20, evict: \(evict)}", users: 6, prompt: 2,
        output: 40, requests: 6
      ).figures
      rates.append(try #require(figures["expert-hit-rate"]))
      #expect(figures["expert-reuse-rate"] == figures["expert-hit-rate"])
    }
    #expect(rates == rates.sorted() && Set(rates[..<3]).count == 3, "\(rates)")
  }

  @Test("A belady that is told nothing of what comes is told to be no bound")
  func blindBelady() throws {
    for (settings, isBlind) in [
      ("cache: {evict: belady}", true), ("cache: {evict: belady, lookahead: 4}", false),
      ("groups: 2, cache: {evict: belady}", false), ("cache: {evict: belady, per: model}", false),
      ("cache: {evict: lru}", false),
    ] {
      let folder = try SmallScenario()
      try folder.write(
        "experts.yaml",
        """
        model: olmoe-1b-7b
        cluster: {pools: {all: {device: rtx-4090, place: {expert-offload: {from: ddr4-3200, \(settings)}}}}}
        workload: {generator: poisson, rate: 1 /s, requests: 1, lengths: {prompt: 8 tokens, output: 9 tokens}}

        """)
      let path = folder.folder.appendingPathComponent("experts.yaml").path
      let told = try ScenarioReader().read(path).experiment(variant: nil).scenario.warnings
      #expect(told.contains { $0.what.hasPrefix("belady foresees nothing") } == isBlind, "\(settings)")
    }
  }

  @Test("What cannot be held is refused with numbers")
  func refusals() throws {
    #expect(throws: (any Error).self) { try run("cache: {share: 100 %}, pinned-layers: 0, from: sd-a2") }
    for (settings, word) in [
      ("groups: 2, part-tokens: 8", "cut in two ways"),
      ("schedule: by-expert", "needs 'part-tokens'"), ("part-tokens: 8, schedule: by-path", "needs 'groups'"),
    ] {
      let error = #expect(throws: (any Error).self) { try run(settings) }
      #expect("\(String(describing: error))".contains(word))
    }
  }
}
