import Support
import Testing
@testable import Timeline
import Units

/// The timeline against the reference of TIMELINE.md, on random task graphs.
@Suite struct TimelineReferenceTests {
  @Test(arguments: [false, true], [false, true])
  func everyTaskStartsAndEndsAsInTheReference(isShared: Bool, ahead: Bool) {
    var shared = 0
    for seed in 0..<400 as Range<UInt64> {
      let random = RandomPlans(seed: seed, isShared: isShared, repeats: 3, ahead: ahead)
      let expected = ReferenceTimeline.schedule(
        random.resources, random.tasks, plans: random.plans.count, release: 5_000)
      var timeline = Timeline(random.resources)
      if timeline.isShared { shared += 1 }
      var recording = Recording()
      var release = Instant(picoseconds: 5_000)
      for built in random.plans {
        release = timeline.record(&built.plan, release: release, into: &recording)
      }
      #expect(recording.steps.map(\.end.picoseconds) == expected.steps, "seed \(seed)")
      for (index, task) in recording.tasks.enumerated() where expected.ends[index] >= 0 && task.end > .start {
        #expect(task.start.picoseconds == expected.starts[index], "seed \(seed), task \(index)")
        #expect(task.end.picoseconds == expected.ends[index], "seed \(seed), task \(index)")
      }
    }
    #expect((shared > 100) == isShared)
  }

  /// Any graphs, and graphs in which streams run ahead of others that catch up with them halfway.
  @Test(arguments: [RandomPlans.Kind.any, .pipeline], [false, true])
  func foldingChangesNothing(kind: RandomPlans.Kind, isShared: Bool) {
    var folded = 0
    var (computed, all) = (0, 0)
    for seed in 0..<600 as Range<UInt64> {
      let random = RandomPlans(seed: seed, isShared: isShared, repeats: 60, ahead: true, kind: kind)
      var plain = Timeline(random.resources)
      var quick = Timeline(random.resources)
      guard plain.isShared == isShared else { continue }
      var recording = Recording()
      var moment = Instant(picoseconds: 7)
      for built in random.plans {
        let end = plain.record(&built.plan, release: moment, into: &recording)
        #expect(quick.run(&built.plan, release: moment) == end, "seed \(seed)")
        moment = end
      }
      #expect(plain.outliving == quick.outliving, "seed \(seed)")
      if quick.computedTasks < Int64(recording.tasks.count) { folded += 1 }
      computed += Int(quick.computedTasks)
      all += recording.tasks.count
    }
    #expect(folded > (isShared ? 200 : 400), "plans with many repetitions fold")
    #expect(computed * (isShared ? 1 : 3) < all, "and not their last repetitions only")
  }
}

extension Timeline {
  /// All that outlives a step, wherever the rings begin.
  var outliving: [[Int64]] { remembered + [resources.streams.indices.map { state[$0] }] }
}
