import Testing

@testable import EventLoops

@Suite("Socket addresses")
struct SocketAddressTests {
  @Test(
    "Private addresses of both families, in each of their forms",
    arguments: [
      ("10.1.2.3", true), ("172.15.255.255", false), ("172.16.0.1", true), ("172.31.255.1", true),
      ("172.32.0.1", false), ("192.168.1.1", true), ("192.169.0.1", false), ("169.254.1.1", true),
      ("127.0.0.1", true), ("100.63.255.255", false), ("100.64.0.1", true), ("100.127.255.255", true),
      ("100.128.0.1", false), ("8.8.8.8", false), ("0.0.0.0", false),
      ("::1", true), ("0:0:0:0:0:0:0:1", true), ("::2", false), ("::", false), ("1::1", false),
      ("fbff:ffff::1", false), ("fc00::", true), ("fc00::1", true), ("fd00::2", true),
      ("FDFF:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("fe00::1", false), ("fe7f::1", false),
      ("fe80::", true), ("fe80::1%1", true), ("febf::1", true), ("fec0::1", false), ("ff02::1", false),
      ("2001:db8::1", false), ("64:ff9b::10.0.0.1", false),
      ("::ffff:10.0.0.1", true), ("::FFFF:0a00:0001", true), ("::ffff:8.8.8.8", false),
      ("::ffff:127.0.0.1", true), ("::10.0.0.1", false),
    ]
  )
  func isPrivate(text: String, isPrivate: Bool) throws {
    #expect(try #require(SocketAddress(numeric: text, port: 80)).isPrivate == isPrivate)
  }

  @Test(
    "Loopback addresses of both families, in each of their forms",
    arguments: [
      ("127.0.0.1", true), ("127.255.0.9", true), ("128.0.0.1", false), ("1.0.0.127", false),
      ("0.0.0.1", false),
      ("::1", true), ("::ffff:127.0.0.1", true), ("::2", false), ("::", false), ("0.0.0.0", false),
      ("1::1", false),
    ]
  )
  func isLoopback(text: String, isLoopback: Bool) throws {
    #expect(try #require(SocketAddress(numeric: text, port: 80)).isLoopback == isLoopback)
  }

  @Test(
    "An IPv4 address in IPv6 form is that address; IPv6 is printed in brackets",
    arguments: [
      ("::ffff:10.0.0.1", "10.0.0.1:80"), ("::FFFF:0a00:0001", "10.0.0.1:80"), ("10.0.0.1", "10.0.0.1:80"),
      ("::1", "[::1]:80"), ("2001:DB8:0:0::1", "[2001:db8::1]:80"), ("::", "[::]:80"),
      ("fe80::1%1", "[fe80::1%lo]:80"),
    ]
  )
  func printed(text: String, description: String) throws {
    let address = try #require(SocketAddress(numeric: text, port: 80))
    #expect(address.description == description)
    #expect(address == SocketAddress(numeric: address.host, port: 80))
  }

  @Test(
    "What is no numeric address",
    arguments: [
      "", "localhost", "10.0.0", "10.0.0.1.", "010.0.0.1x", ":", ":::", "[::1]", "::1%",
      "::1%nosuchinterface", "1%1",
      "10.0.0.1%1", "?",
    ]
  )
  func refused(text: String) { #expect(SocketAddress(numeric: text, port: 0) == nil) }

  @Test("The wildcard of IPv6 is that of IPv4 where the kernel has no IPv6; other addresses stay")
  func usable() throws {
    for (text, hasIPv6, used) in [
      ("::", false, "0.0.0.0"), ("::", true, "::"), ("0.0.0.0", true, "0.0.0.0"), ("::1", false, "::1"),
    ] {
      let wanted = try #require(SocketAddress(numeric: text, port: 7))
      #expect(wanted.usable(hasIPv6: hasIPv6) == SocketAddress(numeric: used, port: 7))
    }
  }
}
