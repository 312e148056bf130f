import Foundation
import Scenario
import Support
import Testing

/// The README's example of a model, a device and a trace that do not ship, run as it stands there.
@Suite("Own files")
struct OwnFilesTests {
  /// What the shell block under the README's heading writes and prints, run in a folder of its own.
  private static func run() throws -> (folder: URL, printed: String, status: Int32) {
    let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md")
    let text = try String(contentsOf: readme, encoding: .utf8)
    let section = try #require(text.components(separatedBy: "### Your model, your device, your trace\n").last)
    let block = try #require(section.components(separatedBy: "```sh\n").dropFirst().first)
    let script = try #require(block.components(separatedBy: "```").first)
    let folder = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-eu", "-c", script]
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    let here = try #require(Bundle.main.executableURL?.deletingLastPathComponent().path)
    environment["PATH"] = "\(here):\(environment["PATH"] ?? "")"
    environment["MEDLEY_CATALOGUE"] = nil
    process.environment = environment
    let out = Pipe()
    process.standardOutput = out
    process.standardError = out
    try process.run()
    let printed = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (folder, printed, process.terminationStatus)
  }

  @Test("The README's example runs verbatim")
  func readme() throws {
    let (folder, printed, status) = try Self.run()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(status == 0 && printed.contains("3 of 3 requests"), "\(printed)")
    // Each number with its source, the device's own and those of the one it is like.
    let lines = printed.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(lines.contains("memory.gddr.capacity 51.53 GB nvidia-smi, memory.total"))
    #expect(lines.contains("power.cap 350 W nvidia-smi --power-limit"))
    #expect(lines.contains { $0.hasPrefix("compute.fp16 165.2 TFLOP/s as rtx-4090: NVIDIA Ada GPU architecture") })
    #expect(lines.contains { $0.hasPrefix("host-link.bandwidth 31.5 GB/s PCI") })

    // The count of the files of HuggingFaceTB/SmolLM2-1.7B.
    let catalogue = Catalogue.standard(for: folder.path)
    let model = try catalogue.model(named: "smollm2-1.7b", beside: "\(folder.path)/mine")
    #expect(model.parameters == 1_711_376_384)
    let (own, base) = (
      try catalogue.device(named: "rtx-4090-48g", beside: "\(folder.path)/mine"),
      try catalogue.device(named: "rtx-4090")
    )
    #expect(own.name == "RTX 4090 with 48 GB, held at 350 W" && own.memory.count == 1)
    #expect(own.power.cap?.value.value == 350 && base.power.cap == nil)
    #expect(own.compute[.fp16]?.rate.value == base.compute[.fp16]?.rate.value && own.hostLink == base.hostLink)
  }
}
