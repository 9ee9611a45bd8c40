/// Cipher suites, by their names in the registry of TLS (RFC 8446, RFC 5289, RFC 7905, RFC 5246). Those that
/// are preferred come first, in the order of Go's server.
enum CipherSuite: String, CaseIterable {
  case aes128GCM = "TLS_AES_128_GCM_SHA256"
  case aes256GCM = "TLS_AES_256_GCM_SHA384"
  case chaCha20 = "TLS_CHACHA20_POLY1305_SHA256"
  case ecdheECDSAAES128GCM = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
  case ecdheRSAAES128GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  case ecdheECDSAAES256GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
  case ecdheRSAAES256GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
  case ecdheECDSAChaCha20 = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
  case ecdheRSAChaCha20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
  case ecdheECDSAAES128CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
  case ecdheRSAAES128CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
  case ecdheECDSAAES256CBC = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
  case ecdheRSAAES256CBC = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
  case rsaAES128GCM = "TLS_RSA_WITH_AES_128_GCM_SHA256"
  case rsaAES256GCM = "TLS_RSA_WITH_AES_256_GCM_SHA384"
  case rsaAES128CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
  case rsaAES256CBC = "TLS_RSA_WITH_AES_256_CBC_SHA"

  /// OpenSSL's name; nil for those of TLS 1.3, among which nobody chooses.
  var library: String? {
    switch self {
    case .aes128GCM, .aes256GCM, .chaCha20: nil
    case .ecdheECDSAAES128GCM: "ECDHE-ECDSA-AES128-GCM-SHA256"
    case .ecdheRSAAES128GCM: "ECDHE-RSA-AES128-GCM-SHA256"
    case .ecdheECDSAAES256GCM: "ECDHE-ECDSA-AES256-GCM-SHA384"
    case .ecdheRSAAES256GCM: "ECDHE-RSA-AES256-GCM-SHA384"
    case .ecdheECDSAChaCha20: "ECDHE-ECDSA-CHACHA20-POLY1305"
    case .ecdheRSAChaCha20: "ECDHE-RSA-CHACHA20-POLY1305"
    case .ecdheECDSAAES128CBC: "ECDHE-ECDSA-AES128-SHA"
    case .ecdheRSAAES128CBC: "ECDHE-RSA-AES128-SHA"
    case .ecdheECDSAAES256CBC: "ECDHE-ECDSA-AES256-SHA"
    case .ecdheRSAAES256CBC: "ECDHE-RSA-AES256-SHA"
    case .rsaAES128GCM: "AES128-GCM-SHA256"
    case .rsaAES256GCM: "AES256-GCM-SHA384"
    case .rsaAES128CBC: "AES128-SHA"
    case .rsaAES256CBC: "AES256-SHA"
    }
  }

  /// Whether it is spoken when nobody names any, as with Go: not when whoever learns the server's key can
  /// read what was said before.
  var isUsual: Bool {
    switch self {
    case .rsaAES128GCM, .rsaAES256GCM, .rsaAES128CBC, .rsaAES256CBC: false
    case .aes128GCM, .aes256GCM, .chaCha20, .ecdheECDSAAES128GCM, .ecdheRSAAES128GCM,
      .ecdheECDSAAES256GCM, .ecdheRSAAES256GCM, .ecdheECDSAChaCha20, .ecdheRSAChaCha20,
      .ecdheECDSAAES128CBC, .ecdheRSAAES128CBC, .ecdheECDSAAES256CBC, .ecdheRSAAES256CBC:
      true
    }
  }
}
