import Testing

@testable import Study

/// Drafts and their verification, on devices whose times are round.
@Suite("Speculation") struct SpeculationTests {
  private func draft(_ settings: String) -> String { "{draft-verify: {draft: {layers: 1}, depth: 3, \(settings)}}" }

  @Test("Tokens a step are what is accepted and one")
  func gains() throws {
    let scenario = try RoundScenario()
    // 8 tokens after the first: all drafts of 3 accepted are two steps of 4, none accepted are eight.
    for (acceptance, steps, gain) in [("100 %", 2.0, 4.0), ("0 %", 8, 1)] {
      let run = try scenario.run(draft("acceptance: \(acceptance), sibling: 0 %"))
      #expect(run.pool("decode_steps") == steps)
      #expect(run.pool("tokens-per-step") == gain)
    }
    // Chains of 3 at 60 %: 1 + 0.6 + 0.36 + 0.216 = 2.176 on average over 500 tokens, two candidates at each depth with
    // 0.6 + 0.4 x 0.5 = 0.8: 2.952.
    let chain = try scenario.run(draft("acceptance: 60 %"), output: 1500)
    #expect(abs(chain.pool("tokens-per-step") - 2.176) < 0.12)
    let tree = try scenario.run(draft("width: 2, acceptance: 60 %, sibling: 50 %"), output: 1500)
    #expect(abs(tree.pool("tokens-per-step") - 2.952) < 0.12)
  }

  @Test("The share of a draft that is accepted gives the chance of each token")
  func shares() throws {
    let scenario = try RoundScenario()
    // Chances of 60 % accept 0.6 + 0.36 + 0.216 = 1.176 of 3 tokens, 39.2 %, so that both draw alike.
    let chance = try scenario.run(draft("acceptance: 60 %"), output: 1500).pool("tokens-per-step")
    let share = try scenario.run(draft("accepted-share: 39.2 %"), output: 1500).pool("tokens-per-step")
    #expect(share == chance)
    for (given, gain) in [("0 %", 1.0), ("100 %", 4)] {
      #expect(try scenario.run(draft("accepted-share: \(given)")).pool("tokens-per-step") == gain)
    }
    #expect(throws: (any Error).self) { try scenario.run(draft("accepted-share: 50 %, acceptance: 60 %")) }
  }

  @Test("A step drafts one token after another and reads the target's weights once")
  func times() throws {
    let scenario = try RoundScenario()
    let alone = try scenario.run("resident").tpot
    // Weights at 1 TB/s: 12 layers of 14.155776 MB and a head of 77.2 MB; the draft has one layer and the head.
    let pass = 14.155776e-6 + 77.217792e-6
    let step = try scenario.run(draft("acceptance: 0 %")).tpot
    #expect(abs(step - alone - 3 * pass) < 0.05 * step, "\(step) \(alone)")
  }

  @Test("Ids alone pass between two devices, and half of the target may stand beside the draft")
  func devices() throws {
    let scenario = try RoundScenario()
    func run(_ rest: String) throws -> (String) -> Double {
      try scenario.run(
        "{draft-verify: {draft: {device: t4, layers: 1}, depth: 3, acceptance: 0 %\(rest)}}",
        settings: ", kv-cache: {capacity: 1600 tokens}"
      ).pool
    }
    let whole = try run("")
    // 8 steps of 3 ids of 4 bytes; the answers are 4 places each, and one with the prompt.
    #expect(whole("bytes-send") == 96)
    #expect(whole("bytes-return") == 132)
    // Weights and 1600 tokens of 3072 bytes a layer.
    let (head, layer) = (77_217_792.0, 14_155_776 + 1600 * 3072.0)
    #expect(whole("held-device") == head + 12 * layer)
    #expect(whole("held-draft") == head + layer)
    let split = try run(", beside: 6")
    // The hidden states of 4 places a step and of the prompt's 2 go on, 1536 bytes each.
    #expect(split("bytes-send") == 96 + 34 * 1536)
    #expect(split("held-device") == head + 6 * layer)
    #expect(split("held-draft") == head + 7 * layer)
  }

  @Test("A draft that is there costs nothing while it fits beside the target's last layers")
  func mirrors() throws {
    let scenario = try RoundScenario()
    func step(_ settings: String) throws -> Double {
      try scenario.run(
        "{mirror-speculation: {draft: {device: v100-sxm2, layers: 1}, acceptance: 0 %, sync: 0 s, \(settings)}}"
      ).tpot
    }
    let ready = try step("depth: 1, branch-hit: 100 %")
    let missed = try step("depth: 1, branch-hit: 0 %")
    #expect(missed > ready)
    // With more passes than the last layers take, the next step waits for them.
    let long = try step("depth: 16, branch-hit: 100 %")
    #expect(long > 1.5 * ready)
    #expect(try step("depth: 16, per-pass: 16, branch-hit: 100 %") < 1.2 * ready)
    // Without candidates each draft is made first: a pass more takes a pass longer, and no exit's head is computed.
    let serial = try step("depth: 1, branches: 0, branch-hit: 100 %")
    #expect(serial > ready && serial < missed)
    let pass = try step("depth: 2, branches: 0, per-pass: 1") - serial
    #expect(abs(try step("depth: 3, branches: 0, per-pass: 1") - serial - 2 * pass) < 0.01 * serial)
    // Two devices halve what a pass reads and computes, not what it launches, and add up twice.
    func draft(_ rest: String) throws -> Double {
      try scenario.run(
        "{mirror-speculation: {draft: {device: v100-sxm2, layers: 1\(rest)}, depth: 16, acceptance: 0 %, branch-hit: 0 %}}"
      ).tpot
    }
    let (one, two) = (try draft(""), try draft(", count: 2"))
    #expect(two < one)
    #expect(try draft(", count: 2, exchange: 1 ms") > two + 0.032)
    let rate = try scenario.run(
      "{mirror-speculation: {draft: {device: v100-sxm2, layers: 1}, branch-hit: 70 %}}", output: 1500
    ).pool("branch-hit-rate")
    #expect(abs(rate - 0.7) < 0.08)
  }
}
