public import Crypto
internal import Glibc

extension SigningKey {
  /// Reads the key of a file or, if there is none, makes one and keeps it there, readable for its owner only.
  ///
  /// Of two processes that make one at a time, both end up with the same.
  public static func load(orMakeIn path: String) throws(Failure) -> SigningKey {
    if let key = try read(path) { return key }
    let key = try generate()
    let draft = "\(path).\(getpid()).new"
    do {
      try Files.write(key.pem(), to: draft, mode: 0o600)
    } catch let error as Files.Failure {
      throw Failure(description: error.description)
    } catch {
      throw Failure(description: "\(draft): the key could not be written")
    }
    defer { unlink(draft) }
    if link(draft, path) == 0 { return key }
    guard errno == EEXIST, let other = try read(path) else {
      throw Failure(description: "\(path): could not be made")
    }
    return other
  }

  private static func read(_ path: String) throws(Failure) -> SigningKey? {
    guard let pem = Files.text(path) else { return nil }
    guard let key = try read(Array(pem.utf8)) else {
      throw Failure(description: "\(path) holds no RSA private key: remove it, and a new one is made")
    }
    return key
  }
}
