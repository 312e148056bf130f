import Glibc
import Kernel

/// The best of several repetitions, in millions of operations a second of processor time: what else runs on the
/// machine slows through the caches only, and not in every repetition.
///
/// Repetitions are long enough to hold the rare large steps of amortised structures. The body is given the
/// repetition's number and returns something of its work, so that none of it is left out.
@inline(never)
func best(of repetitions: Int, operations: Int, _ body: (UInt64) -> UInt64) -> Double {
  var least = Double.infinity
  for repetition in 0..<repetitions {
    let start = processorSeconds()
    work.combine(body(UInt64(repetition)))
    least = min(least, processorSeconds() - start)
  }
  return Double(operations) / least / 1e6
}

/// Processor time of this thread.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// What the bodies returned; printed at the end.
nonisolated(unsafe) var work = Fingerprint()

/// A number with a column's width.
func column(_ value: Double, _ width: Int = 10) -> String {
  let tenths = Int((value * 10).rounded())
  return pad("\(tenths / 10).\(tenths % 10)", width)
}

/// A text at the right of its column.
func pad(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
