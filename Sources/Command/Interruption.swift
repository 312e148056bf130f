@preconcurrency import Dispatch
import Foundation
import Synchronization
import Units

/// Files that are being written under another name or serve for a while, and their removal when the user interrupts.
///
/// A file appears under its own name only when it is whole. Ledgers need nothing of the kind: a transaction that did
/// not end never happened.
enum Interruption {
  private struct State {
    var unfinished: Set<String> = []
    var sources: [any DispatchSourceSignal] = []
  }

  private static let state = Mutex(State())

  /// From now on SIGINT, SIGTERM and SIGHUP remove unfinished files, and then end the process as they would have. What
  /// whoever started the process ignores, as nohup does a hang-up, stays ignored.
  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let inherited = signal(number, SIG_IGN)
      guard unsafeBitCast(inherited, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) else { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler {
        state.withLock { state in
          clean(&state)
          signal(number, SIG_DFL)
          // A process may inherit a mask that blocks the signal.
          var mask = sigset_t()
          sigemptyset(&mask)
          sigaddset(&mask, number)
          pthread_sigmask(SIG_UNBLOCK, &mask, nil)
          kill(getpid(), number)
          _exit(128 + number)
        }
      }
      source.resume()
      state.withLock { $0.sources.append(source) }
    }
  }

  private static func clean(_ state: inout State) {
    for path in state.unfinished { unlink(path) }
  }

  /// What `body` does with a file `name` in `folder` that is there only meanwhile.
  /// - Throws: what `body` throws.
  static func scratch<T>(_ name: String, in folder: String, _ body: (_ path: String) throws -> T) rethrows -> T {
    try scratch(at: "\(folder)/medley-\(name)-\(getpid())", body)
  }

  private static func scratch<T>(at path: String, _ body: (_ path: String) throws -> T) rethrows -> T {
    state.withLock { _ = $0.unfinished.insert(path) }
    defer {
      unlink(path)
      state.withLock { _ = $0.unfinished.remove(path) }
    }
    return try body(path)
  }

  /// What stands at a path that is to be written.
  private enum Target {
    /// A file, of `mode` where it is there, or none yet; `path` is behind all links.
    case file(path: String, mode: mode_t?)
    /// A device or a pipe, which takes the bytes as they come.
    case stream

    init(_ path: String) throws {
      var status = stat()
      guard stat(path, &status) == 0 else {
        guard errno == ENOENT else { throw Diagnostic.unwritable(path) }
        self = .file(path: Self.absent(path), mode: nil)
        return
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG:
        // Results that go to the file would be lost with it: a new one takes its name.
        var output = stat()
        if fstat(STDOUT_FILENO, &output) == 0, output.st_dev == status.st_dev, output.st_ino == status.st_ino {
          throw Diagnostic.standardOutput(path)
        }
        guard let real = realpath(path, nil) else { throw Diagnostic.unwritable(path) }
        defer { free(real) }
        self = .file(path: String(cString: real), mode: status.st_mode & 0o7777)
      case S_IFDIR:
        errno = EISDIR
        throw Diagnostic.unwritable(path)
      default: self = .stream
      }
    }

    /// Where a path without a file leads: a link may go before what it names.
    private static func absent(_ path: String) -> String {
      guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return path }
      return absent(URL(filePath: next, relativeTo: URL(filePath: path).deletingLastPathComponent()).path)
    }
  }

  /// Whether ``write(_:_:)`` could write a file, which is left as it is.
  /// - Throws: `Diagnostic` where it could not.
  static func check(_ path: String) throws {
    guard path != "-" else { throw Diagnostic.standardOutput(path) }
    switch try Target(path) {
    case .stream: guard access(path, W_OK) == 0 else { throw Diagnostic.unwritable(path) }
    case .file(let target, _):
      try scratch(at: "\(target).\(getpid()).tmp") {
        guard FileManager.default.createFile(atPath: $0, contents: nil) else { throw Diagnostic.unwritable(path) }
      }
    }
  }

  /// Writes a file: `body` hands over its bytes in pieces. Another file of that name, or that a link of that name leads to,
  /// is replaced when all is written, and keeps its permissions.
  /// - Throws: `Diagnostic` where it cannot be written, and what `body` throws; the file is then as it was.
  static func write(_ path: String, _ body: (_ sink: ([UInt8]) throws -> Void) throws -> Void) throws {
    switch try Target(path) {
    case .stream:
      guard let stream = FileHandle(forWritingAtPath: path) else { throw Diagnostic.unwritable(path) }
      defer { try? stream.close() }
      try body { bytes in try named(path) { try stream.write(contentsOf: bytes) } }
    case .file(let target, let mode):
      try scratch(at: "\(target).\(getpid()).tmp") { unfinished in
        guard FileManager.default.createFile(atPath: unfinished, contents: nil),
          let file = FileHandle(forWritingAtPath: unfinished)
        else { throw Diagnostic.unwritable(path) }
        defer { try? file.close() }
        if let mode { _ = fchmod(file.fileDescriptor, mode) }
        try body { bytes in try named(path) { try file.write(contentsOf: bytes) } }
        try named(path) { try file.synchronize() }
        guard rename(unfinished, target) == 0 else { throw Diagnostic.unwritable(path) }
      }
    }
  }

  /// What `body` throws of a file says which.
  private static func named(_ path: String, _ body: () throws -> Void) throws {
    do { try body() } catch let error as CocoaError { throw Diagnostic(error, of: path) }
  }
}
