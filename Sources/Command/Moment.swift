import ArgumentParser
import Cluster
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

/// Which part of a run is recorded step by step.
struct PartOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Leave out what ends before this: 60s.", valueName: "time"))
  var from: Moment?

  @Option(help: ArgumentHelp("Leave out what starts after this: 90s.", valueName: "time"))
  var until: Moment?

  /// Most requests, steps, transfers and tasks of a replica that are recorded; some 10 MB of a file for Perfetto.
  static let most = 20_000

  func validate() throws {
    guard window.from < window.until else { throw ValidationError("--from is before --until") }
  }

  /// Whether neither end is given.
  var isWhole: Bool { from == nil && until == nil }

  /// The part.
  var window: RecordedWindow {
    RecordedWindow(
      from: from?.instant ?? .start, until: until?.instant ?? Instant(picoseconds: .max), most: Self.most)
  }
}
