import ArgumentParser
import Foundation
import Scenario
import Study
import Units

extension ScenarioReader {
  /// Reads the scenario that an argument names: a file, or `-` for standard input.
  ///
  /// The changes are for `variant` alone where it is given. Files that a scenario on standard input names come from the
  /// catalogue and the data roots.
  /// - Throws: as `read(_:)`, and `Diagnostic` where standard input holds more than a scenario may.
  func read(argument: String, variant: String? = nil) throws -> LoadedScenario {
    guard argument == "-" else { return try read(argument, variant: variant) }
    let limit = Limits().fileBytes
    var bytes = Data()
    while bytes.count <= limit, let more = try? FileHandle.standardInput.read(upToCount: limit + 1), !more.isEmpty {
      bytes += more
    }
    guard bytes.count <= limit else {
      throw Diagnostic(
        at: nil, "standard input is too large", why: "at most \(limit) bytes are read",
        fix: "check that this is the scenario you meant")
    }
    return try read(Scenario.standardInput, standardInput: bytes, variant: variant)
  }

  /// Standard input can be read once.
  /// - Throws: `ValidationError` where more than one of these arguments names it.
  static func check(_ arguments: [String]) throws {
    guard arguments.count(where: { $0 == "-" }) > 1 else { return }
    throw ValidationError("standard input, '-', can be read once: save the scenario in a file to name it again")
  }
}
