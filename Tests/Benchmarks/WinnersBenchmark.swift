import Kernel
import Units

/// The winner tree: each operation takes the first slot and gives it a later moment, or gives any slot a moment.
func benchmarkWinners() {
  print("winner tree, M operations/s by slots")
  let sizes = [2, 16, 128, 1_024]
  print(pad("", 34) + sizes.map { pad("\($0)", 10) }.joined())
  var stream = RandomStream(seed: 1, consumer: .test)
  let steps = (0..<4_096).map { _ in Interval(picoseconds: Int64(stream.below(1_000_000))) }
  var hold = "first slot set later".padded(34)
  var any = "any slot set".padded(34)
  let operations = 4_000_000
  for slots in sizes {
    hold += column(
      best(of: 5, operations: operations) { repetition in
        var winners = Winners(slots: slots)
        for slot in 0..<slots { winners.set(slot, .start + steps[slot]) }
        var sum = Int(repetition)
        for i in 0..<operations {
          guard let (slot, instant) = winners.first else { break }
          sum &+= slot
          winners.set(slot, instant + steps[i & 4_095])
        }
        return UInt64(truncatingIfNeeded: sum)
      })
    let order = (0..<4_096).map { _ in Int(stream.below(UInt64(slots))) }
    any += column(
      best(of: 5, operations: operations) { repetition in
        var winners = Winners(slots: slots)
        var sum = Int64(repetition)
        for i in 0..<operations {
          winners.set(order[i & 4_095], .start + steps[(i &+ i >> 12) & 4_095])
          sum &+= winners.firstInstant.picoseconds
        }
        return UInt64(bitPattern: sum)
      })
  }
  print(hold)
  print(any)
}

extension String {
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
