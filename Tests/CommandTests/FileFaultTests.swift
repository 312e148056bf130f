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

  @Test("What cannot be written is told before anything runs, and '-' is none")
  func early() throws {
    let small = try SmallScenario()
    for path in [small.folder.path, "/no/such/run.json", "-"] {
      let ran = medley("run", small.path, "--set", "cluster.pools.all.replicas=0", "--perfetto", path)
      #expect(ran.outcome == .fault && ran.err.contains("'cluster.pools.all.replicas' cannot be 0"), "\(ran.err)")
      let good = medley("run", small.path, "--perfetto", path, "--ledger", "\(small.folder.path)/l.sqlite")
      #expect(good.outcome == .fault && good.out.isEmpty && good.err.hasPrefix("error: '\(path)' "), "\(good.err)")
    }
    #expect(!FileManager.default.fileExists(atPath: "-"))
    #expect(!FileManager.default.fileExists(atPath: "\(small.folder.path)/l.sqlite"))
  }

  @Test("A link stays a link, and a file that is replaced keeps its permissions")
  func links() throws {
    let small = try SmallScenario()
    let (link, file) = ("\(small.folder.path)/link", "\(small.folder.path)/file")
    try small.write("file", "old")
    chmod(file, 0o600)
    symlink("file", link)
    #expect(medley("run", small.path, "--perfetto", link).outcome == .ok)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file")
    #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("{"))
    // A link goes before what it names, another before it.
    let (chain, made) = ("\(small.folder.path)/chain", "\(small.folder.path)/made")
    symlink("next", chain)
    symlink(made, "\(small.folder.path)/next")
    #expect(medley("run", small.path, "--perfetto", chain).outcome == .ok)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: chain) == "next")
    #expect(try String(contentsOfFile: made, encoding: .utf8).hasPrefix("{"))
    symlink("round", "\(small.folder.path)/round")
    #expect(medley("run", small.path, "--perfetto", "\(small.folder.path)/round").outcome == .fault)
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
  }

  @Test("A pipe or a device takes the bytes and is not replaced")
  func streams() throws {
    let small = try SmallScenario()
    let pipe = "\(small.folder.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDWR)
    defer { close(reader) }
    #expect(medley("run", small.path, "--perfetto", pipe, "--from", "99h", "--variant", "even").outcome == .ok)
    var (status, first) = (stat(), UInt8(0))
    #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(read(reader, &first, 1) == 1 && first == UInt8(ascii: "{"))
    // A full disk is told with its file.
    let full = medley("run", small.path, "--perfetto", "/dev/full")
    #expect(full.outcome == .fault && full.err.hasPrefix("error: '/dev/full' cannot be written\n"), "\(full.err)")
    #expect(full.err.contains("no space left") && access("/dev/full", W_OK) == 0)
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
