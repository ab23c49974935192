import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.*;
import java.util.*;

/** Validates a chain as Java does: Check ocsp|crl ROOT CHAIN; prints that the chain is valid, or why not. */
public class Check {
    public static void main(String[] args) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        X509Certificate root;
        try (InputStream in = new FileInputStream(args[1])) {
            root = (X509Certificate) factory.generateCertificate(in);
        }
        List<Certificate> chain = new ArrayList<>();
        try (InputStream in = new FileInputStream(args[2])) {
            for (Certificate c : factory.generateCertificates(in)) {
                if (!c.equals(root)) {
                    chain.add(c);
                }
            }
        }
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        EnumSet<PKIXRevocationChecker.Option> options = EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK);
        if (args[0].equals("crl")) {
            options.add(PKIXRevocationChecker.Option.PREFER_CRLS);
        }
        checker.setOptions(options);
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(factory.generateCertPath(chain), parameters);
            System.out.println("the chain is valid");
        } catch (CertPathValidatorException e) {
            System.out.println(e.getReason() + ": " + e.getMessage());
            System.exit(1);
        }
    }
}
