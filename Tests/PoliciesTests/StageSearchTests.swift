import Hardware
import Models
import Testing
import Timeline
import Units

@testable import Cluster
@testable import Policies

/// Assignments of stages to processors, and what the search makes of them.
@Suite struct StageSearchTests {
  private func costs(sync: Double) throws -> StageCosts {
    // Two processors, one group of two layers; every piece alike: 1 s and 1 J on the first, 2 s and 0.5 J on the second,
    // both phases alike, three steps of decoding.
    let cost = [StageCosts.Cost(seconds: 1, energy: 1), StageCosts.Cost(seconds: 2, energy: 0.5)]
    let phase = Array(repeating: cost, count: 6)
    return StageCosts(costs: [phase, phase], layers: [2], steps: [1, 3], idle: 0.1, processors: 2, sync: sync)
  }

  @Test func objectivesAddUp() throws {
    let search = StageSearch(costs: try costs(sync: 0.25)) { _ in true }
    // Six stages of 1 s, four times; 1 J each; 0.1 W of idling; the second processor never works.
    let first = search.single(0).objectives
    #expect(first.latency == 24)
    #expect(isNear(first.energy, 26.4))
    #expect(first.idle == 0.5)
    #expect(isNear(first.watts[0], 1.1))
    // Attention of decoding on the second: a step has its 2 s in place of 1, and goes there and back in both layers.
    var assignment = search.single(0).assignment
    assignment.processors[6 + 2] = 1
    let moved = search.costs.objectives(assignment)
    let latency: Double = 6 + 3 * (7 + 4 * 0.25)
    #expect(moved.latency == latency)
    let energy: Double = 6 + 3 * 5.5 + 0.1 * latency
    #expect(isNear(moved.energy, energy))
    // The first works for 6 + 15 s, the second for 6.
    #expect(isNear(moved.idle, 1 - 27.0 / 42))
  }

  @Test func whatGoesToAnotherMemoryTakesItsTime() throws {
    // As above with a memory each: 0.5 s for what a stage of prompts leaves, 0.125 s of decoding, 2 s for the keys and
    // values of a layer.
    let link = Link(
      name: "link", bandwidth: Sourced(Bandwidth(1), source: "test"), latency: Sourced(Seconds(0), source: "test"))
    let own = try costs(sync: 0.25)
    let costs = StageCosts(
      costs: own.costs, layers: own.layers, steps: own.steps, idle: own.idle, processors: 2, sync: 0.25,
      memories: Memories([0, 1], link: link), crossing: [0.5, 0.125], moving: 2)
    let search = StageSearch(costs: costs) { _ in true }
    #expect(search.single(0).objectives.latency == 24)
    // Attention of decoding there: both layers' keys and values once, and four crossings a step.
    var assignment = search.single(0).assignment
    assignment.processors[6 + 2] = 1
    let decoding: Double = 6 + 2 * 2 + 3 * (7 + 4 * 0.375)
    #expect(costs.objectives(assignment).latency == decoding)
    // That of prompts there too: nothing moves, four crossings more.
    assignment.processors[2] = 1
    let both: Double = 7 + 4 * 0.75 + 3 * (7 + 4 * 0.375)
    #expect(costs.objectives(assignment).latency == both)
    #expect(Memories([0, 1, 1], link: link).first == [0, 1])
  }

  @Test func annealingIsDeterministicAndCoversGreedy() throws {
    let search = StageSearch(costs: try costs(sync: 0.25)) { _ in true }
    let greedy = search.greedy()
    let front = search.anneal(from: greedy, steps: 500, seed: 7)
    let again = search.anneal(from: greedy, steps: 500, seed: 7)
    #expect(front.map(\.assignment) == again.map(\.assignment))
    for (index, one) in front.enumerated() {
      for (other, two) in front.enumerated() where other != index { #expect(!one.objectives.covers(two.objectives)) }
    }
    let chosen = try #require(StageSearch.chosen(from: front, covering: greedy.objectives))
    #expect(chosen.objectives.latency <= greedy.objectives.latency)
    #expect(chosen.objectives.energy <= greedy.objectives.energy)
    // Nothing is chosen that may not run.
    let none = StageSearch(costs: try costs(sync: 0.25)) { _ in false }
    #expect(none.anneal(from: greedy, steps: 50, seed: 7).isEmpty)
  }

  @Test func leakageGrowsWithTheWattsThatHeat() {
    // 10 W warm by 3 K/W; where leakage is a fifth and doubles in 30 K, w = 10 (1 + 0.2 (2^(3 w / 30) - 1)).
    let heat = ChipHeat(pressure: 0, leakage: 0.2, doubling: 30, ambient: 25, cap: 85, resistance: 3)
    let watts = Sourced(Power(10), source: "test")
    let power = heat.power(
      DevicePower(idle: Sourced(Power(0), source: "test"), prefill: watts, decode: watts, peak: watts), held: 0)
    let warm = power.decode.value.value
    let leaking: Double = 0.2 * Double.pow2(min(2, warm / 10))
    #expect(warm > 12)
    #expect(abs(warm - 10 * (0.8 + leaking)) < 1e-6)
    #expect(power.idle.value.value == 0)
    #expect(heat.isTooWarm(20.1) && !heat.isTooWarm(20))
  }
}

extension Double {
  /// 2 to the power x by its series, for x in [0, 2].
  fileprivate static func pow2(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for n in 1..<60 {
      term *= x * 0.6931471805599453 / Double(n)
      sum += term
    }
    return sum
  }
}
