import Units
import Workload

/// A trace that a scenario names: a published one by its name, or a file.
public struct TracePlan: Hashable, Sendable {
  /// The name or path in the scenario.
  public var name: String
  /// The file to read.
  public var path: String
  /// The layout of its columns; nil to tell it from the first line.
  public var format: TraceFormat?

  /// What `selection` takes of the trace; where `lengthsOnly`, of one without arrivals too.
  /// - Throws: ``Faults`` with the lines at fault, or that of the file as a whole.
  func read(_ selection: TraceSelection, lengthsOnly: Bool = false) throws(Faults) -> Trace {
    do {
      return try Trace(.file(path), format: format, selection: selection, lengthsOnly: lengthsOnly)
    } catch {
      throw error.faults(of: path)
    }
  }
}

extension TraceFaults {
  /// The faults as diagnostics of the file `name`, with the lines at fault where it is a file that can be read again.
  public func faults(of name: String) -> Faults {
    let lines = Excerpts.lines(faults.map(\.line).filter { $0 > 0 }, of: name)
    return Faults(
      faults.map { fault in
        let source = lines[fault.line] ?? SourceText(name: name, lines: [])
        let place = fault.line > 0 ? Place(source: source, line: fault.line, column: max(1, fault.column)) : nil
        let what = fault.line > 0 ? fault.what : "\(name): \(fault.what)"
        return Diagnostic(at: place, what, why: fault.why, fix: fault.fix)
      })
  }
}

/// A trace that scenarios may name without a path.
public struct NamedTrace: Hashable, Sendable {
  /// The name in scenarios.
  public var name: String
  /// The path under a data root.
  public var path: String
  /// The layout of its columns.
  public var format: TraceFormat
  /// What it holds and how to get it.
  public var hint: String

  /// The file under the first of `roots` that has it; nil where none does.
  public func path(in roots: [String]) -> String? { roots.map { "\($0)/\(path)" }.first(where: Paths.isFile) }

  /// The traces that may be named.
  public static let all: [NamedTrace] =
    ["code", "conv"].map { kind in
      let file = "AzureLLMInferenceTrace_\(kind).csv"
      return NamedTrace(
        name: "azure-2023-\(kind)", path: "traces/azure2023/\(file)", format: .azure,
        hint: "put data/\(file) of github.com/Azure/AzurePublicDataset under traces/azure2023 of a data root "
          + "(--data-root or MEDLEY_DATA)")
    }
    + ["conversation", "synthetic", "toolagent"].map { kind in
      let file = "\(kind)_trace.jsonl"
      return NamedTrace(
        name: "mooncake-\(kind)", path: "traces/mooncake/\(file)", format: .mooncake,
        hint: "put FAST25-release/traces/\(file) of github.com/kvcache-ai/Mooncake under traces/mooncake of a data "
          + "root (--data-root or MEDLEY_DATA)")
    }
    + [("w1", "W1_poisson1000.csv"), ("w2", "W2_poisson10000.csv")].map { name, file in
      NamedTrace(
        name: "peers-\(name)", path: "traces/peers/\(file)", format: .vidur,
        hint: "put \(file) under traces/peers of a data root (--data-root or MEDLEY_DATA)")
    }
}

/// Reads `trace: NAME` or `trace: {path: file.csv, format: vidur}`.
struct TraceSection {
  let reading: Reading
  let lookup: Lookup

  /// The trace that an element names; nil with diagnostics.
  func trace(_ element: Element, path: String) -> TracePlan? {
    guard let name = element.text else { return file(Fields(element, path: path, reading: reading)) }
    reading.note(path, name, .given(element.place))
    if let named = NamedTrace.all.first(where: { $0.name == name }) {
      let found = lookup.data(named.path, name: name, hint: named.hint, at: element.place)
      return found.map { TracePlan(name: name, path: $0.path, format: named.format) }
    }
    if name.contains("/") || name.hasSuffix(".csv") || name.hasSuffix(".jsonl") {
      let found = lookup.data(name, name: name, hint: "give the path from the scenario's folder", at: element.place)
      return found.map { TracePlan(name: name, path: $0.path, format: nil) }
    }
    let names = NamedTrace.all.map(\.name)
    reading.diagnostics.error(
      at: element.place, "no trace is named '\(name)'", why: "the traces are \(wordList(names, or: "and"))",
      fix: didYouMean(name, among: names, else: "name one of them, or a .csv or .jsonl file"))
    return nil
  }

  private func file(_ fields: Fields) -> TracePlan? {
    let path = fields.required("path", example: "trace.csv").flatMap { _ in fields.text("path") }
    let names = TraceFormat.allCases.map(\.rawValue)
    let format = fields.choice("format", of: names).flatMap(TraceFormat.init(rawValue:))
    fields.finish()
    guard let path else { return nil }
    let found = lookup.data(
      path, name: path, hint: "give the path from the scenario's folder or a data root",
      at: fields.valuePlace(of: "path"))
    return found.map { TracePlan(name: path, path: $0.path, format: format) }
  }
}
