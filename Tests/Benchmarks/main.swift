// Measures the kernel the serving core and the timeline: swift run -c release bench queue | winners | random | serving | timeline
let names = CommandLine.arguments.dropFirst()
let benchmarks: [(name: String, run: () -> Void)] = [
  ("queue", benchmarkQueues), ("winners", benchmarkWinners), ("random", benchmarkRandom),
  ("serving", benchmarkServing), ("timeline", benchmarkTimeline),
]
for name in names where !benchmarks.contains(where: { $0.name == name }) {
  print("no benchmark is named '\(name)': queue, winners, random, serving, timeline")
}
for benchmark in benchmarks where names.isEmpty || names.contains(benchmark.name) { benchmark.run() }
print("work", work.value)
