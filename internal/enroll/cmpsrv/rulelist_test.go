package cmpsrv

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/certwright/certwright/protocol/cmp"
)

// shownBy names, for each thing that strict clients and suites check of a CMP
// server, what shows it: rules of TestRules, or tests of this package.
const shownBy = `
pvno 2 or 3 only: pvno is 2 or 3; pvno is not 4
errors in the right body: what is wrong with a request is said in its response
sender a directoryName for MAC: sender is a directoryName for MAC
sender the subject of the protection certificate: sender is the subject of the certificate; answers keep the rules of the header
senderKID present and right: senderKID is there for MAC; senderKID is there for signatures; senderKID is the certificate's; answers keep the rules of the header
messageTime present and within a window: messageTime is there; messageTime is not past; messageTime is not to come; answers keep the rules of the header
protectionAlg consistent, protection present exactly when it is: protection is there with protectionAlg; messages are protected; protection verifies
transactionID present, fresh, 16 octets: transactionID is there; transactionID is fresh; transactionID has 16 octets; transactionID has not 15 octets; transactionID has not 17 octets; transactionID is the sender's
senderNonce 16 octets, fresh: senderNonce is there; senderNonce is fresh among all of the transaction; senderNonce is fresh; senderNonce has 16 octets; answers keep the rules of the header
no recipNonce in a first message: recipNonce is not in a first message
implicitConfirm is NULL, never with confirmWaitTime: confirmWaitTime is a GeneralizedTime; implicitConfirm is NULL; implicitConfirm is not granted with a rejection; implicitConfirm is not with confirmWaitTime; answers keep the rules of the header
extraCerts with the protection certificate first, then its chain: extraCerts have the certificate; answers keep the rules of the header
errors protected like the request: errors are protected like the request; TestErrorsOfSeveralAuthorities
badDataFormat: badDataFormat; TestGenmOdd
badMessageCheck: extraCerts have the certificate; a transaction goes on with the same kind of MAC; protection verifies; TestNestedBatchIsRefused; TestReferencesAreNotTold
transactionIdInUse: transactionID is fresh; transactionID of an open transaction is in use; TestRecordedMessagesAreNotTakenTwice
badSenderNonce: senderNonce is there; TestAddedProtectionIsRefused
badRequest: a certConf says which transaction it is of; certConf and pollReq are of a transaction that is there; certConf accepts without failInfo; certConf has one status for a certificate; certConf has the certReqId of the request; certProfile has a name for a request at most
badRecipientNonce: recipNonce is the nonce sent
badTime: messageTime is not past
unsupportedVersion: pvno is 2 or 3
badPOP: badPOP; TestChallengeAnswers
badCertTemplate: badCertTemplate by the size of the key
badAlg: badAlg; TestReferencesAreNotTold
certRevoked: TestRevokedDevice; a certConf after the time is over finds the certificate revoked; a certConf of a certificate that an officer revoked; certRevoked by a revoked certificate; certRevoked on repetition; certRevoked alone to a revoked certificate's own rr; a certificate on hold does not release itself
certConfirmed: certConfirmed on a second certConf
signerNotTrusted: TestDeviceIsNotTrusted; extraCerts have the certificate; an unconfirmed certificate is not active
notAuthorized: notAuthorized for other names; notAuthorized by another certificate; TestCentralKeyGenerationIsRefused
wrongIntegrity: kur is not by MAC; wrongIntegrity by another kind of protection; rr is by signature
addInfoNotAvailable: rr has issuer and serial number
one CertReqMsg: an ir, cr or kur has one request; TestBatch; several requests have a certReqId each
certReqId 0: certReqId is 0
certReqId -1 for p10cr: certReqId is -1 for p10cr
raVerified refused from an end entity: raVerified is refused from an end entity
kur not by MAC: kur is not by MAC
oldCertId must be the signer's: oldCertID of a kur is the signer's
no second kur while one is unconfirmed: no second kur while one is unconfirmed; TestSecondUpdateWaitsForTheFirst; TestUpdatesAtOnce
an unconfirmed certificate is not active: an unconfirmed certificate is not active; TestUnconfirmedLapse
certConf not signed by the new certificate: certConf is not signed by the new certificate
hashAlg only with pvno 3: hashAlg only with pvno 3; hashAlg with pvno 3
a second certConf: certConfirmed on a second certConf
NULL-DN needs a SAN: an empty subject needs a subjectAltName
key sizes and extensions by policy: badCertTemplate by the size of the key; unacceptedExtension by policy
rr signature protection only: rr is by signature
rr issuer and serial needed: rr says nothing else of the certificate than it says itself; rr has issuer and serial number; rr of an unknown certificate
rr one reasonCode: rr has a reasonCode that there is; rr has one reasonCode; rr without a reasonCode is unspecified
rr of what is not confirmed: rr of an unconfirmed certificate ends it
rr removeFromCRL revives: removeFromCRL revives; removeFromCRL is for certificates on hold
rr certRevoked on repetition: certRevoked on repetition
genm caCerts: TestGenmCACerts
genm rootCaCert and rootCaKeyUpdate: TestGenmRootUpdate
genm certReqTemplate: TestGenmCertReqTemplate
genm crlStatusList: TestGenmCRLStatusList
genm currentCRL: TestGenmCurrentCRL
genm CAProtEncCert: TestGenmCAProtEncCert
genm signKeyPairTypes, encKeyPairTypes: TestGenmKeyPairTypes
genm preferredSymmAlg: TestGenmPreferredSymmAlg
genm revPassphrase: TestGenmOdd
genm suppLangTags: TestGenmLanguages
central key generation: TestCentralKeyGeneration; TestCentralKeyGenerationIsRefused; TestMadeKeysEndWithTheProcess; TestMadeKeysWaitForAnOfficer
encrypted certificates: TestEncryptedCertificates; TestEncryptedCertificatesOfVersion2
challenges: TestChallenge; TestChallengeAnswers
nested, batches: TestAddedProtection; TestAddedProtectionIsRefused; TestNestedBatch; TestNestedBatchIsRefused; TestBatch
a registration authority: TestReachOfRegistrationAuthorities; TestReachBySettings; TestRegistrationAuthority; TestReplacedProtection
delayed delivery: TestOpenSSLPolls
certificates of manufacturers: TestDeviceEnrols; TestDeviceMayNot; TestDeviceIsNotTrusted; TestRevokedDevice; TestDeviceWaits; TestDeviceHasItsKeyMade
retries: TestRetriesAreHarmless; TestRetriesOfWhatIsConfirmedAtOnce; TestLostAnswers; TestUsesThatCameToNothing
`

// Everything that is checked of a server is shown by something that is there.
func TestEveryRuleHasATest(t *testing.T) {
	tests := map[string]bool{}
	files, err := os.ReadDir(".")
	check(t, err)
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "_test.go") {
			text, err := os.ReadFile(f.Name())
			check(t, err)
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				tests[m[1]] = true
			}
		}
	}
	named := map[string]bool{}
	for line := range strings.Lines(strings.TrimSpace(shownBy)) {
		rule, by, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, one := range strings.Split(by, "; ") {
			named[one] = true
			if serverRules[one] == nil && !tests[one] {
				t.Errorf("%s: there is no test %q", rule, one)
			}
		}
	}
	for rule := range serverRules {
		if !named[rule] {
			t.Errorf("the rule %q is in no line of the list", rule)
		}
	}
	// Of the bits that a server may need, each that is given is asserted.
	for _, bit := range []cmp.FailureInfo{cmp.BadAlg, cmp.BadMessageCheck, cmp.BadTime, cmp.BadDataFormat, cmp.BadPOP, cmp.CertRevoked, cmp.CertConfirmed, cmp.WrongIntegrity, cmp.BadRecipientNonce, cmp.AddInfoNotAvailable, cmp.BadSenderNonce, cmp.BadCertTemplate, cmp.SignerNotTrusted, cmp.TransactionIDInUse, cmp.UnsupportedVersion, cmp.NotAuthorized} {
		if !strings.Contains(shownBy, "\n"+bit.String()+": ") {
			t.Errorf("the bit %s is in no line of the list", bit)
		}
	}
}
