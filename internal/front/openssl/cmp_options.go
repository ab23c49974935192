package openssl

import "slices"

const noMockServer = "there is no mock server here; `openssl cmp -port` is one, and `certwright serve` is a real one"

// cmpOptions are the options of cmp, in the order of OpenSSL.
func cmpOptions() []option {
	return slices.Concat([]option{
		helpOption(),
		{"config", str, "Configuration file; \"\" for none", ""},
		{"section", str, "Sections of it with options, the later ones first; \"\" for default (default: cmp)", ""},
		{"verbosity", count, "What is told: 3 errors, 4 warnings, 6 the course of things, 7 and 8 more (default: 6)", ""},
	}, cmpRequestOptions(), cmpTransferOptions(), cmpCredentialOptions(), []option{engineOption()}, providerOptions(), randomOptions(),
		cmpTLSOptions(), cmpDebugOptions(), cmpMockOptions(), []option{title("Validation options")}, validationOptions())
}

func cmpRequestOptions() []option {
	return []option{
		title("Generic message options"),
		{"cmd", str, "What to ask for: ir, cr, kur, p10cr, rr, genm", ""},
		{"infotype", str, "What a genm asks, such as caCerts or signKeyPairTypes", ""},
		{"geninfo", str, "A number for the generalInfo of messages, as OID:int:NUMBER", ""},
		title("Certificate enrollment options"),
		{"newkey", str, "Key to be certified, private or public (default: that of -csr, or -key)", ""},
		{"newkeypass", str, "Where its passphrase comes from", ""},
		{"subject", str, "Subject to ask for: /C=UK/O=…/CN=… (default: that of -csr, or of the reference certificate)", ""},
		{"issuer", str, "Issuer to ask for; also whom messages are for", ""},
		{"days", count, "Days of validity to ask for", ""},
		{"reqexts", str, "Section of the configuration with extensions to ask for", ""},
		{"sans", str, "Alternative names to ask for: addresses, hosts, URIs; \"critical\" among them makes the extension so", ""},
		{"san_nodefault", flag, "Do not ask for the alternative names of the reference certificate", ""},
		{"policies", str, "Section of the configuration with the extension of policies to ask for", ""},
		{"policy_oids", str, "Policies to ask for", ""},
		{"policy_oids_critical", flag, "Ask for them critically", ""},
		{"popo", number, "Proof of possession: -1 none, 0 raVerified, 1 a signature (default), 2 by decrypting the certificate", ""},
		{"csr", str, "PKCS #10 request, to be sent by p10cr or taken from by others", ""},
		{"out_trusted", str, "Certificates that the new one must be valid under", ""},
		{"implicit_confirm", flag, "Ask that the certificate needs no confirmation", ""},
		{"disable_confirm", flag, "Do not confirm the certificate, against the protocol", ""},
		{"certout", str, "File for the new certificate", ""},
		{"chainout", str, "File for the certificates above it", ""},
		title("Certificate enrollment and revocation options"),
		{"oldcert", str, "Certificate to be updated or revoked, whose subject and names are taken (default: -cert)", ""},
		{"revreason", number, "Why it is to be revoked: 0 to 6 or 8 to 10 of RFC 5280; -1 for nothing", ""},
	}
}

func cmpTransferOptions() []option {
	return []option{
		title("Message transfer options"),
		{"server", str, "[http[s]://]HOST[:PORT][/PATH] of the server", ""},
		{"proxy", str, "[http[s]://]HOST[:PORT] of a proxy (default: of the environment)", ""},
		{"no_proxy", str, "Servers that need no proxy", ""},
		{"recipient", str, "Name of the authority (default: of -srvcert, -issuer, the issuer of -oldcert or -cert)", ""},
		{"path", str, "Path at the server", ""},
		{"keep_alive", count, "Keep the connection: 0 no, 1 if the server does (default), 2 fail if it does not", ""},
		{"msg_timeout", count, "Seconds that an answer may take, 0 for any (default: 120)", ""},
		{"total_timeout", count, "Seconds that all may take, 0 for any (default)", ""},
		title("Server authentication options"),
		{"trusted", str, "Certificates that signed answers must be valid under", ""},
		{"untrusted", str, "Certificates to build paths with", ""},
		{"srvcert", str, "The certificate that answers must be signed by, which need not be valid", ""},
		{"expect_sender", str, "Name that answers must come from (default: that of -srvcert)", ""},
		{"ignore_keyusage", flag, "Overlook that the server's certificate is not for signing", ""},
		{"unprotected_errors", flag, "Believe refusals that are not protected, or not rightly", ""},
		{"extracertsout", str, "File for the extraCerts of the answer", ""},
		{"cacertsout", str, "File for the caPubs of the answer", ""},
	}
}

func cmpCredentialOptions() []option {
	return []option{
		title("Client authentication options"),
		{"ref", str, "Reference of the shared secret", ""},
		{"secret", str, "Where the shared secret comes from", ""},
		{"cert", str, "Certificate that messages are signed by; others in the file count as -untrusted", ""},
		{"own_trusted", str, "Certificates that it must be valid under", ""},
		{"key", str, "Its private key", ""},
		{"keypass", str, "Where the passphrase of the key comes from, and that of -cert and -oldcert", ""},
		{"digest", str, "Message digest of signatures and of the shared secret (default: sha256)", ""},
		{"mac", str, "Message authentication code by the shared secret (default: hmac-sha1)", ""},
		{"extracerts", str, "Certificates to send with messages", ""},
		{"unprotected_requests", flag, "Protect no message", ""},
		title("Credentials format options"),
		{"certform", str, "Format to write certificates in: PEM (default) or DER", ""},
		{"keyform", str, "Format of keys; it is found out by itself", ""},
		{"otherpass", str, "Where the passphrase of files with others' certificates comes from", ""},
	}
}

func cmpTLSOptions() []option {
	return []option{
		title("TLS connection options"),
		{"tls_used", flag, "Use TLS", ""},
		{"tls_cert", str, "Certificate to show the server", ""},
		{"tls_key", str, "Its private key", ""},
		{"tls_keypass", str, "Where the passphrase of that key comes from", ""},
		{"tls_extra", str, "Certificates to show with it", ""},
		{"tls_trusted", str, "Certificates that the server's must be valid under, and be for its host", ""},
		{"tls_host", str, "The host that the server's certificate must be for (default: that of -server)", ""},
	}
}

func cmpDebugOptions() []option {
	return []option{
		title("Client-side debugging options"),
		{"batch", flag, "Ask nothing", ""},
		{"repeat", positive, "How often to do it all (default: 1)", ""},
		{"reqin", str, "Files of messages to send instead of new ones, one after the other", ""},
		{"reqin_new_tid", flag, "Give those a fresh transactionID", ""},
		{"reqout", str, "Files to write the messages to that are made", ""},
		{"rspin", str, "Files of answers to take instead of asking the server", ""},
		{"rspout", str, "Files to write the answers to", ""},
		{"use_mock_srv", flag, "Ask a mock server inside", noMockServer},
	}
}

// cmpMockOptions are those of OpenSSL's mock server.
func cmpMockOptions() []option {
	all := []option{title("Mock server options")}
	for _, o := range []struct {
		name string
		kind kind
	}{
		{"port", str}, {"max_msgs", count}, {"srv_ref", str}, {"srv_secret", str}, {"srv_cert", str}, {"srv_key", str}, {"srv_keypass", str},
		{"srv_trusted", str}, {"srv_untrusted", str}, {"rsp_cert", str}, {"rsp_extracerts", str}, {"rsp_capubs", str}, {"poll_count", count},
		{"check_after", count}, {"grant_implicitconf", flag}, {"pkistatus", count}, {"failure", count}, {"failurebits", count}, {"statusstring", str},
		{"send_error", flag}, {"send_unprotected", flag}, {"send_unprot_err", flag}, {"accept_unprotected", flag}, {"accept_unprot_err", flag},
		{"accept_raverified", flag},
	} {
		all = append(all, option{o.name, o.kind, "Of the mock server", noMockServer})
	}
	return all
}
