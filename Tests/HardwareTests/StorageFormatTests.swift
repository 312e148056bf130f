import Hardware
import Testing

@Suite struct StorageFormatTests {
  /// Bits of an element by name: the arithmetic stands beside each.
  @Test(arguments: [
    ("fp32", 32), ("tf32", 32), ("bf16", 16), ("fp16", 16), ("fp8", 8), ("fp8-e4m3", 8), ("fp8-e5m2", 8), ("int8", 8),
    ("fp4", 4), ("int4", 4), ("int3", 3), ("int2", 2),
    ("mxfp8", 8.25),  // 8 + 8 / 32
    ("mxfp4", 4.25),  // 4 + 8 / 32
    ("nvfp4", 4.5),  // 4 + 8 / 16
    ("int4-g128", 4.15625),  // 4 + (16 + 4) / 128: the 0.15 bits of GPTQ's paper
    ("int4-g128-zfp16", 4.25),  // 4 + (16 + 16) / 128
    ("int4-g128-z0", 4.125),  // 4 + 16 / 128
    ("int4-g32-z0", 4.5),  // llama.cpp's Q4_0: 18 bytes for 32 weights
    ("int8-g32-z0", 8.5),  // llama.cpp's Q8_0: 34 bytes for 32 weights
    ("int3-g64-sfp32", 3.546875),  // 3 + (32 + 3) / 64
    ("int2-g16-sfp8-z0", 2.5),  // 2 + 8 / 16
    ("codebook-1x16-v8", 2),  // AQLM 1x16: an index of 16 bits for 8 weights
    ("codebook-2x8-v8", 2),  // AQLM 2x8
    ("codebook-1x12-v8", 1.5),
  ])
  func bitsOfAnElement(name: String, bits: Double) throws {
    let format = try StorageFormat(name: name)
    #expect(format.bits == bits)
    #expect(format.bytes == bits / 8)
    #expect(try StorageFormat(name: format.description) == format)
  }

  @Test func codebooksOfAMatrix() throws {
    // 2^16 entries of 8 fp16 numbers; two books of 2^8.
    #expect(try StorageFormat(name: "codebook-1x16-v8").codebookBytes == 1_048_576)
    #expect(try StorageFormat(name: "codebook-2x8-v8").codebookBytes == 8192)
    #expect(StorageFormat.mxfp4.codebookBytes == 0)
  }

  @Test func conversions() throws {
    let group = try StorageFormat(name: "int4-g128")
    #expect(group.needsConversion(to: .fp16) && group.conversionOperations == 4)
    #expect(!group.needsConversion(to: .int4))
    #expect(StorageFormat.fp8.needsConversion(to: .bf16) && StorageFormat.fp8.conversionOperations == 2)
    #expect(!StorageFormat.fp8.needsConversion(to: .fp8))
    #expect(!StorageFormat.nvfp4.needsConversion(to: .fp4))
    #expect(!StorageFormat.bf16.needsConversion(to: .fp32))
    let book = try StorageFormat(name: "codebook-2x8-v8")
    #expect(book.needsConversion(to: .fp16) && book.conversionOperations == 4)
  }

  @Test(arguments: [
    "", "-", "fp17", "int4-", "int4-128", "int4-g", "int4-g0", "int4-g99999999999999999999", "int4-g128-q4",
    "int4-g128-sfp17", "bf16-g128", "codebook", "codebook-1x16", "codebook-0x16-v8", "codebook-1x64-v8",
    "codebook-1x16-v0", "codebook-1x-v8", "codebook-1x16x2-v8",
  ])
  func otherNamesAreFaults(name: String) {
    #expect(throws: StorageFormat.NameFault.self) { try StorageFormat(name: name) }
  }
}
