import Testing

@testable import Policies

/// Planes of experts' bits within a budget.
@Suite("Planes of bits in a budget")
struct BitPlanesTests {
  @Test("High bits leave first, those of the layer whose turn comes last before others, cold ones before hot ones")
  func leaving() {
    // Planes of 2, 1 and 1 B, budget 10 B. Layer 0: expert 0 whole (4 B), expert 1 its low bits (2 B). Layer 1: expert 0 whole (4 B).
    var planes = BitPlanes(bytes: [2, 1, 1], budget: 10, layers: 2, experts: 2)
    planes.note(0, 0, tokens: 5)
    planes.note(0, 1, tokens: 1)
    for _ in 0..<3 { planes.add(0, 0, needed: [3, 1]) }
    planes.add(0, 1, needed: [3, 1])
    for _ in 0..<3 { planes.add(1, 0, needed: [3, 0]) }
    #expect(planes.heldBytes == 10 && planes.peakBytes == 10)
    // Layer 1 wants expert 1's low bits, 2 B: the fourth bit of layer 0's expert 0 leaves, since that of layer 1 is needed, then its
    // third.
    planes.add(1, 1, needed: [3, 1])
    #expect(planes.held(0, 0) == 1 && planes.held(1, 0) == 3 && planes.held(1, 1) == 1)
    #expect(planes.heldBytes == 10)
    // Layer 0 again wants the third bit of expert 0, 1 B: layer 1's fourth leaves.
    planes.add(0, 0, needed: [2, 1])
    #expect(planes.held(1, 0) == 2 && planes.held(0, 0) == 2)
    // And its fourth: of the third bits layer 1's leaves, since those of layer 0 are needed.
    planes.add(0, 0, needed: [3, 1])
    #expect(planes.held(1, 0) == 1 && planes.held(0, 0) == 3)
    #expect(planes.heldBytes == 10 && planes.peakBytes == 10)
  }

  @Test("What is added is never more than the budget")
  func budget() {
    var planes = BitPlanes(bytes: [2, 1, 1], budget: 9, layers: 3, experts: 4)
    for turn in 0..<40 {
      let (layer, expert) = (turn % 3, (turn / 3) % 4)
      var needed = [0, 0, 0, 0]
      needed[expert] = 3
      while planes.held(layer, Int32(expert)) < 3 { planes.add(layer, Int32(expert), needed: needed) }
      #expect(planes.heldBytes <= 9)
    }
    #expect(planes.peakBytes <= 9)
  }
}
