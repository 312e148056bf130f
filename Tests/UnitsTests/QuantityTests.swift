import Testing
@testable import Units

@Suite struct QuantityTests {
  @Test func spellings() throws {
    #expect(try Bandwidth.parse("50 GB/s").value == 50e9)
    #expect(try Bandwidth.parse("200 Gb/s").value == 25e9)
    #expect(try Bandwidth.parse("200 Gbit/s").value == 25e9)
    #expect(try Bandwidth.parse("200GiB/s").value == 200 * 0x1p30)
    #expect(try ComputeRate.parse("312 TFLOP/s").value == 312e12)
    #expect(try ComputeRate.parse("40 TOP/s").value == 40e12)
    #expect(try Memory.parse("81920 MiB").value == 85_899_345_920)
    #expect(try Memory.parse("80 GB").value == 80e9)
    #expect(try Price.parse("$2.50/h").value == 2.5)
    #expect(try Price.parse("2.50 $/h").value == 2.5)
    #expect(try Power.parse("0.7 kW").value == 700)
    #expect(try Fraction.parse("90 %").value == 0.9)
    #expect(try Slowdown.parse("1.25x").value == 1.25)
    #expect(try Rate.parse("4 /s").value == 4)
    #expect(try Rate.parse("120/min").value == 2)
    #expect(try TokenCount.parse("2048 tokens").value == 2048)
    #expect(try Energy.parse("1 kWh").value == 3.6e6)
    #expect(try Seconds.parse(" 1.5e-3  ms ").value == 1.5e-6)
  }

  /// The nearest `Double` to the amount, as a literal is: a product with 1e-6 would miss it.
  @Test func smallUnitsRoundOnce() throws {
    for n in 1...1000 {
      #expect(try Seconds.parse("\(n) us").value == Double("\(n)e-6"))
      #expect(try Seconds.parse("\(n) ms").value == Double("\(n)e-3"))
    }
    #expect(try Seconds.parse("5 µs") == Seconds.parse("5 us"))
    #expect(try Fraction.parse("99.9 %").value == 0.999)
    #expect(try Bandwidth.parse("2.039 TB/s").value == 2.039e12)
    #expect(try Bandwidth.parse("0.1 Gb/s").value == 0.1e9 / 8)
    #expect(try Seconds.parse("1.1e-3 ms").value == 1.1e-6)
    #expect(try Seconds.parse("1e-99999999999999999999 ms").value == 0)
  }

  @Test(arguments: [
    ("", QuantityFault(.noNumber, at: 0)),
    ("fast", QuantityFault(.noNumber, at: 0)),
    ("50", QuantityFault(.noUnit, at: 2)),
    ("50 GBs", QuantityFault(.unknownUnit("GBs", suggestion: "GB/s"), at: 3)),
    ("50 parsec", QuantityFault(.unknownUnit("parsec", suggestion: nil), at: 3)),
    ("50 GB", QuantityFault(.wrongDimension(unit: "GB", dimension: "memory"), at: 3)),
    ("-1 GB/s", QuantityFault(.negative, at: 0)),
    ("nan GB/s", QuantityFault(.notFinite, at: 0)),
    (".inf", QuantityFault(.notFinite, at: 0)),
    ("1e999 GB/s", QuantityFault(.tooLarge, at: 0)),
    ("1e30 GB/s", QuantityFault(.tooLarge, at: 0)),
    ("81,920 MB/s", QuantityFault(.malformedNumber, at: 2)),
    ("1.2.3 MB/s", QuantityFault(.malformedNumber, at: 3)),
    ("0x10 B/s", QuantityFault(.unknownUnit("x10 B/s", suggestion: nil), at: 1)),
  ])
  func faults(_ text: String, _ fault: QuantityFault) {
    #expect(throws: fault) { try Bandwidth.parse(text) }
    let words = Bandwidth.explain(fault, in: text)
    #expect(!words.what.isEmpty && !words.why.isEmpty && !words.fix.isEmpty)
  }

  /// Any text is either a quantity or a fault, whatever its bytes.
  @Test func hostileTexts() {
    var state: UInt64 = 1
    let alphabet = Array("0123456789.-+eE $/%xGBsbi\u{0}\u{301}µ,_\t∞".unicodeScalars)
    for _ in 0..<20_000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<(state >> 60) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      if let value = try? Seconds.parse(String(text)).value { #expect(value.isFinite && value >= 0) }
    }
    #expect(throws: QuantityFault.self) { try Seconds.parse(String(repeating: "9", count: 1_000_000)) }
  }
}

@Suite struct QuantityTextTests {
  @Test func texts() {
    #expect(Memory(138e9).text == "138 GB")
    #expect(Memory(0).text == "0 B")
    #expect(Memory(1536).text == "1.536 KB")
    #expect(Bandwidth(200e9 / 8).text == "25 GB/s")
    #expect(ComputeRate(312e12).text == "312 TFLOP/s")
    #expect(Seconds(0.0125).text == "12.5 ms")
    #expect(Seconds(2).text == "2 s")
    #expect(Seconds(4e-7).text == "400 ns")
    #expect(Price(2.5).text == "$2.5/h")
    #expect(Fraction(0.9).text == "90 %")
    #expect(Power(10200).text == "10.2 kW")
    #expect(brief(1234.5) == "1234")
    #expect(brief(0.000123456) == "0.0001235")
    #expect(brief(-2) == "-2")
  }

  /// Four digits come back within half of the last one.
  @Test func textsAreReadBack() throws {
    for exponent in -9...14 {
      let amount = Memory(abs(1.2345 * Double("1e\(exponent)")!))
      guard amount.value >= 1 else { continue }
      #expect(abs(try Memory.parse(amount.text).value - amount.value) <= amount.value * 5e-4)
    }
  }
}
