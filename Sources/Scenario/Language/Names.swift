import Units

/// The names that authors give to pools and variants.
enum Names {
  /// Most characters of a name.
  static let limit = 64

  /// Tells where a name could not be shown in a table or told apart in a path.
  ///
  /// Reports write "a -> b" for a way between pools; dots stand between the keys of a path, and a colon between a file
  /// and its variant on the command line.
  static func check(_ name: String, _ kind: String, at place: Place, _ diagnostics: Diagnostics) {
    let separator: Character = kind == "pool" ? "." : ":"
    let isSound =
      !name.isEmpty && name.count <= limit && name.first != " " && name.last != " "
      && name.allSatisfy { ($0.isLetter || $0.isNumber || "-_+/.: ".contains($0)) && $0 != separator }
    guard !isSound else { return }
    let spelled = name.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control
        ? "<U+\(String(scalar.value, radix: 16, uppercase: true))>" : "\(scalar)"
    }
    diagnostics.error(
      at: place, "'\(spelled.prefix(limit).joined())' is no name for a \(kind)",
      why: "names have 1 to \(limit) letters, digits, blanks inside, or one of - _ + / \(kind == "pool" ? ":" : ".")",
      fix: "write a name such as 'prefill'")
  }
}
