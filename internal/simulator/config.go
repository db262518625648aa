package simulator

import (
	"crypto/rsa"
	"log/slog"
	"time"

	"github.com/voicepact/gateway/internal/simulator/bank"
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
	// SeparateFloat gives B2CShortCode accounts of its own, which somebody has to
	// fill; see [Sim.MoveFloat].
	SeparateFloat bool
	// Bouquet says who bears the fee of a payment; "" takes none.
	Bouquet bank.Bouquet
	// C2B, unless nil, is what BusinessShortCode has registered at the start, over
	// whatever is in the data file.
	C2B *C2BURLs
	// C2BMany lets URLs be registered again, as the sandbox does. In production
	// they can be registered once, and a second attempt is refused.
	C2BMany bool
	// InitiatorName and InitiatorPassword belong to the API operator of B2C,
	// reversal, account balance and transaction status.
	InitiatorName, InitiatorPassword string
	// InitiatorTries is how many wrong passwords in a row lock the operator, as
	// [Sim.UnlockInitiator] undoes; 0 means 3. How many it takes is not published.
	InitiatorTries int
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
	// Seed makes the simulator's luck repeatable: receipts, ids, tokens, and what
	// a fault hits; 0 means a luck of its own each time.
	Seed uint64
	// Logger receives no PIN, no full number and no callback URL; nil discards.
	Logger *slog.Logger
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
	defaultTries         = 3

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
	if c.InitiatorTries == 0 {
		c.InitiatorTries = defaultTries
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
