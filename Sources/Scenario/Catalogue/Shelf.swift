import Foundation
import Hardware
import Units

/// Fetches what a scenario names from the catalogue, each file once.
final class Shelf {
  let lookup: Lookup
  /// Digests of the files that were read, by "kind name", for provenance.
  private(set) var digests: [String: String] = [:]
  private var devices: [String: Device?] = [:]
  private var links: [String: Link?] = [:]

  init(_ lookup: Lookup) { self.lookup = lookup }

  private var diagnostics: Diagnostics { lookup.diagnostics }

  /// The device of a name; nil with diagnostics, in its own file or at `place`.
  func device(_ name: String, at place: Place) -> Device? {
    if let known = devices[name] { return known }
    let reader = DeviceReader { self.link($0, at: $1) }
    let device = root(.device, name, at: place).flatMap { reader.device($0, named: name, aside()) }
    devices[name] = device
    return device
  }

  /// The link of a name; nil with diagnostics, in its own file or at `place`.
  func link(_ name: String, at place: Place) -> Link? {
    if let known = links[name] { return known }
    let link = root(.link, name, at: place).flatMap { LinkReader.link($0, named: name, aside()) }
    links[name] = link
    return link
  }

  /// The bytes of a file that was found; nil with a diagnostic at `place`.
  func bytes(_ file: FoundFile, _ kind: CatalogueKind, at place: Place) -> Data? {
    do {
      let bytes = try FileReading.bytes(of: file.path, limit: lookup.catalogue.limits.fileBytes)
      digests["\(kind.rawValue) \(file.name)"] = sha256(bytes)
      return bytes
    } catch {
      diagnostics.error(at: place, error.what, why: error.why, fix: error.fix)
      return nil
    }
  }

  private func root(_ kind: CatalogueKind, _ name: String, at place: Place) -> Element? {
    guard let file = lookup.find(kind, name, at: place), let bytes = bytes(file, kind, at: place) else { return nil }
    do {
      let source = try FileReading.decode(bytes, name: file.path)
      return YAMLReading.element(source, limits: lookup.catalogue.limits, diagnostics)
    } catch {
      diagnostics.add(error)
      return nil
    }
  }

  /// A reading whose settings are not the scenario's.
  private func aside() -> Reading { Reading(diagnostics: diagnostics) }
}
