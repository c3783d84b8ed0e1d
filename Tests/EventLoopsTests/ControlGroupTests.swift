import Testing

@testable import EventLoops

@Suite("The control group's limits")
struct ControlGroupTests {
  @Test(
    "Loops follow the quota of processor time, a part of a core counting as one",
    arguments: [
      ("20000 100000\n", 1), ("150000 100000\n", 2), ("400000 100000\n", 4), ("max 100000\n", 8),
      ("900000 100000", 8),
      ("", 8), ("nonsense", 8), ("0 100000", 8),
    ]
  )
  func quota(text: String, threads: Int) {
    let group = ControlGroup(memberships: "0::/pod/one\n") { path in
      path == "/sys/fs/cgroup/pod/one/cpu.max" ? text : nil
    }
    #expect(group.threads(available: 8) == threads)
  }

  @Test("A limit above holds too, in either version; a number that no machine has is none")
  func inherited() {
    let files = [
      "/sys/fs/cgroup/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "268435456\n",
      "/sys/fs/cgroup/a/b/memory.max": "1073741824\n", "/sys/fs/cgroup/a/cpu.max": "250000 100000\n",
    ]
    let second = ControlGroup(memberships: "0::/a/b\n") { files[$0] }
    #expect(second.memory == 268_435_456)
    #expect(second.threads(available: 16) == 3)
    let old = [
      "/sys/fs/cgroup/memory/limit_in_bytes": "1",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "134217728\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "20000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    ]
    let first = ControlGroup(memberships: "4:memory:/x\n2:cpu,cpuacct:/x\n") { old[$0] }
    #expect(first.memory == 134_217_728)
    #expect(first.threads(available: 2) == 1)
    #expect(ControlGroup(memberships: "4:memory:/\n") { old[$0] }.memory == nil)
    #expect(ControlGroup(memberships: "") { _ in nil }.threads(available: 2) == 2)
  }
}
