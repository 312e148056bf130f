import CKernels
import Foundation

/// Something to time: a row without its time, and how to run it.
struct Trial {
  /// The row; operations and bytes are of one call.
  var timing: Timing
  /// Runs it so many times.
  var run: (Int) -> Void

  /// A trial on the threads of `pool`.
  init(
    _ kind: Timing.Operator, on pool: Pool, format: String = "", shape: Timing.Shape = Timing.Shape(),
    operations: Double = 0, bytes: Double = 0, run: @escaping (Int) -> Void
  ) {
    timing = Timing(
      device: "", threads: pool.threads, operator: kind, format: format, shape: shape, operations: operations,
      bytes: bytes, time: 0, spread: 0, samples: 0, undisturbed: 0, provenance: "")
    self.run = run
  }
}

/// Seconds and interruptions of a piece of work.
struct Stopwatch {
  private static func now(_ clock: clockid_t) -> (seconds: Double, interruptions: Int) {
    var time = timespec()
    clock_gettime(clock, &time)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return (Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9, usage.ru_nivcsw)
  }

  /// Runs `work` on `threads` threads and tells what it took. One thread's work is timed by the time that the thread
  /// ran, which on an idle machine is the same and on a busy one does not count the turns of others.
  static func time(threads: Int, _ work: () -> Void) -> (seconds: Double, disturbed: Bool) {
    let clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC
    let before = now(clock)
    work()
    let after = now(clock)
    return (after.seconds - before.seconds, after.interruptions > before.interruptions)
  }
}

/// The samples of a trial.
struct Samples {
  /// Calls in each.
  var calls = 1
  var quiet: [Double] = []
  var all: [Double] = []

  /// The trial's row with what the samples say: the median of the undisturbed ones where there are three.
  func finish(_ timing: Timing) -> Timing? {
    let used = (quiet.count >= 3 ? quiet : all).sorted()
    guard !used.isEmpty else { return nil }
    func quantile(_ share: Double) -> Double {
      let place = share * Double(used.count - 1)
      let low = Int(place)
      return used[low] + (used[min(low + 1, used.count - 1)] - used[low]) * (place - Double(low))
    }
    var timing = timing
    timing.time = quantile(0.5)
    timing.spread = (quantile(0.75) - quantile(0.25)) / timing.time
    timing.samples = used.count
    timing.undisturbed = quiet.count
    return timing
  }
}
