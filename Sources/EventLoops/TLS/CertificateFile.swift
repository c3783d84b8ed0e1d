internal import CLinux
internal import COpenSSL
public import Time

/// What can be told of a PEM file of certificates without serving with it.
public enum CertificateFile {
  /// When the first certificate of a file ends to be valid.
  /// - Throws: `StreamError.tls` naming the file when there is no certificate in it.
  public static func expiry(of path: String) throws(StreamError) -> Timestamp {
    guard let first = try expiries(of: path, atMost: 1).first else { throw noCertificate(path) }
    return first
  }

  /// When the first of all certificates of a file ends to be valid: with it ends a chain.
  /// - Throws: as `expiry(of:)`.
  public static func earliestExpiry(of path: String) throws(StreamError) -> Timestamp {
    guard let first = try expiries(of: path, atMost: 10_000).min() else { throw noCertificate(path) }
    return first
  }

  private static func noCertificate(_ path: String) -> StreamError {
    .tls("\(path) holds no certificate in PEM form")
  }

  private static func expiries(of path: String, atMost limit: Int) throws(StreamError) -> [Timestamp] {
    defer { ERR_clear_error() }
    guard let file = BIO_new_file(path, "r") else { throw .tls("\(path) cannot be read") }
    defer { BIO_free(file) }
    var found: [Timestamp] = []
    while found.count < limit, let certificate = PEM_read_bio_X509(file, nil, nil, nil) {
      defer { X509_free(certificate) }
      var time = tm()
      guard let end = X509_get0_notAfter(certificate), ASN1_TIME_to_tm(end, &time) == 1 else {
        throw .tls("\(path) holds a certificate without an end")
      }
      found.append(Timestamp(seconds: Int64(timegm(&time))))
    }
    return found
  }
}
