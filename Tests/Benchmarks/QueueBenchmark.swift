import Kernel
import Units

/// The hold model: n events pending; each operation takes the first and schedules another an exponential time later.
///
/// Source: R. Rönngren and R. Ayani, "A comparative study of parallel and sequential priority queue algorithms",
/// ACM TOMACS 7(2), 1997.
func benchmarkQueues() {
  print("event queues, hold model, M operations/s by events pending")
  print(pad("", 34) + pad("1,000", 10) + pad("100,000", 10) + pad("1,000,000", 10))
  let sizes = [1_000, 100_000, 1_000_000]
  row("Agenda", sizes) { holdAgenda($0, $1, $2, cancel: false) }
  row("Agenda, one in eight cancelled", sizes) { holdAgenda($0, $1, $2, cancel: true) }
  row("radix heap, no tickets", sizes, holdRadix)
  row("binary heap in an array, no tickets", sizes, holdBinary)
}

private func row(_ name: String, _ sizes: [Int], _ hold: (Int, Int, [Int64]) -> (fill: () -> Void, run: () -> UInt64)) {
  var line = name + String(repeating: " ", count: max(0, 34 - name.count))
  for size in sizes {
    let operations = 1_000_000
    let (fill, run) = hold(size, operations, increments(mean: Double(size) * 1_000))
    fill()
    line += column(best(of: 5, operations: operations) { _ in run() })
  }
  print(line)
}

/// Exponential increments, drawn before the clock starts.
private func increments(mean: Double) -> [Int64] {
  var stream = RandomStream(seed: 1, consumer: .test)
  return (0..<(1 << 16)).map { _ in Int64(-mean * Elementary.log(stream.positiveUniform())) }
}

/// An event as simulations have it: a case and a number or two.
private enum Event {
  case stepEnd(lane: Int32)
  case landing(request: Int32)
}

private final class AgendaBox {
  var agenda = Agenda<Event>()
  var cursor = 0
  var ticket: Agenda<Event>.Ticket?
}

private func holdAgenda(
  _ size: Int, _ operations: Int, _ steps: [Int64], cancel: Bool
) -> (fill: () -> Void, run: () -> UInt64) {
  let box = AgendaBox()
  return (
    {
      for i in 0..<size {
        box.agenda.schedule(.stepEnd(lane: Int32(i)), at: Instant(picoseconds: steps[i & 0xffff] + Int64(i)))
      }
    },
    {
      var agenda = Agenda<Event>(reserving: 1)
      swap(&agenda, &box.agenda)
      var sum: UInt64 = 0
      var ticket: Agenda<Event>.Ticket?
      for i in 0..<operations {
        guard let delivery = agenda.next() else { break }
        switch delivery.event {
        case .stepEnd(let lane): sum &+= UInt64(bitPattern: Int64(lane))
        case .landing(let request): sum &-= UInt64(bitPattern: Int64(request))
        }
        let at = delivery.instant + Interval(picoseconds: steps[i & 0xffff])
        let new = agenda.schedule(delivery.event, at: at)
        if cancel && i & 7 == 0 {
          if let old = ticket, let event = agenda.cancel(old) { agenda.schedule(event, at: at, phase: 1) }
          ticket = new
        }
      }
      swap(&agenda, &box.agenda)
      return sum
    }
  )
}

private func holdRadix(_ size: Int, _ operations: Int, _ steps: [Int64]) -> (fill: () -> Void, run: () -> UInt64) {
  let queue = RadixHeap()
  return (
    { for i in 0..<size { queue.insert(UInt64(steps[i & 0xffff] + Int64(i)), UInt64(i)) } },
    {
      var sum: UInt64 = 0
      for i in 0..<operations {
        let (time, event) = queue.removeFirst()
        sum &+= event
        queue.insert(time &+ UInt64(bitPattern: steps[i & 0xffff]), event)
      }
      return sum
    }
  )
}

private func holdBinary(_ size: Int, _ operations: Int, _ steps: [Int64]) -> (fill: () -> Void, run: () -> UInt64) {
  let queue = BinaryHeap()
  return (
    { for i in 0..<size { queue.insert(UInt64(steps[i & 0xffff] + Int64(i)), UInt64(i)) } },
    {
      var sum: UInt64 = 0
      for i in 0..<operations {
        let (time, event) = queue.removeFirst()
        sum &+= event
        queue.insert(time &+ UInt64(bitPattern: steps[i & 0xffff]), event)
      }
      return sum
    }
  )
}
