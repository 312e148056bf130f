import Foundation
import Support
import Testing

@testable import Command

@Suite("reproduce")
struct ReproduceTests {
  private let small: SmallScenario
  private var folder: String { small.folder.path }

  init() throws {
    small = try SmallScenario()
    let toy = small.folder.appendingPathComponent("systems/toy")
    try FileManager.default.createDirectory(at: toy, withIntermediateDirectories: true)
    for (from, to) in [("t.csv", "t.csv"), ("small.yaml", "a.yaml")] {
      try FileManager.default.copyItem(
        at: small.folder.appendingPathComponent(from), to: toy.appendingPathComponent(to))
    }
  }

  private func reproduce(_ more: String...) -> Ran {
    medley(["reproduce", "--folder", "\(folder)/systems", "--results", "\(folder)/results"] + more)
  }

  @Test("The page holds every claim, and --check notices a verdict that moved")
  func guards() throws {
    let none = reproduce("--check")
    #expect(none.outcome == .fault && none.err.contains("there is nothing to compare with"))
    let ran = reproduce()
    #expect(ran.outcome == .ok && ran.err.isEmpty && ran.out.contains("toy"))
    let page = try String(contentsOfFile: "\(folder)/results/reproduction.md", encoding: .utf8)
    #expect(
      page.contains("| ttft-p99 of uneven over even | ") && page.contains("| 1.00 [R] | 0.100 to 10.0 | within |"))
    #expect(page.contains("- [R] nowhere\n"))
    #expect(page.contains("| [toy](#toy) | within, published figures unverified | 1 of 1 |"))
    #expect(reproduce("--check").outcome == .ok)
    let file = "\(folder)/results/reproduction.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacing("\"verdict\" : \"within\"", with: "\"verdict\" : \"outside\"").write(
      toFile: file, atomically: true, encoding: .utf8)
    let moved = reproduce("--check", "toy")
    #expect(moved.outcome == .unmet && moved.err.contains("outside before, within now"))
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("outside"), "a check writes nothing")
  }

  @Test("--quick writes nothing, JSON alone goes to standard output, and unknown systems are told")
  func options() throws {
    let quick = reproduce("--quick", "--json")
    let document = try JSONSerialization.jsonObject(with: Data(quick.out.utf8)) as? [String: Any]
    #expect(quick.outcome == .ok && document?["format"] as? String == "medley-reproduction/1")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/results"))
    let wrong = reproduce("tyo")
    #expect(wrong.outcome == .fault && wrong.err.contains("did you mean 'toy'?"))
  }

  @Test("What was found stays where a trace is not here any more, and the absence is told")
  func withoutTraces() throws {
    #expect(reproduce().outcome == .ok)
    let files = ["json", "md"].map { "\(folder)/results/reproduction.\($0)" }
    func stored() throws -> [String] { try files.map { try String(contentsOfFile: $0, encoding: .utf8) } }
    let before = try stored()
    try FileManager.default.removeItem(atPath: "\(folder)/systems/toy/t.csv")
    let ran = reproduce()
    #expect(ran.outcome == .ok && ran.err == "note: toy/a is not run: a trace is not here\n", "\(ran.err)")
    #expect(try stored() == before)
    #expect(reproduce("--quiet").err.isEmpty)
  }

  @Test("What is stored is not written over where it cannot be read, and no systems are no results")
  func unreadable() throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/results", withIntermediateDirectories: true)
    let file = "\(folder)/results/reproduction.json"
    try "<<<<<<< HEAD".write(toFile: file, atomically: true, encoding: .utf8)
    let ran = reproduce()
    #expect(ran.outcome == .fault && ran.err.contains("it is not what medley reproduce writes"), "\(ran.err)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "<<<<<<< HEAD")
    let none = medley("reproduce", "--folder", "\(folder)/results", "--results", "\(folder)/other")
    #expect(none.outcome == .fault && none.err.contains("there is nothing to reproduce"), "\(none.err)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/other"))
  }

  @Test("What cannot be run is told, and the others are reproduced all the same")
  func faults() throws {
    try FileManager.default.copyItem(
      atPath: "\(folder)/systems/toy", toPath: "\(folder)/systems/bad")
    let text = try String(contentsOfFile: "\(folder)/systems/bad/a.yaml", encoding: .utf8)
    try text.replacing("metric: max-rate", with: "metric: mbuu, pool: all").write(
      toFile: "\(folder)/systems/bad/a.yaml", atomically: true, encoding: .utf8)
    let ran = reproduce()
    #expect(ran.outcome == .fault && ran.err.contains("has no figure 'mbuu'") && ran.out.contains("toy"))
  }
}
