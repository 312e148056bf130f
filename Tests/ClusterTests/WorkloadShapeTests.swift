import Cluster
import Policies
import Support
import Testing
import Units
import Workload

/// Followers and priorities on an engine whose every step takes 1 ms and that holds one sequence at a time.
@Suite struct WorkloadShapeTests {
  private func cluster() throws -> ClusterDescription {
    ClusterDescription(pools: [
      PoolDescription(
        name: "one", replicas: 1,
        engine: EngineDescription(
          cost: try .linear(step: 1e-3, token: 0),
          cache: KVCacheDescription(blockTokens: 16, blocks: 4, watermark: 0, bytesPerToken: 1), maxSequences: 1,
          maxBatchTokens: 64),
        batch: PrefillFirst())
    ])
  }

  private func request(at milliseconds: Int64, _ output: Int32, prompt: Int32 = 8) -> Request {
    Request(arrival: .start + .milliseconds(milliseconds), promptTokens: prompt, outputTokens: output)
  }

  private func milliseconds(_ moments: [Instant]) -> [Double] { moments.map { $0.seconds * 1e3 } }

  /// Request 0 takes 3 steps from 0 ms; request 1 follows 2 ms after it, at 5 ms, and takes 2 steps; request 2 follows
  /// that at once, at 7 ms.
  @Test func aFollowerArrivesAfterItsDelay() throws {
    let trace = Trace(
      requests: [request(at: 0, 3), request(at: 99, 2), request(at: 0, 1)],
      followers: Followers(independent: 1, predecessors: [0, 1], delays: [.milliseconds(2), .zero]))
    let result = try Simulation.run(try cluster(), trace: trace, route: RoundRobin())
    #expect(milliseconds(result.arrivals) == [0, 5, 7])
    #expect(milliseconds(result.outcomes.done) == [3, 7, 8])
    #expect(result.served(trace).requests.map(\.arrival) == result.arrivals)
  }

  /// A prompt of 100 tokens never fits 4 blocks of 16: its follower comes 1 ms after the rejection at 4 ms.
  @Test func aRejectedRequestIsFollowedToo() throws {
    let trace = Trace(
      requests: [request(at: 4, 1, prompt: 100), request(at: 0, 1)],
      followers: Followers(independent: 1, predecessors: [0], delays: [.milliseconds(1)]))
    let result = try Simulation.run(try cluster(), trace: trace, route: RoundRobin())
    #expect(milliseconds(result.arrivals) == [4, 5])
    #expect(result.outcomes.done[0] == Outcomes.never)
    #expect(milliseconds([result.outcomes.done[1]]) == [6])
  }

  /// Four users, 1 ms to think, 2 ms of service, one at a time: from the first answer on the engine never rests, and
  /// answers one request each 2 ms.
  @Test func aClosedLoopKeepsABusyEngineBusy() throws {
    let (users, turns) = (4, 10)
    var followers = Followers(independent: users)
    for index in users..<users * turns {
      followers.predecessors.append(Int32(index - users))
      followers.delays.append(.milliseconds(1))
    }
    let trace = Trace(requests: Array(repeating: request(at: 0, 2), count: users * turns), followers: followers)
    let result = try Simulation.run(try cluster(), trace: trace, route: RoundRobin())
    #expect(milliseconds(result.outcomes.done) == (1...users * turns).map { Double(2 * $0) })
  }

  /// While request 0 runs, one request of each tenant queues: "paid" goes before "free", which came first, and before
  /// "trial".
  @Test func higherPrioritiesGoFirst() throws {
    let tenants = [Tenant(name: "free"), Tenant(name: "paid", priority: 5), Tenant(name: "trial", priority: -1)]
    let trace = Trace(
      requests: [request(at: 0, 2), request(at: 1, 1), request(at: 1, 1), request(at: 1, 1), request(at: 1, 1)],
      tenants: [0, 2, 0, 1, 0])
    let result = try Simulation.run(try cluster(), trace: trace, tenants: tenants, route: RoundRobin())
    #expect(milliseconds(result.outcomes.done) == [2, 6, 4, 3, 5])
  }

  @Test func whatCannotBeIsRefused() throws {
    let pair = [request(at: 0, 1), request(at: 0, 1)]
    func refusal(_ trace: Trace, _ tenants: [Tenant] = []) throws -> SimulationError? {
      do {
        _ = try Simulation.run(try cluster(), trace: trace, tenants: tenants, route: RoundRobin())
        return nil
      } catch let error as SimulationError { return error }
    }
    func follow(_ predecessors: [Int32], _ delay: Interval = .zero, independent: Int = 1) -> Trace {
      Trace(
        requests: pair,
        followers: Followers(
          independent: independent, predecessors: predecessors, delays: predecessors.map { _ in delay }))
    }
    #expect(try refusal(follow([0])) == nil)
    #expect(try refusal(follow([1])) == .badFollowers)
    #expect(try refusal(follow([-1])) == .badFollowers)
    #expect(try refusal(follow([0], .milliseconds(-1))) == .badFollowers)
    #expect(try refusal(follow([0], independent: 2)) == .badFollowers)
    #expect(try refusal(follow([0, 0], independent: 0)) == .badFollowers)
    #expect(try refusal(Trace(requests: pair, tenants: [0, 1]), [Tenant(name: "a")]) == .badTenants)
    #expect(try refusal(Trace(requests: pair, tenants: [0]), [Tenant(name: "a")]) == .badTenants)
    #expect(try refusal(Trace(requests: pair), [Tenant(name: "a")]) == .badTenants)
  }
}
