/// Names and patterns of modules, as quantisers list them.
struct ModuleNames {
  /// Most bytes of the patterns of a list; names without one are looked up.
  static let mostBytes = 32_768

  private var names: Set<Substring> = []
  private var globs: [[UInt8]] = []
  private var expressions: [NamePattern] = []
  /// Whether they are all modules that are linear.
  private(set) var isAll = false

  /// The modules that `list` names; `unknown` is the text that is not understood, or one too many, else nil.
  init(_ list: [String], unknown: inout String?) {
    var bytes = 0
    for text in list {
      if text.hasPrefix("re:") || text.contains("*") { bytes += text.utf8.count }
      guard bytes <= Self.mostBytes else {
        unknown = text
        return
      }
      if text == "Linear" {
        isAll = true
      } else if text.hasPrefix("re:") {
        guard let pattern = NamePattern(expression: String(text.dropFirst(3))) else {
          unknown = text
          return
        }
        expressions.append(pattern)
      } else if text.contains("*") {
        globs.append(Array(text.utf8))
      } else {
        names.insert(text[...])
      }
    }
  }

  /// Whether a module of these names is among them: by a name, by that of a module it is within, or by some parts of those in
  /// a row.
  ///
  /// What patterns take is taken off `steps`; they match nothing where none are left.
  func contain(_ spellings: [String], _ steps: inout Int) -> Bool {
    isAll || steps > 0 && spellings.contains { name in isListed(name) || matches(name, &steps) }
  }

  private func isListed(_ name: String) -> Bool {
    guard !names.isEmpty else { return false }
    let ends = name.indices.filter { name[$0] == "." } + [name.endIndex]
    var start = name.startIndex
    for (place, end) in ends.enumerated() {
      if ends[place...].contains(where: { names.contains(name[start..<$0]) }) { return true }
      if end < name.endIndex { start = name.index(after: end) }
    }
    return false
  }

  private func matches(_ name: String, _ steps: inout Int) -> Bool {
    let bytes = Array(name.utf8)
    if globs.contains(where: { Glob.matches($0, bytes, &steps) }) { return true }
    guard !expressions.isEmpty else { return false }
    let name = NamePattern.Name(bytes)
    return expressions.contains { $0.matches(name, &steps) }
  }
}
