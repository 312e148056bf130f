import Testing
@testable import Report

@Suite struct NumberTextTests {
  @Test(
    arguments: [
      (0, "0"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (1234.5, "1,235"), (9.996, "10.0"), (99.96, "100"),
      (-0.5, "-0.500"), (1e-4, "0.000100"), (1e-30, "0.000000000000"), (.infinity, "inf"), (.nan, "nan"),
      (1e30, "1e+30"),
    ] as [(Double, String)])
  func threeSignificantDigits(value: Double, text: String) { #expect(NumberText.significant(value) == text) }

  @Test func fixedDigits() {
    #expect(NumberText.fixed(1234567.891, 2) == "1,234,567.89" && NumberText.fixed(0.05, 1) == "0.1")
    #expect(
      NumberText.fixed(-0.001, 2) == "0.00" && NumberText.fixed(1.5, 0) == "2" && NumberText.fixed(3, 3) == "3.000")
    #expect(NumberText.count(-1_234_567) == "-1,234,567" && NumberText.count(.min) == "-9,223,372,036,854,775,808")
  }

  @Test(
    arguments: [
      (0, "0 s"), (1e-9, "1.00 ns"), (4.56e-6, "4.56 us"), (0.0456, "45.6 ms"), (0.99996, "1.00 s"), (1.23, "1.23 s"),
      (1234.4, "1,234 s"), (-0.002, "-2.00 ms"), (1e-12, "0.00100 ns"),
    ] as [(Double, String)])
  func times(seconds: Double, text: String) { #expect(NumberText.time(seconds) == text) }

  @Test func durations() {
    #expect(NumberText.duration(90) == "90.0 s" && NumberText.duration(3502) == "58 min 22 s")
    #expect(NumberText.duration(7200) == "2 h 0 min" && NumberText.duration(7_203_660) == "2,001 h 1 min")
  }

  @Test func unitsAndMoney() {
    #expect(
      NumberText.bytes(2.5e9) == "2.50 GB" && NumberText.bytes(999.9) == "1.00 kB" && NumberText.bytes(0) == "0 B")
    #expect(NumberText.bandwidth(225_000) == "225 kB/s" && NumberText.operations(1.2e12) == "1.20 TFLOP")
    #expect(NumberText.energy(0.0333) == "33.3 mJ" && NumberText.energy(3.6e6) == "3.60 MJ")
    #expect(NumberText.power(1100) == "1.10 kW" && NumberText.percent(0.99999) == "100.0 %")
    #expect(NumberText.money(1.234) == "$1.23" && NumberText.money(0.01234) == "$0.0123")
    #expect(NumberText.money(-12345) == "-$12,345.00" && NumberText.ratio(1.25) == "1.25x")
  }
}
