#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where the bytes of a trace come from.
public enum ByteSource: Hashable, Sendable {
  /// A file; a pipe or a process substitution too.
  case file(String)
  /// Standard input.
  case standardInput

  /// The source that an argument names: `-` is standard input.
  public init(argument: String) { self = argument == "-" ? .standardInput : .file(argument) }

  /// Hands on all bytes in pieces of 1 MiB, until `take` returns false.
  /// - Throws: ``TraceFaults``; line 0 where the source cannot be opened or read.
  public func read(_ take: (UnsafeRawBufferPointer) -> Bool) throws(TraceFaults) {
    let file: Int32
    switch self {
    case .file(let path): file = open(path, O_RDONLY | O_CLOEXEC)
    case .standardInput: file = STDIN_FILENO
    }
    guard file >= 0 else { throw Self.failure("opened") }
    defer { if file != STDIN_FILENO { close(file) } }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      #if canImport(Glibc)
        let count = Glibc.read(file, buffer.baseAddress, buffer.count)
      #else
        let count = Darwin.read(file, buffer.baseAddress, buffer.count)
      #endif
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure("read") }
      if count == 0 { return }
      guard take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
    }
  }

  private static func failure(_ verb: String) -> TraceFaults {
    let reason = String(cString: strerror(errno))
    return TraceFaults(
      TraceFault(line: 0, column: 0, what: "the trace cannot be \(verb)", why: reason, fix: "check the file's name"))
  }
}
