import Foundation

/// The parser that MEDLEY_FUZZ names; the names of all are printed where it is "names".
private let parser: Parser = {
  let name = ProcessInfo.processInfo.environment["MEDLEY_FUZZ"] ?? ""
  if name == "names" {
    print(Parser.names.joined(separator: "\n"))
    exit(0)
  }
  guard let parser = Parser(named: name) else {
    FileHandle.standardError.write(
      Data("MEDLEY_FUZZ is '\(name)'; it names one of \(Parser.names.joined(separator: " "))\n".utf8))
    exit(64)
  }
  return parser
}()

/// What libFuzzer calls with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
  parser.run(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}

/// What libFuzzer calls before all else: a wrong name is told before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
  _ = parser
  return 0
}
