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
import java.util.Collection;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.cmp.CMPCertificate;
import org.bouncycastle.asn1.cmp.CertRepMessage;
import org.bouncycastle.asn1.cmp.CertResponse;
import org.bouncycastle.asn1.cmp.ErrorMsgContent;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.crmf.CertReqMessages;
import org.bouncycastle.asn1.crmf.SubsequentMessage;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.CertificateConfirmationContentBuilder;
import org.bouncycastle.cert.cmp.GeneralPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcaCertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** Enrols by CMP with the classes of BouncyCastle: Client URL REFERENCE SECRET ir|cr|encrypted */
public class Client {
  static String url, reference;
  static char[] secret;
  static byte[] transaction = new byte[16], theirs;
  static GeneralName sender = new GeneralName(new X500Name("CN=device")), recipient = new GeneralName(new X500Name("CN=CA"));

  static PKMACBuilder mac() throws Exception {
    return new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC"));
  }

  static PKIBody send(PKIBody body, int version) throws Exception {
    byte[] nonce = new byte[16];
    new SecureRandom().nextBytes(nonce);
    ProtectedPKIMessageBuilder b = new ProtectedPKIMessageBuilder(version, sender, recipient)
        .setMessageTime(new Date()).setTransactionID(transaction).setSenderNonce(nonce).setSenderKID(reference.getBytes("UTF-8")).setBody(body);
    if (theirs != null) b.setRecipNonce(theirs);
    byte[] request = b.build(mac().build(secret)).toASN1Structure().getEncoded();
    HttpResponse<byte[]> r = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/pkixcmp")
        .POST(HttpRequest.BodyPublishers.ofByteArray(request)).build(), HttpResponse.BodyHandlers.ofByteArray());
    GeneralPKIMessage answer = new GeneralPKIMessage(r.body());
    if (answer.getBody().getType() == PKIBody.TYPE_ERROR) {
      int bits = ErrorMsgContent.getInstance(answer.getBody().getContent()).getPKIStatusInfo().getFailInfo().intValue();
      throw new Exception("refused: " + (bits == 1 << 6 ? "badMessageCheck" : "failure info " + bits));
    }
    if (!new ProtectedPKIMessage(answer).verify(mac(), secret)) throw new Exception("the protection of the answer does not verify");
    theirs = answer.getHeader().getSenderNonce().getOctets();
    return answer.getBody();
  }

  public static void main(String[] args) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    url = args[0];
    reference = args[1];
    secret = args[2].toCharArray();
    boolean encrypted = args[3].equals("encrypted");
    new SecureRandom().nextBytes(transaction);
    KeyPairGenerator g = KeyPairGenerator.getInstance(encrypted ? "RSA" : "EC");
    g.initialize(encrypted ? 2048 : 256);
    KeyPair pair = g.generateKeyPair();
    JcaCertificateRequestMessageBuilder m = new JcaCertificateRequestMessageBuilder(BigInteger.ZERO);
    m.setSubject(new X500Principal("CN=bouncy")).setPublicKey(pair.getPublic());
    if (encrypted) m.setProofOfPossessionSubsequentMessage(SubsequentMessage.encrCert);
    else m.setProofOfPossessionSigningKeySigner(new JcaContentSignerBuilder("SHA256withECDSA").setProvider("BC").build(pair.getPrivate()));
    int kind = args[3].equals("cr") ? PKIBody.TYPE_CERT_REQ : PKIBody.TYPE_INIT_REQ, version = encrypted ? 3 : 2;
    PKIBody answer = send(new PKIBody(kind, new CertReqMessages(m.build().toASN1Structure())), version);
    CertResponse response = CertRepMessage.getInstance(answer.getContent()).getResponse()[0];
    if (response.getCertifiedKeyPair() == null) throw new Exception("no certificate: " + response.getStatus().getStatusString().getStringAtUTF8(0));
    X509CertificateHolder c;
    if (encrypted) {
      EnvelopedData sealed = EnvelopedData.getInstance(response.getCertifiedKeyPair().getCertOrEncCert().getEncryptedCert().getValue());
      CMSEnvelopedData data = new CMSEnvelopedData(new ContentInfo(CMSObjectIdentifiers.envelopedData, sealed));
      RecipientInformation to = (RecipientInformation) data.getRecipientInfos().getRecipients().iterator().next();
      c = new X509CertificateHolder(to.getContent(new JceKeyTransEnvelopedRecipient(pair.getPrivate()).setProvider("BC")));
    } else {
      CMPCertificate plain = response.getCertifiedKeyPair().getCertOrEncCert().getCertificate();
      c = new X509CertificateHolder(plain.getX509v3PKCert());
    }
    PKIBody done = send(new PKIBody(PKIBody.TYPE_CERT_CONFIRM, new CertificateConfirmationContentBuilder().addAcceptedCertificate(c, BigInteger.ZERO)
        .build(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build()).toASN1Structure()), version);
    if (done.getType() != PKIBody.TYPE_CONFIRM) throw new Exception("no pkiConf, but " + done.getType());
    System.out.println("enrolled " + c.getSubject());
  }
}
