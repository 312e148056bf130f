import ArgumentParser
import Foundation
import Scenario
import Units
import Workload

extension TraceFormat: ExpressibleByArgument {
  /// The names of all formats, as help lists them.
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// The trace that an argument names: `-` for standard input, a file, or a name that `medley list traces` shows.
struct TraceArgument: ParsableArguments {
  @Argument(
    help: "A file, '-' for standard input, or a trace that medley list traces names.",
    completion: .file(extensions: ["csv", "jsonl"]))
  var trace: String

  @Option(
    help: ArgumentHelp(
      "The trace's format, where its first line shall not tell it: \(TraceFormat.names).", valueName: "format"))
  var format: TraceFormat?

  @Option(
    name: .customLong("data-root"),
    help: ArgumentHelp("Look for named traces in this folder too. May be given often.", valueName: "dir"),
    completion: .directory)
  var dataRoots: [String] = []

  /// The name that diagnostics and results show.
  var name: String { trace == "-" ? Scenario.standardInput : trace }

  /// Where the bytes come from, and the format where it need not be told from them.
  /// - Throws: `Faults` where the argument is the name of a trace that is not here.
  func source() throws(Faults) -> (bytes: ByteSource, format: TraceFormat?) {
    guard let named = NamedTrace.all.first(where: { $0.name == trace }) else {
      if trace != "-", !trace.contains("/"), !trace.contains("."), !FileManager.default.fileExists(atPath: trace) {
        let names = NamedTrace.all.map(\.name)
        throw Faults(
          Diagnostic(
            at: nil, "no trace is named '\(trace)', and there is no such file",
            why: "medley list traces shows the names there are",
            fix: didYouMean(trace, among: names, else: "name one of them, or a file")))
      }
      return (ByteSource(argument: trace), format)
    }
    let roots = Catalogue.standard(for: ".", dataRoots: dataRoots).dataRoots
    guard let path = named.path(in: roots) else {
      throw Faults(
        Diagnostic(
          at: nil, "the trace '\(trace)' is not here",
          why: "looked for \(named.path) in \(wordList(roots, or: "and"))", fix: named.hint))
    }
    return (.file(path), format ?? named.format)
  }

  /// Reads the source with `body`, whose faults are told as diagnostics of the file.
  func read<Result>(_ body: (ByteSource, TraceFormat?) throws(TraceFaults) -> Result) throws(Faults) -> Result {
    let (bytes, format) = try source()
    do {
      return try body(bytes, format)
    } catch {
      guard case .file(let path) = bytes else { throw error.faults(of: name) }
      throw error.faults(of: path)
    }
  }
}
