import Foundation
import Testing

@testable import Command

/// The policy author's guide against the package that it shows.
@Suite("The policy author's guide")
struct GuideTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
  private static let package = root.appending(path: "Tests/OwnPolicies")

  /// A block of the guide with the line before it.
  private struct Block {
    var before: String
    var language: String
    var text: String
  }

  private static func blocks() throws -> [Block] {
    let text = try String(contentsOf: root.appending(path: "Sources/Policies/GUIDE.md"), encoding: .utf8)
    var blocks: [Block] = []
    var before = ""
    var open: Block?
    for line in text.components(separatedBy: "\n") {
      if var block = open {
        if line == "```" {
          blocks.append(block)
          (open, before) = (nil, "")
        } else {
          block.text += line + "\n"
          open = block
        }
      } else if line.hasPrefix("```") {
        open = Block(before: before, language: String(line.dropFirst(3)), text: "")
      } else if !line.isEmpty {
        before = line
      }
    }
    return blocks
  }

  @Test("Its code is the package's files, byte for byte, and all of them")
  func files() throws {
    var shown: Set<String> = []
    for block in try Self.blocks() where block.before.hasPrefix("`") && block.before.hasSuffix("`:") {
      let path = String(block.before.dropFirst().dropLast(2))
      shown.insert(path)
      let file = try String(contentsOf: Self.package.appending(path: path), encoding: .utf8)
      #expect(block.text == file, "\(path)")
    }
    let sources = try FileManager.default.contentsOfDirectory(atPath: Self.package.appending(path: "Sources/own").path)
    #expect(shown.isSuperset(of: sources.map { "Sources/own/\($0)" } + ["Package.swift", "layer-split.yaml"]))
    #expect(sources.count >= 4)
  }

  @Test("Its commands are of verbs and options that there are, on files that there are")
  func commands() throws {
    var count = 0
    for line in try Self.blocks().filter({ $0.language == "sh" }).flatMap({ $0.text.components(separatedBy: "\n") }) {
      let folder: URL
      let words: ArraySlice<String>
      let all = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
      if all.starts(with: ["swift", "run", "own"]) {
        (folder, words) = (Self.package, all.dropFirst(3))
      } else if all.first == "medley" {
        (folder, words) = (Self.root, all.dropFirst())
      } else {
        continue
      }
      count += 1
      #expect(throws: Never.self, "\(line)") { try Root.parseAsRoot(Array(words)) }
      for file in words where file.hasSuffix(".yaml") {
        let path = folder.appending(path: file).standardized.path
        #expect(FileManager.default.fileExists(atPath: path), "\(line)")
      }
    }
    #expect(count >= 8)
  }
}
