import Cluster
import Kernel
import Testing

@testable import Study

/// The bound of `medley experts` against all that a cache can do.
@Suite struct HitBoundTests {
  /// The most hits of a cache that keeps what is in use until its layer has been computed, by trying all choices.
  private func most(_ sets: [Set<Int32>], slots: Int) -> Int {
    var states: [Set<Int32>: Int] = [Set(0..<Int32(slots)): 0]
    for asked in sets {
      var next: [Set<Int32>: Int] = [:]
      for (held, hits) in states {
        let found = held.intersection(asked)
        let others = Array(held.symmetricDifference(asked)).sorted()
        for chosen in 0..<(1 << others.count) where chosen.nonzeroBitCount == slots - found.count {
          let kept = found.union(others.indices.filter { chosen >> $0 & 1 == 1 }.map { others[$0] })
          next[kept] = max(next[kept] ?? 0, hits + found.count)
        }
      }
      states = next
    }
    return states.values.max() ?? 0
  }

  @Test("No choice of what stays hits more, and where one at a time is asked for one hits as often")
  func bounds() {
    var stream = RandomStream(seed: 5, consumer: .test)
    for round in 0..<200 {
      let experts = 4 + round % 3
      let slots = 1 + Int(stream.uniform() * Double(experts - 1))
      var (sequence, sets): (AccessSequence, [Set<Int32>]) = (AccessSequence(), [])
      for _ in 0..<6 {
        let first = Int32(stream.uniform() * Double(experts))
        let asked = round % 2 == 0 ? [first] : (0..<Int32(experts)).filter { $0 == first || stream.chance(0.5) }
        sequence.append(asked)
        sets.append(Set(asked))
      }
      let (bound, most) = (sequence.mostHits(slots: slots, held: 0..<Int32(slots)), most(sets, slots: slots))
      #expect(round % 2 == 0 ? bound == most : bound >= most, "\(sets), \(slots) slots")
    }
  }

  @Test("What is asked for at once and never again is no hit, and no slots have none")
  func ends() {
    var sequence = AccessSequence()
    for set: [Int32] in [[0, 1, 2], [0, 1, 2], [3]] { sequence.append(set) }
    #expect(sequence.mostHits(slots: 0, held: []) == 0)
    #expect(sequence.mostHits(slots: 2, held: []) == 2)
    #expect(sequence.mostHits(slots: 2, held: [0, 3]) == 3)
    #expect(AccessSequence().mostHits(slots: 3, held: [1]) == 0)
  }
}
