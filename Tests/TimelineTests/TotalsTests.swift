import Support
import Testing
import Timeline
import Units

/// What streams did up to a moment, tasks that steps left ahead being under way.
@Suite struct TotalsTests {
  /// Plans of few repetitions against the reference, at the end of the last step and while more and more of what it left
  /// ahead is done.
  @Test(arguments: [RandomPlans.Kind.any, .pipeline], [false, true])
  func totalsAreThoseOfTheReference(kind: RandomPlans.Kind, isShared: Bool) {
    var under = 0
    for seed in 0..<200 as Range<UInt64> {
      let random = RandomPlans(seed: seed, isShared: isShared, repeats: 5, ahead: true, kind: kind)
      var timeline = Timeline(random.resources)
      let end = timeline.runAll(random.plans)
      for moment in [end.picoseconds, end.picoseconds + Int64(seed) * 97 % 20_000] {
        let expected = ReferenceTimeline.schedule(
          random.resources, random.tasks, plans: random.plans.count, release: 7, until: moment)
        let totals = timeline.totals(until: Instant(picoseconds: moment))
        for stream in random.resources.streams.indices {
          let own = random.tasks.indices.filter { random.tasks[$0].stream == stream && expected.starts[$0] >= 0 }
          let busy = own.reduce(Int64(0)) { sum, task in
            sum + (expected.ends[task] < 0 ? moment : expected.ends[task]) - expected.starts[task]
          }
          #expect(totals.busy(stream) == busy, "seed \(seed)")
          #expect(totals.bytes(stream) == own.reduce(Int64(0)) { $0 + expected.crossed[$1] }, "seed \(seed)")
        }
        #expect(Int(totals.tasks) == expected.ends.count { $0 >= 0 }, "seed \(seed)")
        if totals.tasks < random.tasks.count { under += 1 }
      }
    }
    #expect(under > 10, "tasks are left ahead")
  }

  /// Plans of many repetitions, folded, against the same plans recorded task by task.
  @Test(arguments: [RandomPlans.Kind.any, .pipeline], [false, true])
  func foldingLeavesTheSameAhead(kind: RandomPlans.Kind, isShared: Bool) {
    for seed in 0..<300 as Range<UInt64> {
      let random = RandomPlans(seed: seed, isShared: isShared, repeats: 60, ahead: true, kind: kind)
      var plain = Timeline(random.resources)
      var quick = Timeline(random.resources)
      var recording = Recording()
      let end = quick.runAll(random.plans)
      #expect(plain.runAll(random.plans, into: &recording) == end, "seed \(seed)")
      let last = recording.tasks.map(\.end).max() ?? end
      for part in 0...4 {
        let moment = Instant(
          picoseconds: end.picoseconds + max(0, last.picoseconds - end.picoseconds) * Int64(part) / 4)
        #expect(plain.totals(until: moment) == quick.totals(until: moment), "seed \(seed)")
      }
      for stream in random.resources.streams.indices {
        #expect(recording.busy(stream).picoseconds == quick.totals(until: end).busy(stream), "seed \(seed)")
        #expect(recording.bytes(stream) == quick.totals(until: end).bytes(stream), "seed \(seed)")
      }
    }
  }

  @Test func copiesThatAreLeftAheadCountAsTheyCross() {
    // A hundred copies of 10 MB a millisecond each begin with a step of 3 ms: 3 of them are done when it ends, and half of
    // the one after the 50th half a millisecond after it.
    var resources = Resources()
    let gpu = resources.stream("gpu")
    let pcie = resources.link("pcie", rate: 10e9)
    var plan = StepPlan()
    let label = plan.label("copy")
    plan.run(label, on: gpu, for: 3e-3)
    plan.repeating(100) { $0.move(label, over: pcie, bytes: 10e6, ahead: true) }
    var timeline = Timeline(resources)
    let end = timeline.run(&plan, release: .start)
    #expect(timeline.computedTasks < 10)
    for (microseconds, tasks) in [(3_000, 4), (50_500, 51), (100_000, 101), (200_000, 101)] as [(Int64, Int64)] {
      let totals = timeline.totals(until: max(end, .start + Interval(picoseconds: microseconds * 1_000_000)))
      #expect(totals.busy(pcie.index) == min(microseconds, 100_000) * 1_000_000)
      #expect(totals.bytes(pcie.index) == min(microseconds, 100_000) * 10_000 && totals.tasks == tasks)
    }
  }
}

extension Timeline {
  /// Runs `plans`, each released when the one before has ended, from 7 ps on; the end of the last step.
  mutating func runAll(_ plans: [RandomPlans.Built]) -> Instant {
    var moment = Instant(picoseconds: 7)
    for built in plans {
      settle(at: moment)
      moment = run(&built.plan, release: moment)
    }
    return moment
  }

  /// The same, recorded.
  mutating func runAll(_ plans: [RandomPlans.Built], into recording: inout Recording) -> Instant {
    var moment = Instant(picoseconds: 7)
    for built in plans {
      moment = record(&built.plan, release: moment, into: &recording)
    }
    return moment
  }
}
