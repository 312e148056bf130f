import Testing
import Units

@testable import Kernel

@Suite struct WinnersTests {
  @Test(arguments: [1, 2, 3, 5, 8, 100, 1_024])
  func agreesWithASearchOfAllSlots(slots: Int) {
    var stream = RandomStream(seed: 1, consumer: .test, UInt64(slots))
    var winners = Winners(slots: slots)
    var plain = [Instant](repeating: .never, count: slots)
    var faults = 0
    for _ in 0..<5_000 {
      let slot = Int(stream.below(UInt64(slots)))
      switch stream.below(4) {
      case 0:
        winners.clear(slot)
        plain[slot] = .never
      default:
        // Few moments, so that most are ties; some of the largest.
        let draw = Int64(stream.below(8))
        let instant = Instant(picoseconds: draw == 7 ? .max - 1 : draw)
        winners.set(slot, instant)
        plain[slot] = instant
      }
      var expected: Int?
      for i in 0..<slots where plain[i] < expected.map({ plain[$0] }) ?? .never { expected = i }
      let first = winners.first
      if first?.slot != expected || first?.instant != expected.map({ plain[$0] }) { faults += 1 }
      if winners.firstInstant != expected.map({ plain[$0] }) ?? .never { faults += 1 }
      if winners[slot] != plain[slot] { faults += 1 }
    }
    #expect(faults == 0)
    winners.clear()
    let none = winners.first == nil
    #expect(none)
  }

  @Test func equalMomentsGoByTheLowestSlot() {
    var winners = Winners(slots: 6)
    for slot in [5, 3, 4, 1, 2, 0] { winners.set(slot, .start) }
    var order: [Int] = []
    while let (slot, _) = winners.first {
      order.append(slot)
      winners.clear(slot)
    }
    #expect(order == [0, 1, 2, 3, 4, 5])
  }

  @Test func aClearedTreeTakesMomentsAgain() {
    var winners = Winners(slots: 3)
    winners.set(1, Instant(picoseconds: 5))
    winners.clear()
    winners.set(2, Instant(picoseconds: 9))
    let first = winners.first
    #expect(first?.slot == 2)
    #expect(first?.instant == Instant(picoseconds: 9))
  }

  @Test func slotsOutOfRangeAndMomentsBeforeTheStartTrap() async {
    await #expect(processExitsWith: .failure) {
      var winners = Winners(slots: 3)
      winners.set(3, .start)
    }
    await #expect(processExitsWith: .failure) {
      var winners = Winners(slots: 3)
      winners.set(0, Instant(picoseconds: -1))
    }
    await #expect(processExitsWith: .failure) { _ = Winners(slots: 0) }
  }
}
