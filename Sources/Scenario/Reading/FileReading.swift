import Foundation
import Units

/// Reads files of bounded size.
enum FileReading {
  /// The bytes of a regular file; symbolic links are followed.
  /// - Throws: ``Diagnostic`` without a place where there is none, it is no regular file or it exceeds `limit` bytes.
  static func bytes(of path: String, limit: Int) throws(Diagnostic) -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let reason = String(cString: strerror(errno)).lowercased()
      throw Diagnostic(at: nil, "'\(path)' cannot be read", why: reason, fix: "check the path")
    }
    if let kind = Paths.irregular(path) {
      throw Diagnostic(
        at: nil, "'\(path)' is \(withArticle(kind)), not a file", why: "folders, pipes and devices are not read",
        fix: "name a file")
    }
    guard status.st_size <= limit else {
      throw Diagnostic(
        at: nil, "'\(path)' is too large", why: "it has \(status.st_size) bytes; at most \(limit) are read",
        fix: "check that this is the file you meant")
    }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw Diagnostic(
        at: nil, "'\(path)' cannot be read", why: String(cString: strerror(errno)).lowercased(),
        fix: "check the permissions of the file")
    }
    defer { try? file.close() }
    guard let data = try? file.read(upToCount: limit) else { return Data() }
    return data
  }

  /// The text of a file under `name`.
  /// - Throws: ``Diagnostic`` as ``bytes(of:limit:)``, and where the bytes are not UTF-8.
  static func text(of path: String, name: String, limit: Int) throws(Diagnostic) -> SourceText {
    try decode(bytes(of: path, limit: limit), name: name)
  }

  /// The text that `bytes` encode in UTF-8; a byte order mark before it, as some editors write, is not part of it.
  /// - Throws: ``Diagnostic`` at the first byte that is not part of a character.
  static func decode(_ bytes: Data, name: String) throws(Diagnostic) -> SourceText {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
    if let text = String(validating: bytes, as: UTF8.self) { return SourceText(name: name, text: text) }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw Diagnostic(
        at: Place(source: SourceText(name: name, lines: []), line: 1, column: 1), "the file is UTF-16",
        why: "files are read as UTF-8", fix: "save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8")
    }
    // The replacement character stands where decoding first went wrong, or the file has one of its own before.
    var lines = [""]
    var column = 0
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    decoding: while true {
      switch decoder.decode(&iterator) {
      case .scalarValue("\n"):
        lines.append("")
        column = 0
      case .scalarValue(let scalar):
        if column < 200 { lines[lines.count - 1].unicodeScalars.append(scalar) }
        column += 1
      case .emptyInput, .error: break decoding
      }
    }
    let place = Place(source: SourceText(name: name, lines: lines), line: lines.count, column: column + 1)
    throw Diagnostic(
      at: place, "the file is not UTF-8 text", why: "these bytes encode no character",
      fix: "save the file in UTF-8, or check that it is a text file")
  }
}
