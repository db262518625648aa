package simulator

import (
	"crypto/rsa"
	"log/slog"
	"time"
)

// Config says which provider accounts are simulated and where the gateway is.
// Empty optional fields take the defaults named beside them.
type Config struct {
	// DataFile is the SQLite file of the bank, the messages and the callbacks
	// not yet delivered; "" keeps them in memory.
	DataFile string
	// GatewayURL is the base to which Africa's Talking posts, without a
	// trailing slash, e.g. http://127.0.0.1:8080. Daraja's callbacks go to the
	// URLs carried by each request instead.
	GatewayURL string
	// ATSecret is the path segment that proves to the gateway who calls:
	// {GatewayURL}/at/{ATSecret}/ussd, /ussd/events, /sms and /dlr.
	ATSecret string

	// ServiceCode is the code that phones dial; default *384*12345#.
	ServiceCode string
	// ShortCode is the number that texts are sent to and from; default 40404.
	ShortCode string
	// ATUsername is the only application name that the messaging API accepts.
	ATUsername string
	// ATAPIKey is the only apiKey header that the messaging API accepts.
	ATAPIKey string

	// ConsumerKey and ConsumerSecret buy an access token.
	ConsumerKey, ConsumerSecret string
	// Passkey is the part of an STK password that only the merchant knows.
	Passkey string
	// BusinessShortCode is the paybill that collects STK payments.
	BusinessShortCode string
	// B2CShortCode pays out. It shares one utility account with
	// BusinessShortCode, as a "one account" short code does.
	B2CShortCode string
	// InitiatorName and InitiatorPassword belong to the API operator of B2C
	// and of transaction status.
	InitiatorName, InitiatorPassword string
	// Key decrypts SecurityCredential (RSA, PKCS#1 v1.5); nil accepts any
	// credential.
	Key *rsa.PrivateKey

	// Faults in force from the start; see [Sim.SetFaults].
	Faults Faults
	// CallbackDelay is how long an asynchronous answer takes; 0 means 300 ms.
	CallbackDelay time.Duration
	// PromptLife is how long an M-PESA prompt waits for the PIN; 0 means 60 s.
	// Tests that make hundreds of deals at once take longer to answer them all.
	PromptLife time.Duration
	// Now is the clock of every timestamp and deadline; nil means [time.Now].
	Now func() time.Time
	// Logger receives no PIN, no full number and no callback URL; nil discards.
	Logger *slog.Logger
}

// Faults are the ways in which the providers are known, or feared, to
// misbehave. The zero value is a provider on a good day. A fault is looked at
// when the request or the payment that it spoils is handled.
type Faults struct {
	// DropSTKCallback settles payments without ever telling the gateway; the
	// STK query still answers.
	DropSTKCallback bool
	// DuplicateSTKCallback is how many extra copies of each STK callback go out.
	DuplicateSTKCallback int
	// DropSTKResponse accepts a push, shows the prompt, then closes the
	// connection without answering.
	DropSTKResponse bool
	// DropB2CResult executes payouts without a result.
	DropB2CResult bool
	// DuplicateB2CResult is how many extra copies of each B2C result go out.
	DuplicateB2CResult int
	// B2CTimeoutInstead executes the payout, then posts to QueueTimeOutURL and
	// nothing more: the case in which taking a time-out for a failure pays twice.
	B2CTimeoutInstead bool
	// SMSStatus, when not 0, is the HTTP status that every send is answered
	// with; nothing is delivered.
	SMSStatus int
	// CallbackBeforeResponse holds the answer to a push or a payout until its
	// callback has been delivered, at most [callbackFirstLimit].
	CallbackBeforeResponse bool
	// OAuth503HTML answers token requests like the web application firewall in
	// front of Daraja does: HTTP 503 with an HTML page.
	OAuth503HTML bool
}

// Person is someone with a SIM card: a phone on the page and an M-PESA wallet.
type Person struct {
	// Number is the subscriber, any Kenyan spelling; kept as +254XXXXXXXXX.
	Number string
	// Name is printed on the phone and, in capitals, in M-PESA results.
	Name string
	// PIN is the M-PESA PIN, 4 digits.
	PIN string
	// WalletCents is the opening balance in cents.
	WalletCents int64
	// Role is a label for the page, e.g. "buyer".
	Role string
	// Language is the person's language tag, e.g. "en" or "sw".
	Language string
}

const (
	defaultServiceCode   = "*384*12345#"
	defaultShortCode     = "40404"
	defaultCallbackDelay = 300 * time.Millisecond
	defaultPromptLife    = 60 * time.Second
	defaultPIN           = "1234"
	defaultWalletCents   = 50_000_00

	// sandboxNetwork is Africa's Talking's network code for its sandbox.
	sandboxNetwork = "99999"
	// businessName is what prompts and M-PESA messages call the merchant.
	businessName = "VOICEPACT"
)

// withDefaults fills what the caller left empty.
func (c Config) withDefaults() Config {
	if c.ServiceCode == "" {
		c.ServiceCode = defaultServiceCode
	}
	if c.ShortCode == "" {
		c.ShortCode = defaultShortCode
	}
	if c.CallbackDelay == 0 {
		c.CallbackDelay = defaultCallbackDelay
	}
	if c.PromptLife == 0 {
		c.PromptLife = defaultPromptLife
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
