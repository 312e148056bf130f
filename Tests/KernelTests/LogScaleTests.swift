import Testing

@testable import Kernel

@Suite struct LogScaleTests {
  @Test(arguments: [0, 2, 5, 10]) func pointsRiseAndCoverTheNumbers(_ bits: Int) {
    let scale = LogScale(bits: bits)
    // Below 2^(bits + 1) every number is a point.
    for value in 0..<2 << bits { #expect(scale.place(value) == value && scale.value(value) == value) }
    for place in 0..<scale.place(1 << 40) {
      let (point, next) = (scale.value(place), scale.value(place + 1))
      #expect(point < next)
      #expect(scale.place(point) == place && scale.place(next - 1) == place)
    }
    // 2^bits points an octave.
    #expect(scale.place(1 << 30) - scale.place(1 << 29) == 1 << bits)
  }
}
