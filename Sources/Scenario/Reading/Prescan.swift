import Units

/// Looks through a YAML text before the parser does, and finds what the parser must not see: control characters,
/// nesting beyond the limit, anchors, aliases and tags (which scenarios do not use), and more than one document.
///
/// The parser resolves aliases in keys by hashing what they stand for, which a few lines can make exponential, and it
/// recurses into nested collections. This scan is one pass with a stack of bounded depth. It follows quotes, block
/// scalars and texts that go on in the next line as the parser does; where a line could be read in two ways, it is
/// refused.
struct Prescan {
  /// The text, for places.
  let source: SourceText
  /// The limits.
  let limits: Limits
  private var column = 0
  private var lineNumber = 0
  /// Open brackets and braces.
  private var flow = 0
  /// Columns of the block collections that are open: of dashes and of keys.
  private var open: [Int] = []
  /// The quote that is open.
  private var quote: Unicode.Scalar?
  /// Whether an unquoted text may go on, in this line or the next.
  private var inPlain = false
  /// Whether something may begin here.
  private var atToken = true
  /// Where the text that may turn out a key began in this line; nil where it began in another.
  private var tokenColumn: Int?
  /// Lines indented deeper than this belong to a block scalar.
  private var blockScalarIndent: Int?

  init(_ source: SourceText, _ limits: Limits) {
    self.source = source
    self.limits = limits
  }

  /// Adds what is wrong with the text to `diagnostics`; stops at the first fault.
  mutating func run(_ diagnostics: Diagnostics) {
    for (index, line) in source.lines.enumerated() {
      lineNumber = index + 1
      let scalars = Array(line.unicodeScalars)
      if let fault = badCharacter(scalars) ?? scan(scalars) {
        diagnostics.add(fault)
        return
      }
    }
  }

  private func fault(_ column: Int, _ what: String, why: String = "", fix: String) -> Diagnostic {
    Diagnostic(at: Place(source: source, line: lineNumber, column: column + 1), what, why: why, fix: fix)
  }

  /// A character that YAML does not allow, that breaks lines for the parser only, or that the reader uses itself.
  private func badCharacter(_ line: [Unicode.Scalar]) -> Diagnostic? {
    for (column, scalar) in line.enumerated() where scalar.value < 0x20 || scalar.value > 0x7E {
      let category = scalar.properties.generalCategory
      let isControl = [.control, .lineSeparator, .paragraphSeparator].contains(category) && scalar != "\t"
      guard !isReordering(scalar) else {
        return fault(
          column, "the character U+\(String(scalar.value, radix: 16, uppercase: true)) is not allowed",
          why: "it changes the order in which text is shown, so that a line says something else than it shows",
          fix: "remove it")
      }
      let isMarker = (0xE000...0xE0FF).contains(scalar.value) || scalar.value == 0xFEFF && lineNumber > 1
      guard isControl || isMarker else { continue }
      let code = String(scalar.value, radix: 16, uppercase: true)
      return fault(
        column, "the character U+\(code) is not allowed", why: "scenario files are plain text", fix: "remove it")
    }
    return nil
  }

  /// Whether a character overrides the direction of the text around it (Unicode Standard Annex 9).
  private func isReordering(_ scalar: Unicode.Scalar) -> Bool {
    (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
  }

  /// Scans one line.
  private mutating func scan(_ line: [Unicode.Scalar]) -> Diagnostic? {
    let indent = line.firstIndex { $0 != " " } ?? line.count
    if let parent = blockScalarIndent {
      if indent == line.count || indent > parent { return nil }
      blockScalarIndent = nil
    }
    guard indent < line.count else { return nil }
    column = indent
    tokenColumn = nil
    if quote == nil {
      if flow == 0, line[indent] == "\t", line.contains(where: { $0 != " " && $0 != "\t" }) {
        return fault(
          indent, "a tab cannot indent", why: "editors show tabs in different widths, and YAML refuses them",
          fix: "indent with blanks, two for each level")
      }
      if let fault = begin(line, indent) { return fault }
    }
    while column < line.count {
      if quote != nil {
        quoted(line)
      } else if isComment(line) {
        inPlain = false
        return nil
      } else if let fault = token(line) {
        return fault
      }
      if blockScalarIndent != nil { return nil }
      column += 1
    }
    return nil
  }

  /// Decides how a line begins: with something new, or with more of the text of the line before.
  private mutating func begin(_ line: [Unicode.Scalar], _ indent: Int) -> Diagnostic? {
    if indent == 0, flow == 0, isDocumentMark(line) {
      guard source.lines.prefix(lineNumber - 1).allSatisfy({ $0.isEmpty || $0.hasPrefix("#") }), line[0] == "-" else {
        return fault(
          0, "a scenario file holds one document", why: "'---' and '...' begin and end documents",
          fix: "put each scenario into a file of its own")
      }
    }
    let isNew = flow == 0 && open.contains(indent)
    if inPlain, !isNew, line[indent] != "#" {
      let isDash = line[indent] == "-" && isBlank(line, indent + 1)
      guard !isDash, !"'\"&*!?|>[{".unicodeScalars.contains(line[indent]) else {
        return fault(
          indent, "this line could belong to the text before it",
          why: "a text without quotes goes on in deeper lines", fix: "put the text in quotes, or mend the indentation")
      }
      atToken = false
      return nil
    }
    if flow == 0 { while let last = open.last, last > indent { open.removeLast() } }
    inPlain = false
    atToken = true
    return nil
  }

  /// Takes one character of a quoted text.
  private mutating func quoted(_ line: [Unicode.Scalar]) {
    let next = column + 1 < line.count ? line[column + 1] : nil
    if quote == "\"", line[column] == "\\" {
      column += 1
    } else if quote == "'", line[column] == "'", next == "'" {
      column += 1
    } else if line[column] == quote {
      quote = nil
    }
  }

  /// Takes one character outside quotes and comments.
  private mutating func token(_ line: [Unicode.Scalar]) -> Diagnostic? {
    let scalar = line[column]
    switch scalar {
    case " ", "\t": return nil
    case ":" where isColon(line):
      if flow == 0, let start = tokenColumn, start > open.last ?? -1 { open.append(start) }
      (atToken, inPlain, tokenColumn) = (true, false, nil)
    case "," where flow > 0: (atToken, inPlain) = (true, false)
    case "]" where flow > 0, "}" where flow > 0:
      flow -= 1
      (atToken, inPlain) = (false, false)
    case "[" where atToken || flow > 0, "{" where atToken || flow > 0:
      if flow == 0 { tokenColumn = column }
      flow += 1
      (atToken, inPlain) = (true, false)
    case "-" where atToken && flow == 0 && isBlank(line, column + 1):
      if column > open.last ?? -1 { open.append(column) }
    case "\"" where atToken, "'" where atToken:
      quote = scalar
      if flow == 0 { tokenColumn = column }
      (atToken, inPlain) = (false, false)
    case "&" where atToken, "*" where atToken:
      return fault(
        column, "anchors and aliases are not read", why: "a scenario says what is wanted and nothing else",
        fix: "use 'extends' or 'variants' for what several scenarios share")
    case "\u{201C}" where atToken, "\u{201D}" where atToken, "\u{2018}" where atToken, "\u{2019}" where atToken:
      return fault(
        column, "a typographic quote does not quote", why: "it would be part of the text", fix: "write \" or '")
    case "@" where atToken, "`" where atToken, "%" where atToken:
      return fault(
        column, "a text cannot begin with \(scalar)", why: "YAML reserves the character",
        fix: "put the text in quotes")
    case "!" where atToken:
      return fault(
        column, "tags are not read", why: "a scenario says what is wanted and nothing else", fix: "remove the tag")
    case "?" where atToken && isBlank(line, column + 1):
      return fault(
        column, "keys are plain texts", why: "the names of settings are single words", fix: "write 'key: value'")
    case "|" where atToken && flow == 0, ">" where atToken && flow == 0:
      blockScalarIndent = open.last ?? -1
      (atToken, inPlain) = (false, false)
    default:
      if atToken { (inPlain, tokenColumn) = (true, flow == 0 ? column : nil) }
      atToken = false
    }
    guard flow + open.count > limits.nesting else { return nil }
    return fault(
      column, "more than \(limits.nesting) collections stand inside each other", why: "no scenario needs that many",
      fix: "close the brackets, or nest less")
  }

  /// Whether the colon here ends a key.
  private func isColon(_ line: [Unicode.Scalar]) -> Bool {
    if isBlank(line, column + 1) { return true }
    guard flow > 0 else { return false }
    return !inPlain || ",[]{}".unicodeScalars.contains(line[column + 1])
  }

  private func isComment(_ line: [Unicode.Scalar]) -> Bool {
    line[column] == "#" && (column == 0 || isBlank(line, column - 1))
  }

  private func isBlank(_ line: [Unicode.Scalar], _ column: Int) -> Bool {
    column >= line.count || line[column] == " " || line[column] == "\t"
  }

  private func isDocumentMark(_ line: [Unicode.Scalar]) -> Bool {
    guard line.count >= 3, isBlank(line, 3) else { return false }
    return line[..<3].elementsEqual(["-", "-", "-"]) || line[..<3].elementsEqual([".", ".", "."])
  }
}
