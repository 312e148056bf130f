import Units
import Yams

/// Says in the words of people who write scenarios what the YAML library found, and where they should look.
///
/// The library tells where it could not go on, which is often a line after the mistake.
struct YAMLFault {
  private let source: SourceText

  /// An interpreter of faults in `source`.
  init(_ source: SourceText) { self.source = source }

  /// The fault in words.
  func diagnostic(_ error: YamlError) -> Diagnostic {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      return explain(problem, context, at: place(mark))
        ?? Diagnostic(
          at: place(mark), "this is not YAML: \(problem)",
          why: context.map { "\($0.text) at line \($0.mark.line)" } ?? "the text before it ends elsewhere",
          fix: "check indentation, colons, quotes and brackets up to here")
    case .composer(_, let problem, let mark, _):
      return Diagnostic(at: place(mark), "this is not YAML: \(problem)", fix: "write the value out")
    case .reader(let problem, _, _, _):
      return Diagnostic(at: start, "the file is no YAML: \(problem)", fix: "save the file in UTF-8")
    default: return Diagnostic(at: start, "the file is no YAML", why: "\(error)")
    }
  }

  private var start: Place { Place(source: source, line: 1, column: 1) }

  private func place(_ mark: Yams.Mark) -> Place { Place(source: source, line: mark.line, column: mark.column) }

  /// The scalars of a line, from 1; empty where there is none.
  private func line(_ number: Int) -> [Unicode.Scalar] {
    source.lines.indices.contains(number - 1) ? Array(source.lines[number - 1].unicodeScalars) : []
  }

  private func explain(_ problem: String, _ context: YamlError.Context?, at place: Place) -> Diagnostic? {
    switch problem {
    case "mapping values are not allowed in this context": return colon(at: place)
    case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
      return context.map { open(self.place($0.mark), stopped: place, closing: problem.contains("'}'") ? "}" : "]") }
    case "did not find expected key", "did not find expected '-' indicator":
      return context.map { indentation(self.place($0.mark), at: place, isList: problem.contains("'-'")) }
    case "found unexpected end of stream":
      return context.map {
        Diagnostic(
          at: self.place($0.mark), "the quote that opens here does not close", why: "the file ends inside it",
          fix: "close the quote")
      }
    case "could not find expected ':'":
      let line = context.map { self.place($0.mark) } ?? place
      return Diagnostic(
        at: line, "this line has no value", why: "a key is followed by a colon, a blank and its value",
        fix: "write 'key: value'")
    default: return nil
    }
  }

  /// A colon where no key can end: one without a blank in the line before, or a second one in a text.
  private func colon(at place: Place) -> Diagnostic {
    for number in [place.line, place.line - 1] {
      if let bare = Self.bareColon(line(number)) {
        return Diagnostic(
          at: Place(source: source, line: number, column: bare + 1), "the colon has no blank after it",
          why: "without one, key and value are a single text", fix: "write 'key: value'")
      }
    }
    let before = line(place.line).prefix(max(0, place.column - 1))
    guard before.indices.contains(where: { before[$0] == ":" && $0 + 1 < before.endIndex && before[$0 + 1] == " " })
    else {
      return Diagnostic(
        at: place, "a key cannot stand here", why: "the line above it has a value already",
        fix: "indent the line like its neighbours, or remove the value above")
    }
    return Diagnostic(
      at: place, "a second colon in one value", why: "a text without quotes ends before a colon and a blank",
      fix: "put the text in quotes, or the settings in braces: {key: value}")
  }

  /// The column of the first colon of a line that a letter stands before and after, where it ends what may be a key.
  static func bareColon(_ line: [Unicode.Scalar]) -> Int? {
    let start = line.firstIndex { $0 != " " && $0 != "-" } ?? line.count
    let end = line[start...].firstIndex { !($0.properties.isAlphabetic || $0 == "-" || $0 == "_") } ?? line.count
    guard end > start, end + 1 < line.count, line[end] == ":", line[end + 1] != " " else { return nil }
    return end
  }

  /// A brace or bracket that does not close before the text goes on otherwise.
  private func open(_ opening: Place, stopped: Place, closing: String) -> Diagnostic {
    let text = line(stopped.line)
    let isColon = stopped.column - 1 < text.count && stopped.column > 0 && text[stopped.column - 1] == ":"
    guard !isColon || stopped.line != opening.line else {
      return Diagnostic(
        at: stopped, "a comma is missing before this key", why: "settings in braces have commas between them",
        fix: "write {device: h100-sxm, replicas: 2}")
    }
    return Diagnostic(
      at: opening, "this bracket does not close",
      why: "a '\(closing)' or a comma is missing before line \(stopped.line), column \(stopped.column)",
      fix: "write the missing '\(closing)'")
  }

  /// A line whose indentation is that of no mapping or list around it.
  private func indentation(_ opening: Place, at place: Place, isList: Bool) -> Diagnostic {
    let here = line(place.line)
    let isDash = here.count >= place.column && place.column > 0 && here[place.column - 1] == "-"
    if isDash, !isList {
      return Diagnostic(
        at: place, "a list begins among keys", why: "the mapping of line \(opening.line) has its keys here",
        fix: "write the list under a key, deeper")
    }
    return Diagnostic(
      at: place, "this line is indented like none around it",
      why:
        "\(isList ? "the list" : "the mapping") of line \(opening.line) has its \(isList ? "dashes" : "keys") in column "
        + "\(opening.column)",
      fix: "begin it in column \(opening.column), or in that of an outer key")
  }
}
