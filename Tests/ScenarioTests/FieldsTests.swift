import Testing
import Units

@testable import Scenario

@Suite struct FieldsTests {
  private func fields(_ text: String) throws -> Fields {
    let (element, said) = read(text)
    #expect(said.isEmpty)
    return Fields(try #require(element), path: "", reading: Reading())
  }

  @Test func valuesDefaultsAndTheirOrigins() throws {
    let fields = try fields("rate: 4 /s\ncount: 3\nnothing: ~\nname: x\n")
    #expect(fields.quantity("rate", Rate.self)?.value == 4)
    #expect(fields.count("count") == 3)
    #expect(fields.count("nothing", default: 7, because: "the author") == 7)
    #expect(fields.text("name") == "x")
    #expect(fields.number("factor", in: 0...10, default: 1.5, because: "habit") == 1.5)
    #expect(fields.flag("borrow", default: true, because: "Splitwise"))
    fields.finish()
    #expect(fields.diagnostics.all.isEmpty)
    #expect(
      fields.reading.settings.map { "\($0.path)=\($0.value) \($0.origin.citation)" } == [
        "rate=4 /s t.yaml:1", "count=3 t.yaml:2", "nothing=7 default: the author", "name=x t.yaml:4",
        "factor=1.5 default: habit", "borrow=true default: Splitwise",
      ])
  }

  @Test func allFaultsAtOnce() throws {
    let fields = try fields(
      "rate: 4 GB/s\ncount: 2k\nsize: 0\nsped: 1\nflag: yes\nlist: [1]\nquoted: '5'\nbig: 99999999999999999999\n")
    _ = fields.quantity("rate", Rate.self)
    _ = fields.count("count")
    _ = fields.count("size")
    _ = fields.quantity("speed", Rate.self)
    _ = fields.flag("flag", default: false, because: "")
    _ = fields.count("list")
    _ = fields.quantity("quoted", Seconds.self)
    _ = fields.count("big")
    fields.finish()
    #expect(
      Faults(fields.diagnostics.all).diagnostics.map {
        "\($0.place?.line ?? 0):\($0.place?.column ?? 0) \($0.what) | \($0.fix)"
      } == [
        "1:9 '4 GB/s' is a bandwidth, not a rate | write it as in '4 /s'",
        "2:8 '2k' is not a whole number | write 'count: 2000'",
        "3:7 'size' cannot be 0 | write a number in that range",
        "4:1 a scenario has no setting 'sped' | did you mean 'speed'?",
        "5:7 'flag' cannot be 'yes' | write 'true'",
        "6:7 'list' is a list, not a whole number | write one value after 'list:', without brackets or braces",
        "7:11 '5' has no unit | write '5 s' if that is what it counts",
        "8:6 'big' cannot be 99999999999999999999 | write a number in that range",
      ])
  }

  @Test(arguments: ["nan", ".inf", "1e999", "0x10", "-inf", "-1e999k", "1e999k", "nank", "", "1_000", "1,000"])
  func hostileNumbers(_ text: String) throws {
    let fields = try fields("a: '\(text)'\n")
    #expect(fields.count("a") == nil)
    #expect(fields.number("a", in: 0...1e9) == nil)
    #expect(fields.diagnostics.errorCount == 2)
  }
}
