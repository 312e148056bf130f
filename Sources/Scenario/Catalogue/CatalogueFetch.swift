import Hardware
import Models
import Units

extension Catalogue {
  /// The device of a name, as `--device` gives it, or of a file below `folder`.
  /// - Throws: `Faults` where there is none or its file is faulty.
  public func device(named name: String, beside folder: String? = nil) throws(Faults) -> Device {
    try fetch(name, folder) { $0.device(name, at: $1) }
  }

  /// The link of a name.
  /// - Throws: `Faults` where there is none or its file is faulty.
  public func link(named name: String) throws(Faults) -> Link {
    try fetch(name) { $0.link(name, at: $1) }
  }

  /// The tier of a name.
  /// - Throws: `Faults` where there is none or its file is faulty.
  public func tier(named name: String) throws(Faults) -> Tier {
    try fetch(name) { $0.tier(name, at: $1) }
  }

  /// The kernels of the device of a name.
  /// - Throws: `Faults` where there are none or their file is faulty.
  public func kernels(of device: String) throws(Faults) -> KernelTable {
    try fetch(device) { $0.kernels(device, at: $1) }
  }

  /// The model of a name, as `--model` gives it, or of a config.json below `folder`.
  /// - Throws: `Faults` where there is none or its config.json is faulty.
  public func model(named name: String, beside folder: String? = nil) throws(Faults) -> Transformer {
    try fetch(name, folder) { $0.model(name, at: $1) }
  }

  private func fetch<Thing>(
    _ name: String, _ folder: String? = nil, _ find: (Shelf, Place) -> Thing?
  ) throws(Faults) -> Thing {
    let diagnostics = Diagnostics()
    let shelf = Shelf(Lookup(catalogue: self, folder: folder ?? root ?? ".", diagnostics: diagnostics))
    let place = Place(source: SourceText(name: "command line", text: name), line: 1, column: 1)
    guard let thing = find(shelf, place), diagnostics.errorCount == 0 else { throw Faults(diagnostics.all) }
    return thing
  }
}
