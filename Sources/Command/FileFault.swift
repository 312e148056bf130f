import Foundation
import Units

extension Diagnostic {
  /// What the system said of a file, in the words of diagnostics; it is that at `path` where the error names none.
  init(_ error: CocoaError, of path: String = "a file") {
    let path = error.filePath ?? error.url?.path ?? path
    // The codes for writing are 512 to 1023 (NSFileWriteUnknownError and those after it).
    let isWriting = (512..<1024).contains(error.code.rawValue)
    let code = (error.underlying as? POSIXError)?.code.rawValue ?? Self.code(error.code)
    let reason = code.map { String(cString: strerror($0)).lowercased() } ?? "the system does not say why"
    let verb = isWriting ? "written" : error.code == .fileNoSuchFile ? "found" : "read"
    self.init(at: nil, "'\(path)' cannot be \(verb)", why: reason, fix: Self.fix(code, isWriting))
  }

  /// The number of the system's error that a code stands for.
  private static func code(_ code: CocoaError.Code) -> Int32? {
    switch code {
    case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
    case .fileReadNoPermission, .fileWriteNoPermission: EACCES
    case .fileWriteFileExists: EEXIST
    case .fileWriteOutOfSpace: ENOSPC
    case .fileWriteVolumeReadOnly: EROFS
    default: nil
    }
  }

  private static func fix(_ code: Int32?, _ isWriting: Bool) -> String {
    switch code {
    case ENOENT, ENOTDIR: "check the path"
    case EACCES, EPERM: "check the permissions of the \(isWriting ? "folder" : "file")"
    case EEXIST, EISDIR: "choose another name, or remove what stands there"
    case ENOSPC, EDQUOT: "make room on the disk"
    default: isWriting ? "write to another folder" : "check the file"
    }
  }

  /// That a file cannot be written, for the reason in `errno`.
  static func unwritable(_ path: String) -> Diagnostic {
    let code = errno
    return Diagnostic(
      at: nil, "'\(path)' cannot be written", why: String(cString: strerror(code)).lowercased(), fix: fix(code, true))
  }

  /// That a path leads to where the results go.
  static func standardOutput(_ path: String) -> Diagnostic {
    Diagnostic(
      at: nil, "'\(path)' is no file to write", why: "standard output has the results", fix: "name another file")
  }
}
