import Foundation
import Testing
import Units

@testable import Scenario

/// The root of the repository.
let repository = Paths.normal(Paths.folder(of: #filePath) + "/../..")
/// A place for diagnostics.
let somewhere = Place(source: SourceText(name: "t.yaml", text: "device: x"), line: 1, column: 9)

/// A folder that is gone after `body`.
func withFolder<T>(_ body: (String) throws -> T) throws -> T {
  let folder = Paths.normal(NSTemporaryDirectory()) + "/medley-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

func write(_ text: String, to path: String) throws {
  try FileManager.default.createDirectory(atPath: Paths.folder(of: path), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
}

@Suite struct CatalogueTests {
  private func shelf(_ folder: String) -> Shelf {
    Shelf(
      Lookup(
        catalogue: Catalogue(root: repository + "/scenarios", dataRoots: []), folder: folder, diagnostics: Diagnostics()
      ))
  }

  @Test func everyShippedDeviceAndLinkIsRead() throws {
    let shelf = shelf("/nowhere")
    let devices = shelf.lookup.names(.device)
    let links = shelf.lookup.names(.link)
    #expect(devices.contains("h100-sxm") && links.contains("nvlink4"))
    for name in devices { #expect(shelf.device(name, at: somewhere) != nil) }
    for name in links { #expect(shelf.link(name, at: somewhere) != nil) }
    #expect(shelf.lookup.diagnostics.all.isEmpty, "\(Faults(shelf.lookup.diagnostics.all))")
    let h100 = try #require(shelf.device("h100-sxm", at: somewhere))
    #expect(h100.memory.first?.capacity.value.value == 81559 * 0x1p20)
    #expect(h100.compute[.fp16]?.rate.value.value == 989.4e12)
    #expect(h100.interconnect?.name == "NVLink 4")
  }

  @Test func unknownNamesGetSuggestions() {
    let shelf = shelf("/nowhere")
    #expect(shelf.device("h100-sxn", at: somewhere) == nil)
    #expect(shelf.lookup.diagnostics.all.first?.fix == "did you mean 'h100-sxm'?")
  }

  @Test func nothingOutsideIsRead() throws {
    try withFolder { folder in
      try write("name: x", to: folder + "/secret/x.yaml")
      try write("name: x", to: folder + "/study/devices/own.yaml")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/study/out.csv", withDestinationPath: folder + "/secret/x.yaml")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/study/devices/linked.yaml", withDestinationPath: folder + "/secret/x.yaml")
      let shelf = shelf(folder + "/study")
      for path in ["../secret/x.yaml", folder + "/secret/x.yaml", "out.csv", "a/../../secret/x.yaml", "~/x", "", "\0"] {
        let before = shelf.lookup.diagnostics.errorCount
        #expect(shelf.lookup.beside(path, what: "trace", at: somewhere) == nil)
        #expect(shelf.lookup.data(path, name: path, hint: "", at: somewhere) == nil)
        #expect(shelf.lookup.diagnostics.errorCount > before)
        #expect(shelf.lookup.diagnostics.all.last?.what.contains("leaves") == true)
      }
      #expect(shelf.lookup.find(.device, "linked", at: somewhere) == nil)
      #expect(shelf.lookup.find(.device, "own", at: somewhere) != nil)
      #expect(shelf.lookup.find(.device, "..", at: somewhere) == nil)
    }
  }

  @Test func theCatalogueIsFoundFromAScenario() {
    let found = Catalogue.standard(for: repository + "/scenarios/studies/peers/W1.yaml", environment: [:])
    #expect(found.root == repository + "/scenarios")
    // A scenario's own devices beside it do not hide the catalogue.
    let broken = Catalogue.standard(for: repository + "/scenarios/broken/01-misspelt-policy.yaml", environment: [:])
    #expect(broken.root == repository + "/scenarios")
    #expect(Catalogue.standard(for: "/absent/x.yaml", environment: [Catalogue.variable: "/none"]).root == nil)
  }

  @Test func digests() {
    #expect(sha256("".utf8) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    // A million letters, FIPS 180-4's long example, and lengths on both sides of a block.
    #expect(
      sha256(repeatElement(UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    for length in 50...70 { #expect(sha256(repeatElement(0, count: length)).count == 64) }
    #expect(sha256("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }
}
