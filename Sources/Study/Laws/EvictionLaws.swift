import Cluster
import Kernel
import Models
import Synchronization

/// What holds of every eviction policy in an expert cache.
enum EvictionLaws {
  static let leaving = "only what is there and not in use leaves, and something does wherever something may"
  static let bound = "nobody hits more often than Belady, who knows the future"
  static let room = "where all has room only what is new is missed, and where none has nothing is hit"
  static let repetition = "the same accesses and seed give the same hits"

  /// A policy with draws from a seed.
  typealias Make = (_ seed: UInt64) throws -> any EvictPolicy

  /// What a policy is asked for: sets of experts, those of one step and layer each.
  private struct Accesses {
    var layers: Int
    var experts: Int
    var size: Int
    /// By step and, within it, layer.
    var sets: [[Int32]] = []

    /// Popular experts more often, and some that were used in the step before.
    init(seed: UInt64, steps: Int, layers: Int, experts: Int, size: Int) {
      (self.layers, self.experts, self.size) = (layers, experts, size)
      var stream = RandomStream(seed: seed, consumer: .test)
      var last: [[Int32]] = Array(repeating: [], count: layers)
      for index in 0..<steps * layers {
        var set = Set(last[index % layers].filter { _ in stream.chance(0.3) })
        while set.count < size {
          let draw = stream.uniform()
          set.insert(Int32(draw * draw * Double(experts)))
        }
        last[index % layers] = set.sorted()
        sets.append(last[index % layers])
      }
    }
  }

  /// The laws that a policy does not keep, over caches of several sizes and sequences.
  static func violations(of name: String, _ make: Make, best: Make) throws -> [Violation] {
    var log = ViolationLog(name)
    for seed in 0..<9 as Range<UInt64> {
      let size = 1 + Int(seed % 3)
      let pair = Accesses(seed: seed, steps: 60, layers: 2, experts: 9, size: size)
      for slots in [0, 1, 3, 8, 20] {
        for streams in [false, true] {
          let first = try totals(try make(seed), pair, slots, streams, &log)
          let again = try totals(try make(seed), pair, slots, streams, &log)
          log.expect(repetition, first == again, "\(first.hits) hits and then \(again.hits)")
        }
      }
      let one = Accesses(seed: seed, steps: 150, layers: 1, experts: 12, size: size)
      for slots in [size, size + 2, 8] {
        let most = try totals(try best(seed), one, slots, false, &log).hits
        let hits = try totals(try make(seed), one, slots, false, &log).hits
        log.expect(bound, hits <= most, "\(hits) hits where Belady has \(most), with \(slots) slots")
      }
      let all = try totals(try make(seed), one, one.experts, false, &log)
      let new = Set(one.sets.joined()).count
      log.expect(room, all.misses == new && all.evictions == 0, "\(all.misses) misses of \(new) experts")
      let none = try totals(try make(seed), one, 0, false, &log)
      log.expect(room, none.hits == 0 && none.streamed == none.misses, "\(none.hits) hits without a slot")
    }
    return log.all
  }

  /// What a policy does with accesses in a cache of `slots` slots: of the one layer, or shared by all.
  private static func totals(
    _ policy: any EvictPolicy, _ accesses: Accesses, _ slots: Int, _ streams: Bool, _ log: inout ViolationLog
  ) throws -> ExpertTotals {
    guard
      let shape = ExpertShape(
        roles: Array(repeating: .decoder, count: accesses.layers), experts: accesses.experts, perToken: accesses.size,
        parameters: 1)
    else { return ExpertTotals() }
    var policy = policy
    var future = AccessSequence()
    for (index, set) in accesses.sets.enumerated() {
      future.append(set.map { $0 + Int32(index % accesses.layers * accesses.experts) })
    }
    policy.foresee(future, slots: slots)
    let notes = Notes()
    var cache = ExpertCache(
      shape, slots: accesses.layers == 1 ? .perLayer([slots]) : .shared(slots), streams: streams,
      policy: Watched(policy: policy, notes: notes))
    var missing: [Int32] = []
    for (index, set) in accesses.sets.enumerated() {
      var scores = Array(repeating: Float(0.2) / Float(accesses.experts), count: accesses.experts)
      for expert in set { scores[Int(expert)] += 0.8 / Float(accesses.size) }
      do {
        try cache.access(index % accesses.layers, set, scores: scores[...], missing: &missing)
      } catch {
        log.expect(leaving, false, "\(error)")
        return cache.totals
      }
      cache.finish(index % accesses.layers)
    }
    for note in notes.all { log.expect(leaving, false, note) }
    return cache.totals
  }
}

/// What was seen of a policy that a cache holds a copy of.
private final class Notes: Sendable {
  private let list = Mutex<[String]>([])
  var all: [String] { list.withLock { $0 } }
  func add(_ note: String) { list.withLock { $0.append(note) } }
}

/// A policy that is watched as it lets go.
private struct Watched: EvictPolicy {
  static let name = "watched"
  var policy: any EvictPolicy
  let notes: Notes
  /// What may leave.
  private var idle: Set<Int32> = []

  init(policy: any EvictPolicy, notes: Notes) { (self.policy, self.notes) = (policy, notes) }

  mutating func insert(_ key: Int32) { policy.insert(key) }
  mutating func insert(_ key: Int32, of identity: Int32) { policy.insert(key, of: identity) }
  mutating func touch(_ key: Int32) { policy.touch(key) }
  mutating func retain(_ key: Int32) {
    idle.remove(key)
    policy.retain(key)
  }
  mutating func release(_ key: Int32) {
    idle.insert(key)
    policy.release(key)
  }
  mutating func evict() -> Int32? {
    let victim = policy.evict()
    if let victim, idle.remove(victim) == nil { notes.add("\(victim) is to leave, which may not") }
    if victim == nil, !idle.isEmpty { notes.add("nothing is to leave where \(idle.count) may") }
    return victim
  }
  mutating func reach(_ layer: ReachedLayer) { policy.reach(layer) }
  mutating func miss(_ key: Int32) { policy.miss(key) }
  func admits(_ key: Int32) -> Bool { policy.admits(key) }
  mutating func foresee(_ future: AccessSequence, slots: Int) { policy.foresee(future, slots: slots) }
}
