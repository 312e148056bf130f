import Foundation
import Testing

@testable import Kernel

/// Against the platform's functions, which are within 1 ulp themselves (glibc: below 0.52 for these).
@Suite struct ElementaryTests {
  /// The distance in units of the last place of `expected`.
  static func distance(_ value: Double, _ expected: Double) -> Double {
    value == expected ? 0 : abs(value - expected) / expected.ulp
  }

  @Test func exponentialsAreWithinAnUlp() {
    var stream = RandomStream(seed: 1, consumer: .test)
    var (worst, inexact) = (0.0, 0)
    for i in 0..<400_000 {
      // All of the range, then what samplers use, then tiny.
      let x =
        switch i % 3 {
        case 0: -745 + 1_454 * stream.uniform()
        case 1: -40 + 80 * stream.uniform()
        default: (stream.uniform() - 0.5) * Foundation.exp(-50 * stream.uniform())
        }
      let distance = Self.distance(Elementary.exp(x), Foundation.exp(x))
      worst = max(worst, distance)
      if distance > 0 { inexact += 1 }
    }
    #expect(worst <= 1)
    // Rarely another rounding than the platform's, which is nearly always the correct one.
    #expect(inexact < 400_000 / 8)
  }

  @Test func logarithmsAreWithinAnUlp() {
    var stream = RandomStream(seed: 2, consumer: .test)
    var (worst, inexact) = (0.0, 0)
    for i in 0..<400_000 {
      let x =
        switch i % 4 {
        case 0: Double(bitPattern: stream.next() >> 1 % 0x7ff0_0000_0000_0000)
        case 1: stream.positiveUniform()
        case 2: 0.5 + stream.uniform()
        default: Double(bitPattern: 1 + stream.next() >> 12)
        }
      if !x.isFinite { continue }
      let distance = Self.distance(Elementary.log(x), Foundation.log(x))
      worst = max(worst, distance)
      if distance > 0 { inexact += 1 }
    }
    #expect(worst <= 1)
    #expect(inexact < 400_000 / 6)
  }

  @Test func exponentialsAtTheEdges() {
    #expect(Elementary.exp(0) == 1)
    #expect(Elementary.exp(-0.0) == 1)
    // The correct rounding is one below.
    #expect(Elementary.exp(1) == M_E.nextUp)
    #expect(Elementary.exp(.infinity) == .infinity)
    #expect(Elementary.exp(-.infinity) == 0)
    #expect(Elementary.exp(.nan).isNaN)
    #expect(Elementary.exp(709.782712893384).isFinite)
    #expect(Elementary.exp(709.7827128933841) == .infinity)
    #expect(Elementary.exp(-745.1332191019411) == .leastNonzeroMagnitude)
    #expect(Elementary.exp(-745.1332191019413) == 0)
    #expect(Elementary.exp(1e300) == .infinity)
    #expect(Elementary.exp(-1e300) == 0)
  }

  @Test func logarithmsAtTheEdges() {
    #expect(Elementary.log(1) == 0)
    #expect(Elementary.log(2) == M_LN2)
    #expect(Elementary.log(0) == -.infinity)
    #expect(Elementary.log(-0.0) == -.infinity)
    #expect(Elementary.log(-1).isNaN)
    #expect(Elementary.log(-.infinity).isNaN)
    #expect(Elementary.log(.nan).isNaN)
    #expect(Elementary.log(.infinity) == .infinity)
    #expect(Elementary.log(.leastNonzeroMagnitude) == Foundation.log(.leastNonzeroMagnitude))
    #expect(Elementary.log(.greatestFiniteMagnitude) == Foundation.log(.greatestFiniteMagnitude))
  }

  @Test func bothAreMonotoneAcrossTheirSeams() {
    for seam in [0.5 * M_LN2, 1.5 * M_LN2, -0.5 * M_LN2, 700.5 * M_LN2] {
      var x = seam - 100 * seam.ulp
      for _ in 0..<200 {
        #expect(Elementary.exp(x) <= Elementary.exp(x.nextUp))
        x = x.nextUp
      }
    }
    for seam in [(0.5).squareRoot(), (2.0).squareRoot(), 1, (32.0).squareRoot(), 0x1p-1022] {
      var x = seam - 100 * seam.ulp
      for _ in 0..<200 {
        #expect(Elementary.log(x) <= Elementary.log(x.nextUp))
        x = x.nextUp
      }
    }
  }

  @Test func powersKeepTheirErrorBound() {
    var stream = RandomStream(seed: 3, consumer: .test)
    for _ in 0..<100_000 {
      let (x, y) = (10 * stream.positiveUniform(), 20 * stream.uniform() - 10)
      let (value, expected) = (Elementary.pow(x, y), Foundation.pow(x, y))
      #expect(abs(value - expected) <= (abs(y * Foundation.log(x)) * 1.5 + 2) * 0x1p-53 * expected * 1.5)
    }
    #expect(Elementary.pow(0, 0) == 1)
    #expect(Elementary.pow(0, 2) == 0)
    #expect(Elementary.pow(0, -2) == .infinity)
    #expect(Elementary.pow(-1, 2).isNaN)
    #expect(Elementary.pow(4, 0.5) == 2)
  }

  @Test func bitsNeverChange() {
    var (exponentials, logarithms) = (Fingerprint(), Fingerprint())
    var stream = RandomStream(seed: 4, consumer: .test)
    for _ in 0..<10_000 {
      let x = stream.uniform()
      exponentials.combine(Elementary.exp(1_000 * (x - 0.5)))
      logarithms.combine(Elementary.log(x))
    }
    #expect(exponentials.value == 2_892_684_587_503_237_541)
    #expect(logarithms.value == 5_761_152_170_800_082_878)
  }
}
