import Foundation
import Support
import Testing

@testable import Command

@Suite("Files that cannot be read or written")
struct FileFaultTests {
  @Test("Faults of files are told in the words of diagnostics, whatever verb meets them")
  func unwritable() throws {
    let small = try SmallScenario()
    let file = small.folder.appendingPathComponent("file").path
    try small.write("file", "")
    for arguments in [
      ["run", small.path, "--csv", file], ["run", small.path, "--csv", "\(file)/inner"],
      ["run", small.path, "--csv", "/proc/medley"], ["baseline", "update", small.path, "--folder", file],
    ] {
      let ran = medley(arguments)
      #expect(ran.outcome == .fault && ran.out.isEmpty)
      let lines = ran.err.split(separator: "\n")
      #expect(lines.count == 3, "\(ran.err)")
      #expect(lines.first?.wholeMatch(of: /error: '[^']+' cannot be (written|found)/) != nil, "\(ran.err)")
      #expect(lines.dropFirst().first?.hasPrefix("  why: ") == true && lines.last?.hasPrefix("  fix: ") == true)
      #expect(!ran.err.contains("The file") && !ran.err.contains("operation"), "\(ran.err)")
    }
  }

  @Test("A scenario that is no file")
  func unreadable() throws {
    let small = try SmallScenario()
    for (path, why) in [("/no/such.yaml", "no such file or directory"), (small.folder.path, "folders, pipes")] {
      let ran = medley("check", path)
      #expect(ran.outcome == .fault && ran.err.contains("  why: \(why)"), "\(ran.err)")
    }
  }
}
