import Foundation
import Glibc
import Report
import Scenario

/// Where a verb writes: results to standard output, everything else to standard error.
public struct Console: Sendable {
  /// Writes a text to standard output as it is.
  public var out: @Sendable (String) -> Void
  /// Writes a text to standard error as it is.
  public var err: @Sendable (String) -> Void
  /// Whether someone watches standard error.
  public var isWatched: Bool
  /// How results may be marked.
  public var style: Style

  /// A console of these streams.
  public init(
    out: @escaping @Sendable (String) -> Void, err: @escaping @Sendable (String) -> Void, isWatched: Bool = false,
    style: Style = .plain
  ) {
    self.out = out
    self.err = err
    self.isWatched = isWatched
    self.style = style
  }

  /// The streams of this process, unbuffered.
  public static let standard = Console(
    out: { write($0, to: STDOUT_FILENO) }, err: { write($0, to: STDERR_FILENO) },
    isWatched: isatty(STDERR_FILENO) == 1,
    style: isatty(STDOUT_FILENO) == 1 && hasColour(ProcessInfo.processInfo.environment) ? .terminal : .plain)

  /// Whether a terminal of this environment is to be written to in colour: no-color.org, and terminals that have none.
  static func hasColour(_ environment: [String: String]) -> Bool {
    (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Writes all of a text. A reader that went away ends the process quietly (SIGPIPE); results that cannot be
  /// written, as on a full disk, end it with ``Outcome/fault``.
  private static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(
          descriptor, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)).baseAddress, rest.count)
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno != EINTR {
          guard descriptor == STDOUT_FILENO else { return }
          write("error: standard output: \(String(cString: strerror(errno)))\n", to: STDERR_FILENO)
          exit(Outcome.fault.rawValue)
        }
      }
    }
  }
}

/// What a verb cannot see from its arguments.
struct Session: Sendable {
  /// Where it writes.
  var console: Console
  /// What scenarios may name.
  var policies: PolicyCatalogue

  /// The session of the verb that runs.
  @TaskLocal static var current = Session(console: .standard, policies: .standard)
}
