@preconcurrency import Dispatch
import Foundation
import Synchronization
import Units

/// Files that are being written under another name, and their removal when the user interrupts.
///
/// A file appears under its own name only when it is whole. Ledgers need nothing of the kind: a transaction that did
/// not end never happened.
enum Interruption {
  private struct State {
    var unfinished: Set<String> = []
    var sources: [any DispatchSourceSignal] = []
  }

  private static let state = Mutex(State())

  /// From now on SIGINT and SIGTERM remove unfinished files, and then end the process as they would have.
  static func watch() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
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

  /// Writes a file: `body` hands over its bytes in pieces. Another file of that name is replaced when all is written.
  /// - Throws: `Diagnostic` where it cannot be written, and what `body` throws; the file is then as it was.
  static func write(_ path: String, _ body: (_ sink: ([UInt8]) throws -> Void) throws -> Void) throws {
    let unfinished = "\(path).\(getpid()).tmp"
    state.withLock { _ = $0.unfinished.insert(unfinished) }
    defer {
      unlink(unfinished)
      state.withLock { _ = $0.unfinished.remove(unfinished) }
    }
    guard FileManager.default.createFile(atPath: unfinished, contents: nil),
      let file = FileHandle(forWritingAtPath: unfinished)
    else { throw Diagnostic.unwritable(path) }
    defer { try? file.close() }
    try body { try file.write(contentsOf: $0) }
    try file.synchronize()
    guard rename(unfinished, path) == 0 else { throw Diagnostic.unwritable(path) }
  }
}
