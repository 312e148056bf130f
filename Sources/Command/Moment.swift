import ArgumentParser
import Units

/// A moment of simulated time on the command line: `90s`, `250 ms`.
struct Moment: ExpressibleByArgument {
  var instant: Instant

  init?(argument: String) {
    let spaced = argument.firstIndex { $0.isLetter }.map { argument[..<$0] + " " + argument[$0...] } ?? argument[...]
    guard let seconds = try? Seconds.parse(String(spaced)), seconds.value < 4.5e6 else { return nil }
    instant = Instant(picoseconds: Int64((seconds.value * 1e12).rounded()))
  }
}
