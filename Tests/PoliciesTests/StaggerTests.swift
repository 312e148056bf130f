import Models
import Testing
@testable import Policies

/// Parts of a batch that take turns through the layers.
@Suite struct StaggerTests {
  @Test(arguments: [1, 2, 3], [0, 1, 5])
  func everyPartComputesEveryLayerOnceARound(parts: Int, idle: Int) {
    let stagger = Stagger(layers: [0, 0, 1, 0, 0, 0], parts: parts, idle: idle)
    for part in 0..<parts {
      let turns = (0..<stagger.slots).compactMap { stagger.layer(of: part, at: $0) }
      #expect(turns.sorted() == Array(0..<6))
    }
    // Runs of slots cover a round, and all of a run have the same kinds of layers.
    var slot = 0
    while slot < stagger.slots {
      let count = stagger.equals(from: slot)
      for part in 0..<parts {
        let kinds = (slot..<slot + count).map { stagger.layer(of: part, at: $0).map { stagger.layers[$0] } }
        #expect(Set(kinds).count == 1)
      }
      slot += count
    }
    #expect(slot == stagger.slots)
  }

  @Test func theSecondOfTwoPartsIsHalfARoundBehind() {
    // Ten layers and two slots for the host: when the first part begins, the second is at its seventh layer.
    let stagger = Stagger(layers: Array(repeating: 0, count: 10), parts: 2, idle: 2)
    #expect(stagger.layer(of: 0, at: 0) == 0)
    #expect(stagger.layer(of: 1, at: 0) == 6)
    #expect(stagger.layer(of: 1, at: 4) == nil)
    #expect(stagger.layer(of: 1, at: 6) == 0)
    // A run ends before a layer that is the first or last of a part.
    #expect(stagger.equals(from: 1) == 2)
  }
}
