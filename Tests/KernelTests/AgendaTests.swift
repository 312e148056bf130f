import Testing
import Units

@testable import Kernel

@Suite struct AgendaTests {
  static func at(_ picoseconds: Int64) -> Instant { Instant(picoseconds: picoseconds) }

  @Test func deliversByMomentThenPhaseThenOrderOfScheduling() {
    var agenda = Agenda<String>(reserving: 1)
    agenda.schedule("5.1 first", at: Self.at(5), phase: 1)
    agenda.schedule("5.0", at: Self.at(5), phase: 0)
    agenda.schedule("5.1 second", at: Self.at(5), phase: 1)
    agenda.schedule("2.3", at: Self.at(2), phase: 3)
    agenda.schedule("9.0", at: Self.at(9))
    var order: [String] = []
    while let delivery = agenda.next() {
      order.append("\(delivery.instant.picoseconds).\(delivery.phase) \(delivery.event)")
    }
    #expect(order == ["2.3 2.3", "5.0 5.0", "5.1 5.1 first", "5.1 5.1 second", "9.0 9.0"])
    let (now, empty) = (agenda.now, agenda.isEmpty)
    #expect(now == Self.at(9) && empty)
  }

  @Test func anEventMayFollowAtTheSameMoment() {
    var agenda = Agenda<Int>()
    agenda.schedule(0, at: Self.at(3), phase: 1)
    agenda.schedule(2, at: Self.at(3), phase: 2)
    var order: [Int] = []
    while let delivery = agenda.next() {
      order.append(delivery.event)
      if delivery.event == 0 { agenda.schedule(1, at: agenda.now, phase: delivery.phase) }
    }
    #expect(order == [0, 1, 2])
  }

  @Test func aCancelledEventIsReturnedAndNotDelivered() {
    var agenda = Agenda<Int>()
    let one = agenda.schedule(1, at: Self.at(1))
    let two = agenda.schedule(2, at: Self.at(2))
    agenda.schedule(3, at: Self.at(3))
    let pending = agenda.isPending(two)
    #expect(pending)
    let cancelled = agenda.cancel(one)
    let (first, count) = (agenda.firstInstant, agenda.count)
    #expect(cancelled == 1 && first == Self.at(2) && count == 2)
    let delivered = agenda.next()?.event
    #expect(delivered == 2)
  }

  @Test func aStaleTicketCancelsNothing() {
    var agenda = Agenda<Int>(reserving: 1)
    let delivered = agenda.schedule(1, at: Self.at(1))
    _ = agenda.next()
    // The same cell is used again.
    let cancelled = agenda.schedule(2, at: Self.at(1))
    let afterDelivery = agenda.cancel(delivered)
    #expect(afterDelivery == nil)
    _ = agenda.cancel(cancelled)
    let last = agenda.schedule(3, at: Self.at(1))
    let twice = agenda.cancel(cancelled)
    let (alive, dead) = (agenda.isPending(last), agenda.isPending(delivered))
    #expect(twice == nil && alive && !dead)
    let event = agenda.next()?.event
    #expect(event == 3)
  }

  @Test func anAgendaOfCancelledEventsIsEmpty() {
    var agenda = Agenda<Int>()
    var tickets: [Agenda<Int>.Ticket] = []
    for i in 0..<5_000 { tickets.append(agenda.schedule(i, at: Self.at(Int64(i) * 1_000_000))) }
    for ticket in tickets.reversed() { agenda.cancel(ticket) }
    let (empty, first) = (agenda.isEmpty, agenda.firstInstant)
    let none = agenda.next() == nil
    #expect(empty && first == .never && none)
    agenda.schedule(7, at: Self.at(3))
    let event = agenda.next()?.event
    #expect(event == 7)
  }

  @Test func cancelledKeysDoNotAccumulate() {
    var agenda = Agenda<Int>()
    agenda.schedule(-1, at: Self.at(1))
    for i in 0..<100_000 { agenda.cancel(agenda.schedule(i, at: Self.at(1_000_000 + Int64(i)))) }
    let keys = agenda.keys.count
    #expect(keys < 100)
  }

  @Test func eventsAreReleasedWhenDeliveredCancelledOrLeft() {
    final class Witness {}
    weak var left: Witness?
    weak var cancelled: Witness?
    weak var delivered: Witness?
    do {
      var agenda = Agenda<Witness>(reserving: 1)
      do {
        let witnesses = [Witness(), Witness(), Witness()]
        (delivered, cancelled, left) = (witnesses[0], witnesses[1], witnesses[2])
        agenda.schedule(witnesses[0], at: Self.at(1))
        let ticket = agenda.schedule(witnesses[1], at: Self.at(2))
        agenda.schedule(witnesses[2], at: Self.at(3))
        agenda.cancel(ticket)
        _ = agenda.next()
      }
      #expect(delivered == nil && cancelled == nil && left != nil)
      let count = agenda.count
      #expect(count == 1)
    }
    #expect(left == nil)
  }

  @Test func thePastAPhaseThatIsOverAndTheLimitsTrap() async {
    await #expect(processExitsWith: .failure) {
      var agenda = Agenda<Int>()
      agenda.schedule(1, at: AgendaTests.at(5))
      _ = agenda.next()
      agenda.schedule(2, at: AgendaTests.at(4))
    }
    await #expect(processExitsWith: .failure) {
      var agenda = Agenda<Int>()
      agenda.schedule(1, at: AgendaTests.at(5), phase: 2)
      _ = agenda.next()
      agenda.schedule(2, at: AgendaTests.at(5), phase: 1)
    }
    await #expect(processExitsWith: .failure) {
      var agenda = Agenda<Int>()
      agenda.schedule(1, at: AgendaTests.at(-1))
    }
    await #expect(processExitsWith: .failure) {
      var agenda = Agenda<Int>()
      agenda.schedule(1, at: .start, phase: 4)
    }
    await #expect(processExitsWith: .failure) {
      var agenda = Agenda<Int>(reserving: 1, sequence: 1 << 38 - 2)
      agenda.schedule(1, at: .start)
      agenda.schedule(2, at: .start)
    }
  }

  /// One kind of load: how far ahead events are scheduled, and how often they are cancelled or taken.
  struct Load: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var spans: [UInt64]
    var takes: UInt64
    var cancels: UInt64
  }

  static let loads = [
    Load(testDescription: "ties", spans: [1, 2, 4], takes: 40, cancels: 10),
    Load(testDescription: "few", spans: [1_000, 1_000_000], takes: 48, cancels: 5),
    Load(testDescription: "many", spans: [1, 1_000, 1_000_000, 1 << 40, 1 << 55], takes: 30, cancels: 20),
    Load(testDescription: "mostly cancelled", spans: [1_000_000, 1 << 50], takes: 5, cancels: 45),
  ]

  /// 100,000 operations against a sorted array, for each load.
  @Test(arguments: loads)
  func agreesWithASortedArray(load: Load) {
    struct Entry {
      var key: (Int64, Int, Int)
      var ticket: Agenda<Int>.Ticket
    }
    var stream = RandomStream(seed: 2, consumer: .test, load.takes)
    var agenda = Agenda<Int>(reserving: 4)
    var plain: [Entry] = []
    var dead: [Agenda<Int>.Ticket] = []
    var floor = (Int64(0), 0)
    var faults = 0
    for i in 0..<100_000 {
      let draw = stream.below(100)
      if draw < load.takes {
        let delivery = agenda.next()
        if plain.isEmpty {
          if delivery != nil { faults += 1 }
        } else {
          let entry = plain.removeFirst()
          dead.append(entry.ticket)
          floor = (entry.key.0, entry.key.1)
          if delivery?.event != entry.key.2 || delivery?.instant.picoseconds != entry.key.0 { faults += 1 }
          if delivery?.phase != entry.key.1 { faults += 1 }
        }
      } else if draw < load.takes + load.cancels {
        if stream.chance(0.2), !dead.isEmpty {
          if agenda.cancel(dead[Int(stream.below(UInt64(dead.count)))]) != nil { faults += 1 }
        } else if !plain.isEmpty {
          let entry = plain.remove(at: Int(stream.below(UInt64(plain.count))))
          dead.append(entry.ticket)
          if agenda.cancel(entry.ticket) != entry.key.2 { faults += 1 }
        }
      } else {
        let time = floor.0 + Int64(stream.below(load.spans[Int(stream.below(UInt64(load.spans.count)))]))
        let phase = time == floor.0 ? floor.1 + Int(stream.below(UInt64(4 - floor.1))) : Int(stream.below(4))
        let key = (time, phase, i)
        let ticket = agenda.schedule(i, at: Self.at(time), phase: phase)
        var (low, high) = (0, plain.count)
        while low < high {
          let middle = (low + high) / 2
          if plain[middle].key < key { low = middle + 1 } else { high = middle }
        }
        plain.insert(Entry(key: key, ticket: ticket), at: low)
      }
      if agenda.count != plain.count { faults += 1 }
      if agenda.firstInstant.picoseconds != plain.first?.key.0 ?? .max { faults += 1 }
    }
    #expect(faults == 0)
  }

  /// Enough events for buckets to be spread and poured several times, in a burst of one moment and in a wide field.
  @Test(arguments: [1, 1_000, 1 << 45] as [UInt64])
  func deliversManyEventsInOrder(span: UInt64) {
    var stream = RandomStream(seed: 3, consumer: .test, span)
    var agenda = Agenda<Int>()
    for i in 0..<50_000 { agenda.schedule(i, at: Self.at(Int64(stream.below(span)))) }
    var last = (Int64(-1), -1)
    var (faults, delivered) = (0, 0)
    while let delivery = agenda.next() {
      if (delivery.instant.picoseconds, delivery.event) <= last { faults += 1 }
      last = (delivery.instant.picoseconds, delivery.event)
      delivered += 1
      // A third are followed by one soon after, earlier than what waits.
      if delivery.event % 3 == 0, delivered < 60_000 {
        agenda.schedule(50_000 + delivered, at: delivery.instant + Interval(picoseconds: 1))
      }
    }
    #expect(faults == 0)
    #expect(delivered > 60_000)
  }
}
