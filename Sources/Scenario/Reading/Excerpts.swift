import Foundation
import Units

/// Lines of a file, for diagnostics to show.
enum Excerpts {
  /// Longest part of a line that is kept, in bytes.
  static let lineLimit = 4096

  /// Texts of one line each for the lines of a regular file named by `numbers`, from 1, under the name `path`.
  ///
  /// Lines that are longer than ``lineLimit``, not UTF-8 or not there are left out. One pass to the last line, in
  /// bounded memory.
  static func lines(_ numbers: [Int], of path: String) -> [Int: SourceText] {
    guard Paths.isFile(path), let last = numbers.max(), let file = FileHandle(forReadingAtPath: path) else {
      return [:]
    }
    defer { try? file.close() }
    let wanted = Set(numbers)
    var found: [Int: SourceText] = [:]
    var number = 1
    var line: [UInt8] = []
    func end() {
      if wanted.contains(number), line.count <= lineLimit, let text = String(validating: line, as: UTF8.self) {
        let text = text.hasSuffix("\r") ? String(text.dropLast()) : text
        found[number] = SourceText(name: path, lines: [text], firstLine: number)
      }
      line.removeAll(keepingCapacity: true)
      number += 1
    }
    while number <= last, let piece = try? file.read(upToCount: 1 << 20), !piece.isEmpty {
      for byte in piece {
        if byte == 0x0a { end() } else if line.count <= lineLimit, wanted.contains(number) { line.append(byte) }
      }
    }
    if number <= last, !line.isEmpty { end() }
    return found
  }
}
