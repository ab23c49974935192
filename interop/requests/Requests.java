// Makes, checks and wraps certificate request messages and signed public keys
// with BouncyCastle:
//
//   java Requests make KIND OUT KEY    KIND: signed, sender, mac, encrypted, raverified, batch
//   java Requests check IN             every message of IN, one line each
//   java Requests wrap IN OUT          the messages of IN as the body of a CMP message
//   java Requests spkac OUT            a signed public key and challenge, in base64
//   java Requests verify IN CHALLENGE  one of these, in base64
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.cmp.PKIHeaderBuilder;
import org.bouncycastle.asn1.cmp.PKIMessage;
import org.bouncycastle.asn1.crmf.CertReqMessages;
import org.bouncycastle.asn1.crmf.CertReqMsg;
import org.bouncycastle.asn1.crmf.POPOSigningKey;
import org.bouncycastle.asn1.crmf.SubsequentMessage;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.cert.crmf.CertificateRequestMessage;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.RegTokenControl;
import org.bouncycastle.cert.crmf.jcajce.JcaCertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.jce.netscape.NetscapeCertRequest;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;

public class Requests {
    static final String SECRET = "shared secret";

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        switch (args[0]) {
        case "make": make(args[1], args[2], args[3]); break;
        case "check": check(args[1]); break;
        case "wrap": wrap(args[1], args[2]); break;
        case "spkac": spkac(args[1]); break;
        case "verify": verify(args[1], args[2]); break;
        default: throw new IllegalArgumentException(args[0]);
        }
    }

    static KeyPair pair(String kind) throws Exception {
        KeyPairGenerator g = KeyPairGenerator.getInstance(kind);
        g.initialize(kind.equals("RSA") ? 2048 : 256);
        return g.generateKeyPair();
    }

    static void make(String kind, String out, String key) throws Exception {
        KeyPair pair = pair(kind.equals("encrypted") ? "RSA" : "EC");
        ASN1EncodableVector all = new ASN1EncodableVector();
        all.add(message(kind, pair, 0));
        if (kind.equals("batch")) {
            all.add(message("signed", pair("EC"), 1));
        }
        Files.write(Path.of(out), new DERSequence(all).getEncoded("DER"));
        String text = Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded());
        Files.writeString(Path.of(key), "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----\n");
    }

    static CertReqMsg message(String kind, KeyPair pair, int id) throws Exception {
        JcaCertificateRequestMessageBuilder b = new JcaCertificateRequestMessageBuilder(BigInteger.valueOf(id));
        b.setPublicKey(pair.getPublic());
        if (!kind.equals("sender") && !kind.equals("mac")) {
            b.setSubject(new X500Name("CN=bouncy.example,O=Castle"));
        }
        b.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(GeneralName.dNSName, "bouncy.example")));
        b.addControl(new RegTokenControl("a token"));
        var signer = new JcaContentSignerBuilder("SHA256withECDSA");
        switch (kind) {
        case "encrypted":
            b.setProofOfPossessionSubsequentMessage(SubsequentMessage.encrCert);
            break;
        case "raverified":
            b.setProofOfPossessionRaVerified();
            break;
        case "sender":
            b.setAuthInfoSender(new X500Name("CN=Ann"));
            b.setProofOfPossessionSigningKeySigner(signer.build(pair.getPrivate()));
            break;
        case "mac":
            b.setAuthInfoPKMAC(new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC")), SECRET.toCharArray());
            b.setProofOfPossessionSigningKeySigner(signer.build(pair.getPrivate()));
            break;
        default:
            b.setProofOfPossessionSigningKeySigner(signer.build(pair.getPrivate()));
        }
        return b.build().toASN1Structure();
    }

    static void check(String in) throws Exception {
        for (CertReqMsg m : CertReqMessages.getInstance(Files.readAllBytes(Path.of(in))).toCertReqMsgArray()) {
            CertificateRequestMessage r = new CertificateRequestMessage(m);
            System.out.print("certReqId " + m.getCertReq().getCertReqId() + " subject " + r.getCertTemplate().getSubject());
            if (r.hasControl(org.bouncycastle.asn1.crmf.CRMFObjectIdentifiers.id_regCtrl_regToken)) {
                System.out.print(" token " + r.getControl(org.bouncycastle.asn1.crmf.CRMFObjectIdentifiers.id_regCtrl_regToken).getValue());
            }
            if (r.hasControl(org.bouncycastle.asn1.crmf.CRMFObjectIdentifiers.id_regCtrl_authenticator)) {
                System.out.print(" authenticator " + r.getControl(org.bouncycastle.asn1.crmf.CRMFObjectIdentifiers.id_regCtrl_authenticator).getValue());
            }
            if (r.getProofOfPossessionType() == CertificateRequestMessage.popSigningKey) {
                var verifier = new JcaContentVerifierProviderBuilder().setProvider("BC").build(r.getCertTemplate().getPublicKey());
                boolean apart = POPOSigningKey.getInstance(m.getPop().getObject()).getPoposkInput() != null; // else BouncyCastle 1.72 fails to look
                boolean valid = apart && r.hasSigningKeyProofOfPossessionWithPKMAC()
                    ? r.isValidSigningKeyPOP(verifier, new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC")), SECRET.toCharArray())
                    : r.isValidSigningKeyPOP(verifier);
                System.out.println(" signature " + valid);
            } else {
                System.out.println(" proof " + r.getProofOfPossessionType());
            }
        }
    }

    static void wrap(String in, String out) throws Exception {
        GeneralName nobody = new GeneralName(new X500Name(new org.bouncycastle.asn1.x500.RDN[0]));
        PKIHeaderBuilder h = new PKIHeaderBuilder(2, nobody, new GeneralName(new X500Name("CN=CA")));
        h.setTransactionID(new byte[16]);
        h.setSenderNonce(new byte[16]);
        CertReqMessages messages = CertReqMessages.getInstance(ASN1Sequence.getInstance(Files.readAllBytes(Path.of(in))));
        Files.write(Path.of(out), new PKIMessage(h.build(), new PKIBody(PKIBody.TYPE_INIT_REQ, messages)).getEncoded("DER"));
    }

    static void spkac(String out) throws Exception {
        KeyPair pair = pair("RSA");
        NetscapeCertRequest r = new NetscapeCertRequest("a challenge", new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE), pair.getPublic());
        r.sign(pair.getPrivate());
        Files.writeString(Path.of(out), Base64.getMimeEncoder().encodeToString(r.getEncoded("DER")) + "\n");
    }

    static void verify(String in, String challenge) throws Exception {
        byte[] der = Base64.getMimeDecoder().decode(Files.readString(Path.of(in), StandardCharsets.US_ASCII));
        System.out.println("signature " + new NetscapeCertRequest(der).verify(challenge));
    }
}
