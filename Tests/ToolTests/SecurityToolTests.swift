import Foundation
import Testing

/// `promgate serve --web-config`, with curl as the client (docs/security.md).
@Suite struct SecurityToolTests {
  /// bcrypt of "secret", at the lowest cost.
  private static let hash = "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"

  /// Starts a server with a configuration, runs a script with `$url`, and returns what it printed.
  private func run(_ configuration: String, _ script: String) throws -> String {
    let text = """
      certs=$PWD/Tests/ToolTests/Certificates; dir=$(mktemp -d); port=$(( 20000 + $$ % 20000 ))
      cat > $dir/web.yml <<'END'
      \(configuration)
      END
      sed -i "s#CERTS#$certs#" $dir/web.yml
      printf 'first\\nsecond\\n' > $dir/tokens
      promgate serve --receive --listen 127.0.0.1:$port --web-config $dir/web.yml 2>$dir/log &
      pid=$!
      for i in $(seq 200); do grep -q Listening $dir/log && break; kill -0 $pid 2>/dev/null || break; sleep 0.05; done
      url=$(sed -n 's/.*msg=Listening address=//p' $dir/log); code='%{http_code} '
      get() { curl -s -o $dir/body -w '%{http_code} ' "$@" $url/-/healthy || echo "curl $? "; }
      \(script)
      kill -TERM $pid 2>/dev/null; wait $pid; status=$?
      [ $status = 0 ] || { cat $dir/log; echo "status $status"; }
      rm -r $dir
      """
    return try Tool.run(shell: text).text
  }

  @Test func `users and tokens`() throws {
    let text = try run(
      """
      basic_auth_users:
        me: \(Self.hash)
      authorization:
        credentials_file: tokens
      http_server_config:
        headers:
          X-Frame-Options: deny
      """,
      """
      get; cat $dir/body
      get -u me:secret; get -u me:wrong; get -u you:secret; get -u me:secret
      get -H 'Authorization: Bearer second'; get -H 'Authorization: Bearer third'
      get -H 'Authorization: Basic !!!'; get -H 'Authorization: Bearer '; echo
      curl -sD- -o /dev/null $url/ | tr -d '\\r' | grep -iE 'www-auth|frame'
      echo third > $dir/tokens; sleep 0.7
      get -H 'Authorization: Bearer second'; get -H 'Authorization: Bearer third'; echo
      echo 'basic_auth_users: {me: plain}' > $dir/web.yml; sleep 0.7; get -u me:secret; echo
      grep -c 'what was read before stays' $dir/log
      """)
    #expect(
      text == """
        401 Unauthorized
        200 401 401 200 200 401 401 401 
        WWW-Authenticate: Basic
        X-Frame-Options: deny
        401 200 
        200 
        1

        """, "\(text)")
  }

  @Test func `TLS, with and without certificates of clients`() throws {
    let server = """
      tls_server_config:
        cert_file: CERTS/server.pem
        key_file: CERTS/server-key.pem
      """
    let plain = try run(
      server,
      """
      get; get --cacert $certs/ca.pem; get -k --tls-max 1.1; get -k --tls-max 1.2; echo
      promgate query 'vector(1)' --prometheus $url --ca-file $certs/ca.pem --format csv | tail -1
      curl -s http://127.0.0.1:$port/ ; echo "plain $?"
      """)
    #expect(plain.hasPrefix("000 curl 60 \n200 000 curl 35 \n200 \n"), "\(plain)")
    #expect(plain.contains("\n1\n") && !plain.contains("plain 0"), "\(plain)")
    let verified = try run(
      server + "\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: CERTS/ca.pem"
        + "\n  client_allowed_sans: [client.test]\n  min_version: TLS13",
      """
      c="--cacert $certs/ca.pem"
      get $c --cert $certs/client.pem --key $certs/client-key.pem
      get $c --cert $certs/stranger.pem --key $certs/stranger-key.pem | cut -c1-9
      get $c > $dir/out; grep -q curl $dir/out && echo refused
      get $c --tls-max 1.2 --cert $certs/client.pem --key $certs/client-key.pem | tr '\\n' ' '; echo
      """)
    #expect(verified.hasPrefix("200 000 curl "), "\(verified)")
    #expect(verified.contains("refused\n000 curl 35"), "\(verified)")
  }

  @Test func `a certificate that changes is shown to the next client, and one that is broken is not`() throws
  {
    let text = try run(
      """
      tls_server_config:
        cert_file: now.pem
        key_file: now-key.pem
      """,
      """
      kill -TERM $pid 2>/dev/null; wait $pid
      take() { cp $certs/$1.pem $dir/now.pem; cp $certs/$1-key.pem $dir/now-key.pem; sleep 0.7; }
      shown() { curl -skv $url/-/healthy 2>&1 | sed -n 's/.*subject: CN *= *//p'; }
      take server
      promgate serve --receive --listen 127.0.0.1:$port --web-config $dir/web.yml 2>$dir/log &
      pid=$!
      for i in $(seq 200); do grep -q Listening $dir/log && break; sleep 0.05; done
      url=$(sed -n 's/.*msg=Listening address=//p' $dir/log)
      shown; take client; shown
      echo none > $dir/now-key.pem; sleep 0.7; shown
      cp $certs/server-key.pem $dir/now-key.pem; sleep 0.7; shown
      take stranger; shown
      grep -o "the key is [^)]*)" $dir/log
      """)
    #expect(
      text == """
        server
        client
        client
        client
        stranger
        the key is no private key in PEM form without a passphrase (unsupported)
        the key is not the certificate's (key values mismatch)

        """, "\(text)")
  }

  @Test func `what cannot be used is said with its place`() throws {
    let cases = [
      ("basic_auth_user: {}", "web.yml:1:1", "has no field"),
      ("basic_auth_users: {me: secret}", "web.yml:1:", "is no bcrypt hash"),
      ("tls_server_config: {cert_file: none.pem, key_file: x}", "web.yml:1:", "none.pem: "),
      ("tls_server_config: {cert: x, key: y}", "web.yml: ", "the certificate is no certificate in PEM form"),
      ("tls_server_config: {}", "web.yml:1:", "missing one of cert or cert_file"),
      ("tls_server_config: {cert: x, key: y, min_version: TLS14}", "web.yml:1:", "unknown min_version TLS14"),
      ("authorization: {type: Basic, credentials: x}", "web.yml:1:", "the type can only be Bearer"),
      (
        "http_server_config: {headers: {Server: x}}", "web.yml:1:", "HTTP header Server can not be configured"
      ),
    ]
    for (configuration, place, message) in cases {
      let text = try run(configuration, "")
      #expect(
        text.contains(place) && text.contains(message) && text.hasSuffix("status 2\n"),
        "\(configuration): \(text)")
    }
  }

  @Test func `a secret is read from its own folder and from nowhere else`() throws {
    let text = try Tool.run(
      shell: """
        dir=$(mktemp -d); mkdir -p $dir/secrets/test/good $dir/secrets/test/linked $dir/outside
        for d in secrets/test/good outside; do printf http://127.0.0.1:9/hook/$d > $dir/$d/address; done
        ln -s $dir/outside/address $dir/secrets/test/linked/address
        for name in good linked ../../outside ../../../outside /outside .. good/../good; do
        cat Examples/podinfo/canary.yaml > $dir/all.yaml; echo --- >> $dir/all.yaml
        cat Examples/podinfo/latency.yaml >> $dir/all.yaml
        sed -i 's#^  analysis:#  analysis:\\n    alerts:\\n    - {name: told, severity: info, providerRef: {name: chat}}#' $dir/all.yaml
        cat >> $dir/all.yaml <<END
        ---
        apiVersion: flagger.app/v1beta1
        kind: AlertProvider
        metadata: {name: chat, namespace: test}
        spec: {type: slack, secretRef: {name: "$name"}}
        END
        echo "$name"
        promgate gate -f $dir/all.yaml --data Examples/recordings/good.om.gz --webhooks call --secrets $dir/secrets \
          >/dev/null 2>$dir/log
        grep -c 'is not sent' $dir/log; grep -c 'Post .*http://127.0.0.1:9/…' $dir/log | sed 's/^[1-9][0-9]*$/some/'
        grep -o 'hook/[a-z]*' $dir/log
        done; rm -r $dir
        """
    ).text
    let blocks = text.split(separator: "\n").map(String.init)
    #expect(Array(blocks.prefix(3)) == ["good", "0", "some"], "\(text)")
    #expect(blocks.count == 21, "\(text)")
    for start in stride(from: 3, to: blocks.count - 2, by: 3) {
      #expect(blocks[start + 1] == "1" && blocks[start + 2] == "0", "\(text)")
    }
  }
}
