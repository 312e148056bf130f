import Units

/// Looks through a YAML text before the parser does, and finds what the parser must not see: control characters,
/// nesting beyond the limit, anchors, aliases and tags (which scenarios do not use), and more than one document.
///
/// The parser resolves aliases in keys by hashing what they stand for, which a few lines can make exponential, and it
/// recurses into nested collections. This scan is one pass with a stack of bounded depth.
struct Prescan {
  /// The text, for places.
  let source: SourceText
  /// The limits.
  let limits: Limits
  private var column = 0
  private var lineNumber = 0
  private var flow = 0
  private var indents: [Int] = []
  private var quote: Unicode.Scalar?
  /// Lines indented deeper than this belong to a block scalar.
  private var blockScalarIndent: Int?

  init(_ source: SourceText, _ limits: Limits) {
    self.source = source
    self.limits = limits
  }

  /// Adds what is wrong with the text to `diagnostics`; stops at the first line that nests too deep.
  mutating func run(_ diagnostics: Diagnostics) {
    for (index, line) in source.lines.enumerated() {
      lineNumber = index + 1
      let scalars = Array(line.unicodeScalars)
      guard checkCharacters(scalars, diagnostics), scan(scalars, diagnostics) else { return }
    }
  }

  private func place(_ column: Int) -> Place { Place(source: source, line: lineNumber, column: column + 1) }

  /// Whether the line has only characters that YAML allows and that the reader does not use itself.
  private func checkCharacters(_ line: [Unicode.Scalar], _ diagnostics: Diagnostics) -> Bool {
    for (column, scalar) in line.enumerated() where scalar.value < 0x20 || scalar.value > 0x7E {
      // Separators are line feeds to the parser and not to us.
      let category = scalar.properties.generalCategory
      let isControl = [.control, .lineSeparator, .paragraphSeparator].contains(category) && scalar != "\t"
      guard isControl || (0xE000...0xE0FF).contains(scalar.value) || scalar.value == 0xFEFF && lineNumber > 1 else {
        continue
      }
      diagnostics.error(
        at: place(column), "the character U+\(String(scalar.value, radix: 16, uppercase: true)) is not allowed",
        why: "scenario files are plain text", fix: "remove it")
      return false
    }
    return true
  }

  /// Scans one line; false where scanning cannot go on.
  private mutating func scan(_ line: [Unicode.Scalar], _ diagnostics: Diagnostics) -> Bool {
    let indent = line.firstIndex { $0 != " " } ?? line.count
    if let parent = blockScalarIndent {
      if indent == line.count || indent > parent { return true }
      blockScalarIndent = nil
    }
    column = indent
    var atToken = true
    if quote == nil, indent < line.count, line[indent] != "#", flow == 0 {
      while let last = indents.last, last >= indent { indents.removeLast() }
      indents.append(indent)
    }
    if indent == 0, quote == nil, flow == 0, isSecondDocument(line) {
      diagnostics.error(
        at: place(0), "a scenario file holds one document", why: "'---' and '...' begin and end documents",
        fix: "put each scenario into a file of its own")
      return false
    }
    while column < line.count {
      let scalar = line[column]
      if let open = quote {
        let next = column + 1 < line.count ? line[column + 1] : nil
        if open == "\"" && scalar == "\\" || open == "'" && scalar == "'" && next == "'" {
          column += 1
        } else if scalar == open {
          quote = nil
        }
        column += 1
        atToken = false
        continue
      }
      switch scalar {
      case " ", "\t": break
      case "#" where column == 0 || line[column - 1] == " " || line[column - 1] == "\t": return true
      case "[", "{":
        guard atToken || flow > 0 else { break }
        flow += 1
        atToken = true
        guard checkDepth(diagnostics) else { return false }
      case "]", "}":
        flow = max(0, flow - 1)
        atToken = false
      case ",": atToken = flow > 0 || atToken
      case ":":
        let next = column + 1 < line.count ? line[column + 1] : " "
        if next == " " || next == "\t" || flow > 0 { atToken = true }
      case "-" where atToken && flow == 0 && (column + 1 == line.count || line[column + 1] == " "):
        indents.append(column)
        guard checkDepth(diagnostics) else { return false }
      case "\"", "'":
        if atToken { quote = scalar }
        atToken = false
      case "&", "*", "!":
        guard atToken else { break }
        diagnostics.error(
          at: place(column), "\(scalar == "!" ? "tags" : "anchors and aliases") are not read",
          why: "a scenario says what is wanted and nothing else",
          fix: scalar == "!" ? "remove the tag" : "use 'extends' or 'variants' for what several scenarios share")
        return false
      case "?" where atToken && (column + 1 == line.count || line[column + 1] == " "):
        diagnostics.error(at: place(column), "keys are plain texts", fix: "write 'key: value'")
        return false
      case "|" where atToken && flow == 0, ">" where atToken && flow == 0:
        blockScalarIndent = indents.last ?? 0
        return checkDepth(diagnostics)
      default: atToken = false
      }
      column += 1
    }
    return checkDepth(diagnostics)
  }

  private func isSecondDocument(_ line: [Unicode.Scalar]) -> Bool {
    let start = line.prefix(3)
    if start.elementsEqual(["." as Unicode.Scalar, ".", "."]) { return true }
    guard start.elementsEqual(["-" as Unicode.Scalar, "-", "-"]), line.count == 3 || line[3] == " " else {
      return false
    }
    return source.lines.prefix(lineNumber - 1).contains { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  private func checkDepth(_ diagnostics: Diagnostics) -> Bool {
    guard flow + indents.count > limits.nesting else { return true }
    diagnostics.error(
      at: place(min(column, 200)), "more than \(limits.nesting) collections stand inside each other",
      why: "no scenario needs that many", fix: "close the brackets, or nest less")
    return false
  }
}
