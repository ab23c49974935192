import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** Messages by BouncyCastle: Message verify | sign CERT P8 | decrypt CERT P8 CIPHER | encrypt CERT P8 CIPHER */
public class Message {
  static X509Certificate certificate;
  static PrivateKey key;

  public static void main(String[] a) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    byte[] in = System.in.readAllBytes();
    if (a.length > 1) {
      certificate = (X509Certificate) CertificateFactory.getInstance("X.509", "BC").generateCertificate(new FileInputStream(a[1]));
      String kind = certificate.getPublicKey().getAlgorithm();
      key = KeyFactory.getInstance(kind.equals("ECDSA") ? "EC" : kind, "BC").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(a[2]))));
    }
    switch (a[0]) {
      case "verify": System.out.write(verify(in)); break;
      case "sign": System.out.write(sign(in)); break;
      case "encrypt": System.out.write(a[3].endsWith("gcm") ? encryptAuthenticated(in) : encrypt(in)); break;
      case "decrypt": System.out.write(a[3].endsWith("gcm") ? decryptAuthenticated(in) : decrypt(in)); break;
    }
    System.out.flush();
  }

  static byte[] sign(byte[] in) throws Exception {
    String kind = certificate.getPublicKey().getAlgorithm();
    String algorithm = kind.startsWith("Ed") ? "Ed25519" : kind.equals("RSA") ? "SHA256withRSAandMGF1" : "SHA384withECDSA";
    CMSSignedDataGenerator g = new CMSSignedDataGenerator();
    g.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build())
        .build(new JcaContentSignerBuilder(algorithm).setProvider("BC").build(key), certificate));
    g.addCertificates(new JcaCertStore(List.of(certificate)));
    return g.generate(new CMSProcessableByteArray(in), true).getEncoded();
  }

  static byte[] verify(byte[] in) throws Exception {
    CMSSignedData s = new CMSSignedData(in);
    for (SignerInformation one : s.getSignerInfos()) {
      X509CertificateHolder c = (X509CertificateHolder) s.getCertificates().getMatches(one.getSID()).iterator().next();
      if (!one.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(c))) throw new Exception("does not verify");
    }
    return (byte[]) s.getSignedContent().getContent();
  }

  static RecipientInfoGenerator recipient() throws Exception {
    String kind = certificate.getPublicKey().getAlgorithm();
    if (kind.equals("RSA")) return new JceKeyTransRecipientInfoGenerator(certificate).setProvider("BC");
    KeyPairGenerator g = KeyPairGenerator.getInstance("EC", "BC");
    g.initialize(new ECGenParameterSpec("P-521"));
    KeyPair ephemeral = g.generateKeyPair();
    return new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA512KDF, ephemeral.getPrivate(), ephemeral.getPublic(), CMSAlgorithm.AES256_WRAP).addRecipient(certificate).setProvider("BC");
  }

  static byte[] encrypt(byte[] in) throws Exception {
    CMSEnvelopedDataGenerator g = new CMSEnvelopedDataGenerator();
    g.addRecipientInfoGenerator(recipient());
    return g.generate(new CMSProcessableByteArray(in), new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider("BC").build()).getEncoded();
  }

  static byte[] encryptAuthenticated(byte[] in) throws Exception {
    CMSAuthEnvelopedDataGenerator g = new CMSAuthEnvelopedDataGenerator();
    g.addRecipientInfoGenerator(recipient());
    return g.generate(new CMSProcessableByteArray(in), (OutputAEADEncryptor) new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES128_GCM).setProvider("BC").build()).getEncoded();
  }

  static byte[] decrypt(byte[] in) throws Exception {
    return open(new CMSEnvelopedData(in).getRecipientInfos());
  }

  static byte[] decryptAuthenticated(byte[] in) throws Exception {
    return open(new CMSAuthEnvelopedData(in).getRecipientInfos());
  }

  static byte[] open(RecipientInformationStore all) throws Exception {
    RecipientInformation r = all.getRecipients().iterator().next();
    if (r instanceof KeyTransRecipientInformation) return r.getContent(new JceKeyTransEnvelopedRecipient(key).setProvider("BC"));
    return r.getContent(new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC"));
  }
}
