import Cluster
import Kernel
import Models
import Policies
import Testing

@testable import Scenario

/// Sets of experts that are asked for in turn, drawn with `seed`: popular ones more often, and some runs of the same.
private func accesses(seed: UInt64, steps: Int, experts: Int, size: Int) -> [[Int32]] {
  var stream = RandomStream(seed: seed, consumer: .test)
  var last: [Int32] = []
  return (0..<steps).map { _ in
    var set = Set(last.filter { _ in stream.chance(0.3) })
    while set.count < size {
      let draw = stream.uniform()
      set.insert(Int32(draw * draw * Double(experts)))
    }
    last = set.sorted()
    return last
  }
}

/// A routing in which every step asks each layer for what `sets` say.
private func recorded(_ sets: [[[Int32]]], experts: Int) throws -> (ExpertShape, [StepRouting]) {
  let size = sets[0][0].count
  let shape = try #require(
    ExpertShape(
      roles: Array(repeating: .decoder, count: sets[0].count), experts: experts, perToken: size, parameters: 1))
  var text = "request,token,layer,expert\n"
  for (token, layers) in sets.enumerated() {
    for (layer, set) in layers.enumerated() {
      text += "0,\(token),\(layer)," + set.map(String.init).joined(separator: ",") + "\n"
    }
  }
  var routing = ExpertRouter(try RecordedRouting(text.utf8, shape))
  let steps = sets.indices.map { position in
    var step = StepRouting(shape)
    routing.route([RoutedToken(request: 0, position: position, prompt: 0)], into: &step)
    return step
  }
  return (shape, steps)
}

/// The layers that steps reach.
private func reached(_ steps: some Sequence<StepRouting>) -> [(layer: Int, experts: ArraySlice<Int32>)] {
  steps.flatMap { step in (0..<step.shape.layers).map { ($0, step.experts($0)) } }
}

/// What a policy does with steps that it is told at once, or with the next `window` of them each time.
private func totals(
  _ shape: ExpertShape, _ steps: [StepRouting], _ slots: ExpertCache.Slots, _ policy: any EvictPolicy,
  window: Int? = nil
) throws -> ExpertTotals {
  var cache = ExpertCache(shape, slots: slots, policy: policy)
  cache.foresee(reached(steps))
  var missing: [Int32] = []
  for (index, step) in steps.enumerated() {
    if let window { cache.foresee(reached(steps[index...].prefix(window))) }
    for layer in 0..<shape.layers {
      try cache.access(layer, step.experts(layer), scores: step.scores(layer), missing: &missing)
      cache.finish(layer)
    }
  }
  return cache.totals
}

/// What is known of single eviction policies in an expert cache; `medley laws` tries what holds of all.
@Suite struct EvictionLawTests {
  private func policy(_ name: String, _ seed: UInt64 = 1) throws -> any EvictPolicy {
    try #require(PolicyCatalogue.standard.evict(named: name, seed: seed))
  }

  /// Told a window again and again Belady hits the more the longer it is, at least as often as LRU, and as often as told
  /// all at once where the window has all.
  @Test func beladyGoesByWhatItIsTold() throws {
    var sums: [Int: Int] = [:]
    var recent = 0
    for seed in 0..<10 as Range<UInt64> {
      let sets = accesses(seed: seed, steps: 80, experts: 10, size: 2).map { [$0] }
      let (shape, steps) = try recorded(sets, experts: 10)
      let slots = ExpertCache.Slots.shared(4)
      recent += try totals(shape, steps, slots, policy("lru")).hits
      let all = try totals(shape, steps, slots, policy("belady")).hits
      for window in [1, 3, 10, 80] {
        let hits = try totals(shape, steps, slots, policy("belady"), window: window).hits
        #expect(hits <= all)
        if window == 80 { #expect(hits == all) }
        sums[window, default: 0] += hits
      }
    }
    #expect(recent <= sums[1, default: 0] + 10)
    #expect(sums[1, default: 0] < sums[3, default: 0] && sums[3, default: 0] < sums[10, default: 0])
    #expect(sums[10, default: 0] <= sums[80, default: 0])
  }

  @Test func moreSlotsNeverHitLessUnderLRU() throws {
    for seed in 0..<20 as Range<UInt64> {
      let sets = accesses(seed: seed, steps: 120, experts: 12, size: 2).map { [$0] }
      let (shape, steps) = try recorded(sets, experts: 12)
      let hits = try (2...12).map { try totals(shape, steps, .shared($0), try policy("lru")).hits }
      #expect(zip(hits, hits.dropFirst()).allSatisfy { $0 <= $1 })
    }
  }

  @Test func lruIsItsDefinition() throws {
    for seed in 0..<12 as Range<UInt64> {
      let sets = accesses(seed: seed, steps: 120, experts: 12, size: 3)
      let (shape, steps) = try recorded(sets.map { [$0] }, experts: 12)
      for slots in 3...8 {
        var (held, hits): ([Int32], Int) = ([], 0)
        for set in sets {
          hits += set.count { held.contains($0) }
          held = held.filter { !set.contains($0) } + set
          held.removeFirst(max(0, held.count - slots))
        }
        #expect(try totals(shape, steps, .shared(slots), try policy("lru")).hits == hits)
      }
    }
  }

  /// The fewest misses of any choice of victims, by trying all.
  private func fewest(_ sets: [[Int32]], slots: Int) -> Int {
    var states: [Set<Int32>: Int] = [[]: 0]
    for set in sets {
      var next: [Set<Int32>: Int] = [:]
      for (held, misses) in states {
        let cost = misses + set.count { !held.contains($0) }
        let rest = Array(held.subtracting(set))
        for kept in 0..<(1 << rest.count) {
          let staying = Set(rest.indices.filter { kept >> $0 & 1 == 1 }.map { rest[$0] })
          guard staying.count + set.count <= slots else { continue }
          next[staying.union(set), default: .max] = min(cost, next[staying.union(set), default: .max])
        }
      }
      states = next
    }
    return states.values.min() ?? 0
  }

  @Test func beladyIsTheBestOfAllChoices() throws {
    for seed in 0..<20 as Range<UInt64> {
      let size = 1 + Int(seed % 2)
      let sets = accesses(seed: seed, steps: 25, experts: 7, size: size)
      let (shape, steps) = try recorded(sets.map { [$0] }, experts: 7)
      for slots in size...4 {
        #expect(try totals(shape, steps, .shared(slots), try policy("belady")).misses == fewest(sets, slots: slots))
      }
    }
  }

  @Test func arcIsItsDefinition() throws {
    for seed in 0..<25 as Range<UInt64> {
      let sequence = accesses(seed: seed, steps: 300, experts: 14, size: 1).map { $0[0] }
      let (shape, steps) = try recorded(sequence.map { [[$0]] }, experts: 14)
      for slots in 1...9 {
        var reference = ReferenceARC(size: slots)
        let hits = sequence.count { reference.request($0) }
        #expect(
          try totals(shape, steps, .shared(slots), try policy("arc")).hits == hits, "seed \(seed), \(slots) slots")
      }
    }
  }

  @Test func adviceHelpsAndBadAdviceHardlyHurts() throws {
    var misses: [String: Int] = [:]
    for seed in 0..<20 as Range<UInt64> {
      let sets = accesses(seed: seed, steps: 300, experts: 16, size: 1).map { [$0] }
      let (shape, steps) = try recorded(sets, experts: 16)
      for (name, policy): (String, any EvictPolicy) in [
        ("belady", try policy("belady")), ("marker", try policy("marker", seed)),
        ("right", PredictiveMarker(bit: .discard, accuracy: 1, seed: seed)),
        ("half", PredictiveMarker(bit: .discard, accuracy: 0.75, seed: seed)),
        ("coin", PredictiveMarker(bit: .discard, accuracy: 0.5, seed: seed)),
        ("phase", PredictiveMarker(bit: .phase, accuracy: 1, seed: seed)),
      ] { misses[name, default: 0] += try totals(shape, steps, .shared(5), policy).misses }
    }
    func times(_ a: String, _ b: String) -> Double { Double(misses[a] ?? 0) / Double(misses[b] ?? 1) }
    #expect(times("right", "belady") <= 2)
    #expect(times("right", "half") < 1 && times("half", "coin") < 1)
    #expect(times("phase", "marker") < 1)
    #expect(times("coin", "marker") <= 1.1)
  }
}

/// ARC as its authors write it down, for requests one at a time.
private struct ReferenceARC {
  let size: Int
  var p = 0.0
  // Most recent last.
  var (t1, t2, b1, b2): ([Int32], [Int32], [Int32], [Int32]) = ([], [], [], [])

  init(size: Int) { self.size = size }

  private mutating func replace(inB2: Bool) {
    if t2.isEmpty || !t1.isEmpty && (Double(t1.count) > p || inB2 && Double(t1.count) == p) {
      b1.append(t1.removeFirst())
    } else {
      b2.append(t2.removeFirst())
    }
  }

  /// Whether `x` is a hit.
  mutating func request(_ x: Int32) -> Bool {
    if t1.contains(x) || t2.contains(x) {
      t1.removeAll { $0 == x }
      t2.removeAll { $0 == x }
      t2.append(x)
      return true
    }
    if b1.contains(x) {
      p = min(Double(size), p + max(1, Double(b2.count) / Double(b1.count)))
      replace(inB2: false)
      b1.removeAll { $0 == x }
      t2.append(x)
    } else if b2.contains(x) {
      p = max(0, p - max(1, Double(b1.count) / Double(b2.count)))
      replace(inB2: true)
      b2.removeAll { $0 == x }
      t2.append(x)
    } else {
      if t1.count + b1.count == size {
        if t1.count < size {
          b1.removeFirst()
          replace(inB2: false)
        } else {
          t1.removeFirst()
        }
      } else {
        let total = t1.count + t2.count + b1.count + b2.count
        if total >= size {
          if total == 2 * size { b2.removeFirst() }
          replace(inB2: false)
        }
      }
      t1.append(x)
    }
    return false
  }
}
