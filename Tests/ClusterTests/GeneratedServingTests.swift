import Cluster
import Policies
import Support
import Testing
import Units
import Workload

/// Generated sessions, samples and users in the serving loop.
@Suite struct GeneratedServingTests {
  /// One engine whose steps take 1 ms and 10 us a token, with room for everything.
  private func cluster(prefixes: Bool) throws -> ClusterDescription {
    ClusterDescription(pools: [
      PoolDescription(
        name: "one", replicas: 1,
        engine: EngineDescription(
          cost: try .linear(step: 1e-3, token: 1e-5),
          cache: KVCacheDescription(blockTokens: 16, blocks: 1_000_000, watermark: 0, bytesPerToken: 1),
          maxSequences: 64, maxBatchTokens: 4096),
        batch: PrefillFirst(), evict: prefixes ? LeastRecentlyUsed() : nil)
    ])
  }

  private func generator(_ pattern: Generator.Pattern, requests: Int) -> Generator {
    var generator = Generator(
      arrivals: .poisson(Rate(5)),
      lengths: .independent(
        prompt: .lognormal(mean: 80, variation: 1, maximum: 900),
        output: .lognormal(mean: 40, variation: 1, maximum: 300)),
      extent: .requests(requests))
    generator.pattern = pattern
    generator.systemPrompt = 100
    generator.blockTokens = 16
    return generator
  }

  /// A turn finds the whole blocks of all that was said but the last token, whose keys and values nobody computed; at
  /// least its own last token is computed.
  @Test func aTurnFindsWhatWasSaid() throws {
    let sessions = Sessions(turns: .geometric(mean: 5), think: .exponential(mean: .seconds(30)))
    let trace = try generator(.sessions(sessions), requests: 600).trace(seed: 4)
    let followers = try #require(trace.followers)
    var expected = 0
    for (offset, predecessor) in followers.predecessors.enumerated() {
      let (turn, before) = (trace.requests[followers.independent + offset], trace.requests[Int(predecessor)])
      let computed = Int(before.promptTokens + before.outputTokens) - 1
      expected += min(computed, Int(turn.promptTokens) - 1) / 16 * 16
    }
    let alone = try Simulation.run(try cluster(prefixes: false), trace: trace, route: RoundRobin())
    let result = try Simulation.run(try cluster(prefixes: true), trace: trace, route: RoundRobin())
    let totals = try #require(result.replicas[0].prefixes)
    // First turns find six blocks of the system prompt, but for those that came before anyone had computed it.
    let opening = totals.savedTokens - expected
    #expect(opening % 96 == 0 && 96 * (followers.independent - 5)...96 * (followers.independent - 1) ~= opening)
    func waits(_ result: RunResult) -> Double {
      trace.requests.indices.reduce(0) { $0 + (result.outcomes.firstToken[$1] - result.arrivals[$1]).seconds }
    }
    #expect(waits(result) < 0.9 * waits(alone))
  }

  @Test func samplesFindTheirPrompt() throws {
    let trace = try generator(.samples(4), requests: 400).trace(seed: 4)
    let result = try Simulation.run(try cluster(prefixes: true), trace: trace, route: RoundRobin())
    let totals = try #require(result.replicas[0].prefixes)
    // Samples that begin in one step do not find each other's blocks; none finds more than its prompt.
    let most = trace.requests.indices.filter { $0 % 4 > 0 }.reduce(0) {
      $0 + (Int(trace.requests[$1].promptTokens) - 1) / 16 * 16
    }
    #expect(totals.savedTokens > 0 && totals.savedTokens <= most + 100 * 96)
  }

  /// Users times the run's length is what they spent thinking and waiting: N T = sum of (Z + R), but for the ends of
  /// those who are done before the last.
  @Test(arguments: [1, 20, 200]) func usersThinkOrWait(_ users: Int) throws {
    var generator = generator(.single, requests: 100 * users)
    generator.arrivals = .closedLoop(ClosedLoop(users: users, think: .exponential(mean: .seconds(2))))
    let trace = try generator.trace(seed: 9)
    let result = try Simulation.run(try cluster(prefixes: false), trace: trace, route: RoundRobin())
    let waited = trace.requests.indices.reduce(0.0) { sum, index in
      sum + (result.outcomes.done[index] - result.arrivals[index]).seconds
    }
    let thought =
      trace.requests.prefix(users).reduce(0.0) { $0 + ($1.arrival - .start).seconds }
      + (trace.followers?.delays ?? []).reduce(0.0) { $0 + $1.seconds }
    let last = trace.requests.indices.suffix(users).map { (result.outcomes.done[$0] - .start).seconds }
    #expect(abs(last.reduce(0, +) - waited - thought) < 1e-6 * thought)
    #expect((last.max() ?? 0) <= result.end.seconds && Double(users) * result.end.seconds < 1.4 * (waited + thought))
  }
}
