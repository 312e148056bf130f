import Kernel

/// The best of several repetitions, in millions of operations a second: other work on the machine only slows.
///
/// The body is given the repetition's number and returns something of its work, so that none of it is left out.
@inline(never)
func best(of repetitions: Int, operations: Int, _ body: (UInt64) -> UInt64) -> Double {
  var least = Duration.seconds(1_000_000)
  for repetition in 0..<repetitions {
    let start = ContinuousClock.now
    work.combine(body(UInt64(repetition)))
    least = min(least, ContinuousClock.now - start)
  }
  return Double(operations) / (least / .seconds(1)) / 1e6
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
