import Kernels
import Timeline
import Units

/// What a timeline makes of work that overlaps, from its parts alone.
public enum OverlapPrediction {
  /// Seconds of layers that are read from a file, `prefetch` ahead, and computed.
  ///
  /// A reader and a processor take turns in two buffers, or one without prefetch.
  public static func seconds(_ trial: OverlapTrials.Streaming) -> Double {
    var resources = Resources()
    let processor = resources.stream("processor")
    let disk = resources.link("disk", rate: Double(trial.bytes) / trial.read)
    let buffers = resources.ring(trial.prefetch + 1)
    var plan = StepPlan()
    let (read, compute) = (plan.label("read"), plan.label("layer"))
    plan.repeating(trial.layers) { plan in
      let loaded = plan.move(
        read, over: disk, bytes: Double(trial.bytes), after: .last(of: buffers, back: trial.prefetch + 1))
      plan.run(compute, on: processor, for: trial.compute, after: loaded, into: buffers)
    }
    var timeline = Timeline(resources)
    return timeline.run(&plan, release: .start).seconds
  }

  /// Seconds of a copy beside a product, which share what memory gives two threads and get no more than each alone.
  public static func seconds(_ trial: OverlapTrials.Beside) -> Double {
    var resources = Resources()
    let memory = resources.channel("memory", rate: 2 * Double(trial.copied) / trial.copies)
    let first = resources.channel("copying", rate: Double(trial.copied) / trial.copy)
    let second = resources.channel("multiplying", rate: Double(trial.read) / trial.product)
    let copier = resources.stream("copy", route: [first, memory])
    let processor = resources.stream("product", route: [second, memory])
    var plan = StepPlan()
    let label = plan.label("bytes")
    plan.move(label, over: copier, bytes: Double(trial.copied))
    plan.move(label, over: processor, bytes: Double(trial.read))
    var timeline = Timeline(resources)
    return timeline.run(&plan, release: .start).seconds
  }
}
