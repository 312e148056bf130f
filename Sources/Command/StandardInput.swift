import Foundation
import Study

extension ScenarioReader {
  /// Reads the scenario that an argument names: a file, or `-` for standard input.
  ///
  /// The changes are for `variant` alone where it is given. Files that a scenario on standard input names come from the catalogue and the data roots.
  /// - Throws: as `read(_:)`, and `CocoaError` where standard input cannot be kept meanwhile.
  func read(argument: String, variant: String? = nil) throws -> LoadedScenario {
    guard argument == "-" else { return try read(argument, variant: variant) }
    return try Interruption.withTemporaryFolder { folder in
      let path = "\(folder)/standard-input.yaml"
      try FileHandle.standardInput.readDataToEndOfFile().write(to: URL(fileURLWithPath: path))
      return try read(path, variant: variant)
    }
  }
}
