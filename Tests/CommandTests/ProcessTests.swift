import Foundation
import Support
import Testing

/// The executable, which stands beside the test binary.
private func start(_ arguments: [String], input: String? = nil) throws -> (process: Process, out: Pipe, err: Pipe) {
  let process = Process()
  process.executableURL = Bundle.main.executableURL?.deletingLastPathComponent().appendingPathComponent("medley")
  process.arguments = arguments
  let (out, err) = (Pipe(), Pipe())
  process.standardOutput = out
  process.standardError = err
  // A file, not a pipe: a process that ends before it has read all must not end the one that writes.
  let feed = FileManager.default.temporaryDirectory.appendingPathComponent("medley-\(UUID().uuidString)")
  try Data((input ?? "").utf8).write(to: feed)
  defer { try? FileManager.default.removeItem(at: feed) }
  process.standardInput = try FileHandle(forReadingFrom: feed)
  try process.run()
  return (process, out, err)
}

@Suite("The executable", .serialized)
struct ProcessTests {
  @Test("Exit codes reach the shell")
  func codes() throws {
    for (arguments, code) in [(["--version"], 0), (["check", "/no/such"], 1), (["nonsense"], 64)] as [([String], Int32)]
    {
      let (process, _, _) = try start(arguments)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == code)
    }
  }

  @Test("A scenario on standard input")
  func standardInput() throws {
    let small = try SmallScenario()
    let text = try String(contentsOfFile: small.path, encoding: .utf8)
      .replacing("trace: t.csv", with: "trace: {path: t.csv}")
    let (process, out, _) = try start(
      ["run", "-", "--data-root", small.folder.path, "--variant", "even"], input: text)
    let shown = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && shown.contains("\n\nstandard-input/even: 40 of 40 requests"))
  }

  @Test("Standard input is called so, and bounded")
  func faultyStandardInput() throws {
    for (text, said) in [
      ("seed: 1\nmodl: x\n", "<stdin>:2:1: error: a scenario has no setting 'modl'"),
      ("extends: quickstart.yaml\n", "why: a scenario on standard input has no folder"),
      (String(repeating: "#\n", count: 1 << 20), "error: standard input is too large"),
    ] {
      let (process, out, err) = try start(["check", "-"], input: text)
      let told = String(decoding: err.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 1 && out.fileHandleForReading.readDataToEndOfFile().isEmpty)
      #expect(told.contains(said), "\(told)")
    }
  }

  @Test("The file that has the results is not replaced by another")
  func ownOutput() throws {
    let small = try SmallScenario()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    let executable = Bundle.main.executableURL?.deletingLastPathComponent().appendingPathComponent("medley").path ?? ""
    process.arguments = [
      "-c", "'\(executable)' run '\(small.path)' --perfetto /dev/stdout 2>&1 >'\(small.folder.path)/out'",
    ]
    let out = Pipe()
    process.standardOutput = out
    try process.run()
    let told = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1 && told.hasPrefix("error: '/dev/stdout' is no file to write"), "\(told)")
  }

  @Test("A reader that goes away ends it quietly")
  func brokenPipe() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    let executable = Bundle.main.executableURL?.deletingLastPathComponent().appendingPathComponent("medley").path ?? ""
    process.arguments = ["-c", "'\(executable)' list devices | true; echo ${PIPESTATUS[0]}"]
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    try process.run()
    process.waitUntilExit()
    let code = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(["0\n", "141\n"].contains(code))
    #expect(err.fileHandleForReading.readDataToEndOfFile().isEmpty)
  }

  @Test("What a measurement reads is gone when it ends, however early", arguments: [SIGINT, SIGTERM, SIGHUP])
  func scratch(signal: Int32) throws {
    let small = try SmallScenario()
    let (process, _, _) = try start(["measure", "--overlap", "--quick", "--disk", small.folder.path])
    func files() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: small.folder.path).filter { $0.hasPrefix("medley-") }
    }
    while try files().isEmpty, process.isRunning { usleep(1000) }
    #expect(process.isRunning)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    // Whoever runs the tests may ignore the signal.
    let ended = process.terminationReason == .uncaughtSignal && process.terminationStatus == signal
    #expect(ended || process.terminationStatus == 0)
    #expect(try files().isEmpty)
  }

  @Test("Interrupted, it leaves whole files only", arguments: 0..<8)
  func interrupted(round: Int) throws {
    let small = try SmallScenario()
    let lines = (0..<60_000).map { "\(Double($0) * 0.01),\(200 + $0 % 700),\(5 + $0 % 70)" }
    try small.write("t.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n" + lines.joined(separator: "\n") + "\n")
    let out = small.folder.appendingPathComponent("out").path
    let ledger = small.folder.appendingPathComponent("l.sqlite").path
    let (process, _, _) = try start(["run", small.path, "--csv", out, "--ledger", ledger])
    usleep(UInt32.random(in: 100_000...2_500_000))
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    let ended = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGINT
    #expect(ended || process.terminationStatus == 0)
    let files = (try? FileManager.default.subpathsOfDirectory(atPath: out)) ?? []
    #expect(!files.contains { $0.hasSuffix(".tmp") })
    for file in files where file.hasSuffix("requests.csv") {
      let text = try String(contentsOfFile: "\(out)/\(file)", encoding: .utf8)
      #expect(text.utf8.count { $0 == 0x0a } == 60_001)
    }
  }
}
