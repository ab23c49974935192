#!/bin/sh
# A TLS server and client of Node.js over a certificate of ours.
. "$(dirname "$0")/lib/checks"

certwright key new --type ecdsa-p256 --out s.key >/dev/null 2>&1
certwright request new --key s.key --subject CN=localhost --san dns:localhost --san ip:127.0.0.1 --out s.csr >/dev/null 2>&1
holds "quickstart signs the request" certwright quickstart s.csr
cat >tls.js <<'JS'
const fs = require('fs'), tls = require('tls');
const ca = process.argv[2] === 'trust' ? fs.readFileSync('root.crt') : undefined;
const server = tls.createServer({ key: fs.readFileSync('s.key'), cert: fs.readFileSync('s.crt') }, s => s.end('hello'));
server.listen(0, '127.0.0.1', () => {
  const c = tls.connect({ port: server.address().port, host: '127.0.0.1', servername: 'localhost', ca }, () => {
    console.log('authorized', c.authorized, c.getPeerCertificate().subjectaltname);
    c.destroy(); server.close();
  });
  c.on('error', e => { console.log('error', e.code); server.close(); process.exitCode = 1; });
});
JS
says "Node's TLS accepts chain and name" "authorized true DNS:localhost, IP Address:127.0.0.1" node tls.js trust
fails "and does not without the root" node tls.js distrust
says "Node's X509Certificate reads it" "CN=localhost" node -e "console.log(new (require('crypto').X509Certificate)(require('fs').readFileSync('s.crt')).subject)"
finish
