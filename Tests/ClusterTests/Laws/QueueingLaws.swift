import Cluster
import Foundation
import Kernel
import Models
import Policies
import Support
import Testing
import Units
import Workload

/// The serving process against queueing formulas, each over independent replications.
///
/// A replication's mean is one sample; the formula must lie within the 99.9 % confidence interval of the mean of 20
/// (Student's t with 19 degrees of freedom: 3.883), widened by what the discrete process is known to add.
@Suite struct QueueingLaws {
  static let replications = 20
  static let requests = 4000
  static let warmUp = 400
  static let studentT = 3.883

  /// Poisson arrivals at `rate` per second; lengths drawn by `length` from a uniform number in (0, 1].
  static func workload(
    seed: UInt64, rate: Double, prompt: (Double) -> Int32 = { _ in 1 }, output: (Double) -> Int32 = { _ in 1 }
  ) -> [Request] {
    var arrivals = RandomStream(seed: seed, consumer: .arrival)
    var lengths = RandomStream(seed: seed, consumer: .promptLength)
    var now = 0.0
    return (0..<requests).map { _ in
      now -= Foundation.log(arrivals.positiveUniform()) / rate
      let u = lengths.positiveUniform()
      return Request(
        arrival: Instant(picoseconds: Int64(now * 1e12)), promptTokens: prompt(u), outputTokens: output(u))
    }
  }

  /// A length of exponential distribution with mean `mean`, rounded up.
  static func exponential(_ mean: Double) -> (Double) -> Int32 {
    { u in max(1, Int32((-mean * Foundation.log(u)).rounded(.up))) }
  }

  /// The mean time in system after the warm-up, one value per replication.
  static func times(
    cost: StepCost, maxSequences: Int, batch: any BatchPolicy, replicas: Int = 1,
    workload: (UInt64) -> [Request]
  ) throws -> [Double] {
    let cache = KVCacheDescription(blockTokens: 1 << 20, blocks: 1 << 20, watermark: 0, bytesPerToken: 1)
    let engine = EngineDescription(
      cost: cost, cache: cache, maxSequences: maxSequences, maxBatchTokens: 1)
    let cluster = ClusterDescription(
      pools: [PoolDescription(name: "all", replicas: replicas, engine: engine, batch: batch)])
    return try (0..<replications).map { replication in
      let requests = workload(UInt64(replication + 1))
      let result = try Simulation.run(cluster, requests: requests, route: RoundRobin())
      let times = requests.indices.dropFirst(warmUp).map {
        (result.outcomes.done[$0] - requests[$0].arrival).seconds
      }
      return times.reduce(0, +) / Double(times.count)
    }
  }

  /// Expects `formula` within the confidence interval of the mean of `samples`, widened by `bias`.
  static func expect(_ samples: [Double], _ formula: Double, bias: Double, _ name: String) {
    let mean = samples.reduce(0, +) / Double(samples.count)
    let variance = samples.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(samples.count - 1)
    let half = studentT * (variance / Double(samples.count)).squareRoot()
    #expect(abs(mean - formula) <= half + bias, "\(name): \(mean) +- \(half) against \(formula)")
    // An interval too wide to say anything is no test.
    #expect(half < 0.12 * formula, "\(name): the interval \(half) is too wide for \(formula)")
  }

  /// M/M/1, first come first served: one prompt at a time, its length exponential. E[T] = S / (1 - rho).
  @Test func aLonePrefillEngineIsMM1() throws {
    let samples = try Self.times(
      cost: .linear(step: 0, token: 1e-5), maxSequences: 1, batch: PrefillFirst()
    ) { seed in Self.workload(seed: seed, rate: 6, prompt: Self.exponential(10_000)) }
    // Rounding a length up adds half a token, 5 us, to S = 0.1 s.
    Self.expect(samples, 0.1 / (1 - 0.6), bias: 1e-4, "M/M/1")
  }

  /// M/D/1: all prompts alike. E[T] = S + rho S / (2 (1 - rho)).
  @Test func equalPromptsAreMD1() throws {
    let samples = try Self.times(
      cost: .linear(step: 0, token: 1e-5), maxSequences: 1, batch: PrefillFirst()
    ) { seed in Self.workload(seed: seed, rate: 7, prompt: { _ in 10_000 }) }
    Self.expect(samples, 0.1 + 0.7 * 0.1 / (2 * 0.3), bias: 1e-6, "M/D/1")
  }

  /// M/M/c: c sequences decode at a step time that does not depend on their number, outputs exponential.
  /// E[T] = S + C(c, a) S / (c (1 - rho)), with Erlang's C.
  @Test func sequenceSlotsAreMMc() throws {
    let c = 4
    let service = 0.2
    let load = 0.7
    let samples = try Self.times(
      cost: .linear(step: 1e-3, token: 0), maxSequences: c, batch: ChunkedPrefill(tokenBudget: 1 << 20)
    ) { seed in
      Self.workload(seed: seed, rate: load * Double(c) / service, output: Self.exponential(200))
    }
    let a = load * Double(c)
    var sum = 0.0
    var term = 1.0
    for k in 0..<c {
      sum += term
      term *= a / Double(k + 1)
    }
    let waits = term / (1 - load) / (sum + term / (1 - load))
    // An arrival waits half a step for the next boundary, and rounding up adds half a step.
    Self.expect(samples, service + waits * service / (Double(c) * (1 - load)) + 1e-3, bias: 2e-3, "M/M/c")
  }

  /// Processor sharing: a step takes a time proportional to the batch. E[T] = S / (1 - rho) whatever the
  /// distribution of S; here all outputs are alike.
  @Test func decodeBoundByTheBatchIsProcessorSharing() throws {
    let samples = try Self.times(
      cost: .linear(step: 0, token: 1e-3), maxSequences: 1 << 20, batch: ChunkedPrefill(tokenBudget: 1 << 20)
    ) { seed in Self.workload(seed: seed, rate: 3, output: { _ in 200 }) }
    // A round of the mean batch, 1.5 sequences, is 1.5 ms: the grain of the sharing.
    Self.expect(samples, 0.2 / (1 - 0.6), bias: 3e-3, "processor sharing")
  }

  /// Two engines fed in turn have Erlang-2 arrivals each: shorter waits than M/D/1 at the same load, longer than none.
  @Test func roundRobinSmoothsArrivals() throws {
    let lone = try Self.times(
      cost: .linear(step: 0, token: 1e-5), maxSequences: 1, batch: PrefillFirst()
    ) { seed in Self.workload(seed: seed, rate: 7, prompt: { _ in 10_000 }) }
    let pair = try Self.times(
      cost: .linear(step: 0, token: 1e-5), maxSequences: 1, batch: PrefillFirst(), replicas: 2
    ) { seed in Self.workload(seed: seed, rate: 14, prompt: { _ in 10_000 }) }
    for (one, two) in zip(lone, pair) { #expect(two < one && two > 0.1) }
  }
}
