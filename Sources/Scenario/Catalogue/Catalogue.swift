import Foundation
import Units

/// The folders that files named by a scenario may come from; nothing else is read.
public struct Catalogue: Hashable, Sendable {
  /// The folder with `devices/`, `links/` and `models/`; nil where none was found.
  public var root: String?
  /// Folders with traces and measurements.
  public var dataRoots: [String]
  /// What files may be at most.
  public var limits: Limits

  /// A catalogue.
  public init(root: String?, dataRoots: [String], limits: Limits = Limits()) {
    self.root = root
    self.dataRoots = dataRoots
    self.limits = limits
  }

  /// The name of the environment variable that says where the catalogue is.
  public static let variable = "MEDLEY_CATALOGUE"
  /// The name of the environment variable that lists data roots, separated by colons.
  public static let dataVariable = "MEDLEY_DATA"

  /// The shipped catalogue and the usual data roots for a scenario at `path`.
  ///
  /// The catalogue is the folder that MEDLEY_CATALOGUE names, else the first of these that holds all its parts: a folder
  /// above the scenario that is, or has, `scenarios`; one above the executable; the one these sources were built from.
  /// Data roots are those given, those in MEDLEY_DATA, and `data` and `shared/data` in the folder that holds the
  /// catalogue, in that of the scenario, and in the two folders above each.
  public static func standard(
    for path: String, dataRoots: [String] = [], environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> Catalogue {
    var candidates: [String] = []
    if let named = environment[variable], !named.isEmpty {
      candidates = [named]
    } else {
      let executable = ProcessInfo.processInfo.arguments.first ?? "."
      for start in [path, executable, #filePath] {
        for folder in Paths.ancestors(of: start) { candidates += [folder, folder + "/scenarios"] }
      }
    }
    let root = candidates.first(where: isCatalogue).map { Paths.normal($0) }
    var data = dataRoots + (environment[dataVariable] ?? "").split(separator: ":").map(String.init)
    for package in [root.map { Paths.folder(of: $0) }, Paths.folder(of: path)].compactMap({ $0 }) {
      for folder in Paths.ancestors(of: package + "/x").prefix(3) {
        data += [folder + "/data", folder + "/shared/data"]
      }
    }
    var seen: Set<String> = []
    let found = data.filter { Paths.isFolder($0) }.map { Paths.normal($0) }.filter { seen.insert($0).inserted }
    return Catalogue(root: root, dataRoots: found)
  }

  /// Whether a folder holds all the parts of a catalogue; a scenario's own `devices` beside it are none.
  private static func isCatalogue(_ folder: String) -> Bool {
    [CatalogueKind.device, .link, .model].allSatisfy { Paths.isFolder("\(folder)/\($0.folder)") }
  }
}

/// What a scenario may name.
public enum CatalogueKind: String, Hashable, Sendable {
  /// A device: `devices/NAME.yaml`.
  case device
  /// A link: `links/NAME.yaml`.
  case link
  /// A model: `models/NAME/config.json`.
  case model
  /// A memory or a drive: `tiers/NAME.yaml`.
  case tier
  /// The kernels of a device as measured: `kernels/NAME.yaml`, NAME that of the device.
  case kernel

  /// The folder of the catalogue.
  var folder: String { rawValue + "s" }
  /// What follows the name.
  var suffix: String { self == .model ? "/config.json" : ".yaml" }
}

/// Operations on the spelling of paths and the folders that exist.
enum Paths {
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// What stands at a path, symbolic links followed, where it is something other than a file: "folder", "pipe".
  static func irregular(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: return "folder"
    case S_IFIFO: return "pipe"
    case S_IFSOCK: return "socket"
    default: return "device"
    }
  }

  /// The folder that a path's last part stands in.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path without symbolic links, `.` and `..`; as it is where it does not exist.
  static func normal(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The folders above a path from the nearest to the root.
  static func ancestors(of path: String) -> [String] {
    var folder = normal(folder(of: path))
    var found = [folder]
    while folder != "/", folder != ".", found.count < 64 {
      folder = Self.folder(of: folder)
      found.append(folder)
    }
    return found
  }

  /// Whether a path that exists lies in a folder when symbolic links are followed.
  static func lies(_ path: String, in folder: String) -> Bool {
    let (inner, outer) = (normal(path), normal(folder))
    return inner.hasPrefix(outer.hasSuffix("/") ? outer : outer + "/")
  }

  /// Names of the entries of a folder in alphabetical order.
  static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
  }
}
