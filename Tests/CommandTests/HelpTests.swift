import ArgumentParser
import Foundation
import Support
import Testing

@testable import Command

/// The verbs that do something, with the words that lead to each.
private let verbs: [(words: [String], type: any ParsableCommand.Type)] = {
  func leaves(_ type: any ParsableCommand.Type, _ words: [String]) -> [([String], any ParsableCommand.Type)] {
    let inner = type.configuration.subcommands
    return inner.isEmpty ? [(words, type)] : inner.flatMap { leaves($0, words + [$0._commandName]) }
  }
  return leaves(Root.self, []).map { (words: $0.0, type: $0.1) }
}()

@Suite("Help and completions")
struct HelpTests {
  @Test("Every verb teaches with examples of itself, within 80 columns")
  func examples() {
    #expect(verbs.count >= 10)
    for (words, type) in verbs {
      let help = medley(["help"] + words)
      #expect(help.outcome == .ok && help.err.isEmpty)
      let discussion = type.configuration.discussion
      let example = discussion.components(separatedBy: "Examples:").dropFirst().first
      #expect(example?.contains("medley \(words.joined(separator: " "))") == true, "\(words)")
      for line in discussion.split(separator: "\n") { #expect(line.count <= 80, "\(words): \(line)") }
      #expect(type.configuration.abstract.hasSuffix("."), "\(words)")
    }
  }

  @Test("Every verb is in the README's table")
  func readme() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    for name in Root.configuration.subcommands.map({ $0._commandName }) {
      #expect(text.contains("| `medley \(name)"), "\(name)")
    }
    for outcome in Outcome.allCases { #expect(text.contains("| \(outcome.rawValue) |"), "\(outcome)") }
  }

  @Test("The script of each shell knows every verb", arguments: CompletionsVerb.Shell.allCases)
  func scripts(_ shell: CompletionsVerb.Shell) throws {
    let ran = medley("completions", shell.rawValue)
    #expect(ran.outcome == .ok && ran.err.isEmpty)
    for (words, _) in verbs { for word in words { #expect(ran.out.contains(word), "\(words)") } }
    // The shell itself reads the script, where it is here.
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let small = try SmallScenario()
    try small.write("script", ran.out)
    let file = small.folder.appendingPathComponent("script").path
    process.arguments = [
      "sh", "-c", "command -v \(shell.rawValue) >/dev/null || exit 0; exec \(shell.rawValue) -n '\(file)'",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test("Variants, paths, devices and models complete")
  func completions() throws {
    let small = try SmallScenario()
    func complete(_ verb: String, _ argument: String, _ words: [String]) -> [String] {
      let ran = medley(["---completion", verb, "--", argument, "\(words.count - 1)", "0"] + words)
      #expect(ran.outcome == .ok && ran.err.isEmpty)
      return ran.out.split(separator: "\n").map(String.init)
    }
    let run = ["medley", "run", small.path]
    #expect(complete("run", "--variant", run + ["--variant", ""]) == ["even", "uneven"])
    let paths = complete("run", "--set", run + ["--set", ""])
    #expect(paths.contains("cluster.pools.all.replicas=") && paths.contains("workload.rate-scale="))
    #expect(!paths.contains { $0.contains("*") })
    #expect(complete("roofline", "--model", ["medley", "roofline", "--model", ""]).contains("llama-2-7b"))
    #expect(complete("calibrate", "--device", ["medley", "calibrate", "--device", ""]).contains("a100-sxm"))
  }
}
