import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Security;
import java.util.Date;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.cmp.CMPCertificate;
import org.bouncycastle.asn1.cmp.CertRepMessage;
import org.bouncycastle.asn1.cmp.CertResponse;
import org.bouncycastle.asn1.cmp.ErrorMsgContent;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.cms.PasswordRecipientInfo;
import org.bouncycastle.asn1.cms.RecipientInfo;
import org.bouncycastle.asn1.cms.SignedData;
import org.bouncycastle.asn1.crmf.CertReqMessages;
import org.bouncycastle.asn1.crmf.SubsequentMessage;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.CertificateConfirmationContentBuilder;
import org.bouncycastle.cert.cmp.GeneralPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcaCertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * Enrols by CMP with the classes of BouncyCastle: Client URL REFERENCE SECRET
 * ir|cr|encrypted|made, or made-RSA|made-EC: a first certificate, and by it
 * another one whose key the authority makes.
 */
public class Client {
  static String url, reference;
  static char[] secret;
  static byte[] transaction = new byte[16], theirs;
  static GeneralName sender = new GeneralName(new X500Name("CN=device")), recipient = new GeneralName(new X500Name("CN=CA"));

  static PKMACBuilder mac() throws Exception {
    return new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC"));
  }

  static KeyPair own; // that signs messages
  static X509CertificateHolder certificate;

  /** Protects by the secret, or by the certificate once there is one. */
  static ProtectedPKIMessage protect(ProtectedPKIMessageBuilder b) throws Exception {
    if (certificate == null) return b.setSenderKID(reference.getBytes("UTF-8")).build(mac().build(secret));
    String algorithm = own.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
    b.setSenderKID(org.bouncycastle.asn1.x509.SubjectKeyIdentifier.fromExtensions(certificate.getExtensions()).getKeyIdentifier());
    return b.addCMPCertificate(certificate).build(new JcaContentSignerBuilder(algorithm).setProvider("BC").build(own.getPrivate()));
  }

  static PKIBody send(PKIBody body, int version) throws Exception {
    byte[] nonce = new byte[16];
    new SecureRandom().nextBytes(nonce);
    GeneralName from = certificate == null ? sender : new GeneralName(certificate.getSubject());
    ProtectedPKIMessageBuilder b = new ProtectedPKIMessageBuilder(version, from, recipient)
        .setMessageTime(new Date()).setTransactionID(transaction).setSenderNonce(nonce).setBody(body);
    if (theirs != null) b.setRecipNonce(theirs);
    byte[] request = protect(b).toASN1Structure().getEncoded();
    HttpResponse<byte[]> r = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/pkixcmp")
        .POST(HttpRequest.BodyPublishers.ofByteArray(request)).build(), HttpResponse.BodyHandlers.ofByteArray());
    GeneralPKIMessage answer = new GeneralPKIMessage(r.body());
    if (answer.getBody().getType() == PKIBody.TYPE_ERROR) {
      int bits = ErrorMsgContent.getInstance(answer.getBody().getContent()).getPKIStatusInfo().getFailInfo().intValue();
      throw new Exception("refused: " + (bits == 1 << 6 ? "badMessageCheck" : "failure info " + bits));
    }
    ProtectedPKIMessage told = new ProtectedPKIMessage(answer);
    boolean right = certificate == null ? told.verify(mac(), secret)
        : told.verify(new JcaContentVerifierProviderBuilder().setProvider("BC").build(told.getCertificates()[0]));
    if (!right) throw new Exception("the protection of the answer does not verify");
    theirs = answer.getHeader().getSenderNonce().getOctets();
    return answer.getBody();
  }

  public static void main(String[] args) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    url = args[0];
    reference = args[1];
    secret = args[2].toCharArray();
    String mode = args[3];
    if (mode.startsWith("made-")) {
      own = pair(mode.substring(5));
      certificate = enrol("ir", own, false);
      theirs = null;
      enrol("cr", null, false);
      return;
    }
    boolean encrypted = mode.equals("encrypted");
    enrol(mode, mode.equals("made") ? null : pair(encrypted ? "RSA" : "EC"), encrypted);
  }

  static KeyPair pair(String kind) throws Exception {
    KeyPairGenerator g = KeyPairGenerator.getInstance(kind);
    g.initialize(kind.equals("RSA") ? 2048 : 256);
    return g.generateKeyPair();
  }

  /** Has a certificate issued, for a key that the authority makes where there is none. */
  static X509CertificateHolder enrol(String mode, KeyPair pair, boolean encrypted) throws Exception {
    new SecureRandom().nextBytes(transaction);
    JcaCertificateRequestMessageBuilder m = new JcaCertificateRequestMessageBuilder(BigInteger.ZERO);
    m.setSubject(new X500Principal("CN=bouncy"));
    if (pair != null) m.setPublicKey(pair.getPublic());
    if (encrypted) m.setProofOfPossessionSubsequentMessage(SubsequentMessage.encrCert);
    else if (pair != null) m.setProofOfPossessionSigningKeySigner(new JcaContentSignerBuilder(pair.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA").setProvider("BC").build(pair.getPrivate()));
    int kind = mode.equals("cr") ? PKIBody.TYPE_CERT_REQ : PKIBody.TYPE_INIT_REQ, version = encrypted || pair == null ? 3 : 2;
    PKIBody answer = send(new PKIBody(kind, new CertReqMessages(m.build().toASN1Structure())), version);
    CertResponse response = CertRepMessage.getInstance(answer.getContent()).getResponse()[0];
    if (response.getCertifiedKeyPair() == null) throw new Exception("no certificate: " + response.getStatus().getStatusString().getStringAtUTF8(0));
    X509CertificateHolder c;
    if (encrypted) {
      EnvelopedData sealed = EnvelopedData.getInstance(response.getCertifiedKeyPair().getCertOrEncCert().getEncryptedCert().getValue());
      c = new X509CertificateHolder(open(sealed, pair));
    } else {
      CMPCertificate plain = response.getCertifiedKeyPair().getCertOrEncCert().getCertificate();
      c = new X509CertificateHolder(plain.getX509v3PKCert());
    }
    if (pair == null) {
      EnvelopedData sealed = EnvelopedData.getInstance(response.getCertifiedKeyPair().getPrivateKey().getValue());
      hold(certificate == null ? openBySecret(sealed) : open(sealed, own), c);
    }
    PKIBody done = send(new PKIBody(PKIBody.TYPE_CERT_CONFIRM, new CertificateConfirmationContentBuilder().addAcceptedCertificate(c, BigInteger.ZERO)
        .build(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build()).toASN1Structure()), version);
    if (done.getType() != PKIBody.TYPE_CONFIRM) throw new Exception("no pkiConf, but " + done.getType());
    System.out.println("enrolled " + c.getSubject());
    return c;
  }

  static byte[] open(EnvelopedData sealed, KeyPair pair) throws Exception {
    CMSEnvelopedData data = new CMSEnvelopedData(new ContentInfo(CMSObjectIdentifiers.envelopedData, sealed));
    RecipientInformation to = (RecipientInformation) data.getRecipientInfos().getRecipients().iterator().next();
    if (pair.getPrivate().getAlgorithm().equals("RSA")) return to.getContent(new JceKeyTransEnvelopedRecipient(pair.getPrivate()).setProvider("BC"));
    return to.getContent(new JceKeyAgreeEnvelopedRecipient(pair.getPrivate()).setProvider("BC"));
  }

  /** RFC 9481, Section 4.4.1 and 4.3.1: PBKDF2 and AES key wrap. */
  static byte[] openBySecret(EnvelopedData sealed) throws Exception {
    PasswordRecipientInfo to = PasswordRecipientInfo.getInstance(RecipientInfo.getInstance(sealed.getRecipientInfos().getObjectAt(0)).getInfo());
    PBKDF2Params p = PBKDF2Params.getInstance(to.getKeyDerivationAlgorithm().getParameters());
    byte[] kek = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
        .generateSecret(new PBEKeySpec(secret, p.getSalt(), p.getIterationCount().intValue(), 8 * p.getKeyLength().intValue())).getEncoded();
    Cipher unwrap = Cipher.getInstance("AESWrap");
    unwrap.init(Cipher.UNWRAP_MODE, new SecretKeySpec(kek, "AES"));
    Cipher content = Cipher.getInstance("AES/CBC/PKCS5Padding");
    content.init(Cipher.DECRYPT_MODE, unwrap.unwrap(to.getEncryptedKey().getOctets(), "AES", Cipher.SECRET_KEY),
        new IvParameterSpec(ASN1OctetString.getInstance(sealed.getEncryptedContentInfo().getContentEncryptionAlgorithm().getParameters()).getOctets()));
    return content.doFinal(sealed.getEncryptedContentInfo().getEncryptedContent().getOctets());
  }

  /** Holds that a key package is signed, and is of the certificate's key. */
  static void hold(byte[] signed, X509CertificateHolder c) throws Exception {
    CMSSignedData data = new CMSSignedData(new ContentInfo(CMSObjectIdentifiers.signedData, SignedData.getInstance(signed)));
    if (!data.getSignedContentTypeOID().equals("2.16.840.1.101.2.1.2.78.5")) throw new Exception("the content is " + data.getSignedContentTypeOID());
    SignerInformation by = data.getSignerInfos().getSigners().iterator().next();
    X509CertificateHolder signer = (X509CertificateHolder) data.getCertificates().getMatches(by.getSID()).iterator().next();
    if (!by.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(signer))) throw new Exception("the signature of the key package does not verify");
    if (!ExtendedKeyUsage.fromExtensions(signer.getExtensions()).hasKeyPurposeId(KeyPurposeId.getInstance(new ASN1ObjectIdentifier("1.3.6.1.5.5.7.3.32"))))
      throw new Exception("who signed the key package may not make keys");
    PrivateKeyInfo k = PrivateKeyInfo.getInstance(ASN1Sequence.getInstance((byte[]) data.getSignedContent().getContent()).getObjectAt(0));
    if (!java.util.Arrays.equals(k.getPublicKeyData().getBytes(), c.getSubjectPublicKeyInfo().getPublicKeyData().getBytes())) throw new Exception("the key is another one");
    java.security.Signature s = java.security.Signature.getInstance("SHA256withECDSA", "BC");
    s.initSign(BouncyCastleProvider.getPrivateKey(k));
    byte[] made = s.sign();
    s.initVerify(BouncyCastleProvider.getPublicKey(c.getSubjectPublicKeyInfo()));
    if (!s.verify(made)) throw new Exception("the key does not sign for the certificate");
  }
}
