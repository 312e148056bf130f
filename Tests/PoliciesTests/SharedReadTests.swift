import Testing

@testable import Policies

/// What two processors of a chip do to each other's reads.
@Suite struct SharedReadTests {
  @Test func twoThatReadAtOnceShareWhatTheMemoryGivesThemTogether() {
    // Each draws 40 B/s alone, both 60. 60 B and 90 B: 30 B/s each for 2 s ends the first; the other has 30 B left,
    // which it reads alone in 0.75 s.
    let a = SharedRead(delay: 0, bytes: 60, rate: 40)
    let b = SharedRead(delay: 0, bytes: 90, rate: 40)
    #expect(a.together(with: b, limit: 60) == 2.75)
    #expect(b.together(with: a, limit: 60) == 2.75)
    // A limit that they cannot reach changes nothing: 90 B at 40 B/s.
    #expect(a.together(with: b, limit: 100) == 2.25)
  }

  @Test func oneThatComputesFirstLeavesTheMemoryToTheOther() {
    // The other reads 40 B alone in the first second, 20 B at 30 B/s in the next 2/3 s; it itself reads 20 B in these
    // and the last 20 B in half a second.
    let late = SharedRead(delay: 1, bytes: 40, rate: 40)
    let early = SharedRead(delay: 0, bytes: 60, rate: 40)
    #expect(isNear(late.together(with: early, limit: 60), 1.5 + 2.0 / 3))
    // A slow reader leaves what it cannot draw: 10 B/s for it, 40 of the remaining 50 for the other.
    let slow = SharedRead(delay: 0, bytes: 20, rate: 10)
    #expect(slow.together(with: SharedRead(delay: 0, bytes: 80, rate: 40), limit: 60) == 2)
    // One that is done before the other begins does not meet it.
    #expect(late.together(with: SharedRead(delay: 0, bytes: 8, rate: 40), limit: 60) == 2)
  }
}
