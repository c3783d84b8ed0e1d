internal import CLinux
internal import COpenSSL

/// What can be told of a PEM file of certificates without serving with it.
public enum CertificateFile {
  /// When the first certificate of a file ends to be valid.
  /// - Throws: `StreamError.tls` naming the file when there is no certificate in it.
  public static func expiry(of path: String) throws(StreamError) -> Timestamp {
    defer { ERR_clear_error() }
    guard let file = BIO_new_file(path, "r") else { throw .tls("\(path) cannot be read") }
    defer { BIO_free(file) }
    guard let certificate = PEM_read_bio_X509(file, nil, nil, nil) else {
      throw .tls("\(path) holds no certificate in PEM form")
    }
    defer { X509_free(certificate) }
    var time = tm()
    guard let end = X509_get0_notAfter(certificate), ASN1_TIME_to_tm(end, &time) == 1 else {
      throw .tls("\(path) holds a certificate without an end")
    }
    return Timestamp(seconds: Int64(timegm(&time)))
  }
}
