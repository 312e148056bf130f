import Foundation

/// Scenarios from standard input.
enum StandardInput {
  /// The path of a scenario; for `-` that of a file with all of standard input, which goes when the process ends.
  /// - Throws: `CocoaError` where the file cannot be written.
  static func path(_ argument: String) throws -> String {
    guard argument == "-" else { return argument }
    let folder = try Interruption.temporaryFolder()
    let path = "\(folder)/standard-input.yaml"
    try FileHandle.standardInput.readDataToEndOfFile().write(to: URL(fileURLWithPath: path))
    return path
  }
}
