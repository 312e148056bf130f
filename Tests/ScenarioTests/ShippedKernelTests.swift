import Foundation
import Hardware
import Testing

@testable import Scenario

/// The kernels that the catalogue ships.
@Suite struct ShippedKernelTests {
  @Test func everyShippedFileIsOfADeviceAndReads() throws {
    let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
    let names = catalogue.names(.kernel)
    #expect(names.count >= 10)
    for name in names {
      let table = try catalogue.kernels(of: name)
      #expect(table.device == name)
      _ = try catalogue.device(named: name)
      for kernel in table.kernels {
        #expect((1...12).contains(kernel.values.count), "\(name) \(kernel.operatorName) \(kernel.framework)")
        #expect(kernel.source.contains("MAPE on rows held out"))
      }
    }
  }
}
